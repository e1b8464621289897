// SPDX-License-Identifier: Apache-2.0
#include <torch/types.h>

#include "classifier/classifier.hpp"
#include "classifier/fit.hpp"
#include "core/error.hpp"
#include "core/json.hpp"
#include "core/text.hpp"
#include "metrics/thresholds.hpp"
#include "nn/blocks.hpp"
#include "nn/checkpoint.hpp"

namespace evenray {
namespace {

constexpr int64_t kFeatureBatch = 128;

}  // namespace

struct Classifier::State {
  std::vector<std::string> class_names;
  std::map<std::string, double> thresholds;
  std::string arch, digest, store;
  bool multi_label = false;
  int height = 0, width = 0, bits = 8, value_max = 255;
  Standardise standardise;
  Compute compute;
  std::shared_ptr<ClassifierNet> net;
};

Classifier::Classifier(const Path& path, const Compute& compute)
    : state_(std::make_unique<State>()) {
  const Path file_path = model_file(path);
  const TensorFile file = read_safetensors(file_path);
  check(require_metadata(file, "kind", file_path) == "classifier",
        Exit::bad_data,
        cat(file_path.string(), " is not a classifier: give a run folder of `classify train`"));
  State& state = *state_;
  ClassifyOptions options;
  bool trained_in_bf16 = false;
  try {
    read_config_text([&](Fields& f) { f.section("classify", options); },
                     require_metadata(file, "config", file_path),
                     file_path.string());
    const Json facts = parse_json(require_metadata(file, "facts", file_path), "facts");
    state.store = facts.at("store");
    state.class_names = facts.at("class_names").get<std::vector<std::string>>();
    state.multi_label = facts.at("multi_label");
    state.height = facts.at("size_px").at(0);
    state.width = facts.at("size_px").at(1);
    state.bits = facts.at("bits");
    state.value_max = facts.at("value_max");
    state.standardise = {facts.at("mean"), facts.at("deviation")};
    trained_in_bf16 = facts.at("bf16");
    options.check();
  } catch (const Error& error) {
    throw Error(Exit::bad_data, cat(file_path.string(), ": damaged settings: ", error.what()));
  } catch (const Json::exception&) {
    throw Error(Exit::bad_data, cat(file_path.string(), ": damaged facts"));
  }
  // The thresholds were chosen for the best checkpoint and are not valid for another one.
  const Path folder = std::filesystem::absolute(file_path).parent_path().parent_path();
  const Path thresholds = folder / "thresholds.json";
  if (file_path.filename() == "best.safetensors" && std::filesystem::exists(thresholds))
    state.thresholds = read_thresholds(thresholds);
  state.arch = options.arch;
  state.digest = require_metadata(file, "tensor_digest", file_path);
  state.compute = compute.as_trained(trained_in_bf16);
  state.net = make_classifier(options.arch, static_cast<int64_t>(state.class_names.size()));
  load_module(file, "ema", *state.net, file_path);
  to_channels_last(*state.net);
  state.net->to(compute.device);
}

Classifier::~Classifier() = default;
Classifier::Classifier(Classifier&&) noexcept = default;

const std::vector<std::string>& Classifier::class_names() const { return state_->class_names; }
const std::map<std::string, double>& Classifier::thresholds() const { return state_->thresholds; }
int Classifier::height() const { return state_->height; }
int Classifier::width() const { return state_->width; }
int Classifier::bits() const { return state_->bits; }
const std::string& Classifier::arch() const { return state_->arch; }
const std::string& Classifier::digest() const { return state_->digest; }
const std::string& Classifier::store() const { return state_->store; }

Predictions Classifier::predict(const Store& store, const std::string& part) const {
  const auto& info = store.info();
  check(info.height == state_->height && info.width == state_->width && info.bits == state_->bits,
        Exit::bad_data,
        cat(store.path().string(),
            " has ",
            info.bits,
            "-bit images of ",
            info.height,
            "x",
            info.width,
            " px, but the classifier was trained with ",
            state_->bits,
            "-bit images of ",
            state_->height,
            "x",
            state_->width,
            " px"));
  check(info.class_names == state_->class_names,
        Exit::bad_data,
        cat(store.path().string(),
            " has the classes ",
            join(info.class_names),
            ", but the classifier was trained with ",
            join(state_->class_names)));
  const auto& rows = store.part(part);
  check(rows.size() > 0, Exit::bad_data, cat(store.path().string(), ": part ", part, " is empty"));
  const auto images = load_images(store, part, state_->compute.device);
  return {info.class_names,
          rows.ids,
          rows.groups,
          rows.labels,
          to_rows(probabilities(*state_->net,
                                images,
                                state_->value_max,
                                state_->standardise,
                                !state_->multi_label,
                                state_->compute))};
}

std::vector<std::vector<double>> Classifier::predict(const std::vector<cv::Mat>& images) const {
  return to_rows(probabilities(*state_->net,
                               from_mats(images),
                               state_->value_max,
                               state_->standardise,
                               !state_->multi_label,
                               state_->compute));
}

torch::Tensor Classifier::features(const std::vector<cv::Mat>& images) const {
  for (const auto& image : images) {
    if (image.rows == state_->height && image.cols == state_->width &&
        image.elemSize1() * 8 == static_cast<size_t>(state_->bits))
      continue;
    throw Error(Exit::bad_data,
                cat("cannot compute features of an image of ",
                    image.rows,
                    "x",
                    image.cols,
                    " px and ",
                    image.elemSize1() * 8,
                    " bits: the classifier was trained with images of ",
                    state_->height,
                    "x",
                    state_->width,
                    " px and ",
                    state_->bits,
                    " bits"));
  }
  torch::NoGradGuard no_grad;
  EvalGuard eval(*state_->net);
  std::vector<torch::Tensor> parts;
  for (const auto& batch : from_mats(images).split(kFeatureBatch)) {
    const auto input =
        network_input(batch.to(state_->compute.device), state_->value_max, state_->standardise);
    parts.push_back(state_->net->features(input).to(torch::kFloat).cpu());
  }
  return torch::cat(parts);
}

TimedNetwork timed_classifier(const ClassifyOptions& options, int height, int width) {
  constexpr int kTimedSteps = 9;
  return {.name = cat(options.arch, " ", height, "x", width, " px, minibatch ", options.minibatch),
          .minibatch = options.minibatch,
          .step_time =
              [=](const Compute& compute, int64_t images) {
                ClassifyOptions timed = options;
                timed.minibatch = images;
                return classifier_step_time(timed, height, width, compute, kTimedSteps);
              },
          .bytes =
              [=] {
                int64_t bytes = 0;
                const auto network = make_classifier(options.arch, /*classes=*/2);
                for (const auto& tensor : network->parameters())
                  bytes += static_cast<int64_t>(tensor.nbytes());
                // Network, average and two moments.
                return CheckpointBytes{bytes, 4 * bytes};
              }};
}

StepTime classifier_step_time(
    const ClassifyOptions& options, int height, int width, const Compute& compute, int steps) {
  seed_torch(1);
  const int64_t count = options.minibatch * 2;
  Examples examples{
      torch::randint(256, {count, 1, height, width}, torch::kByte).to(compute.device),
      torch::one_hot(torch::arange(count) % 2, 2).to(torch::kFloat).to(compute.device),
      torch::ones({count}).to(compute.device),
      255,
      true};
  Fit fit(examples, options, compute, Rng(1));
  int64_t step = 0;
  return time_steps(
      [&] {
        fit.step(fit.batches().at(step), step);
        fit.take_loss(1);  // waits for the device
        ++step;
      },
      steps);
}

}  // namespace evenray
