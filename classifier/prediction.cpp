// SPDX-License-Identifier: Apache-2.0
#include <torch/types.h>

#include <cmath>

#include "classifier/explain.hpp"
#include "classifier/feature_cache.hpp"
#include "classifier/state.hpp"
#include "core/error.hpp"
#include "core/json.hpp"
#include "core/text.hpp"
#include "metrics/thresholds.hpp"
#include "nn/blocks.hpp"
#include "nn/checkpoint.hpp"

namespace evenray {
namespace {

/// Reads what pack_model() added to the facts.
void read_packed(const Json& facts, Classifier::State& state) {
  state.fit = facts.at("fit");
  state.card = facts.value("card", Json());
  state.thresholds = facts.at("thresholds").get<std::map<std::string, double>>();
  const auto positive = [](const Json& value) {
    const double number = value;
    check(std::isfinite(number) && number > 0, Exit::bad_data, "a number must be above 0");
    return number;
  };
  if (facts.contains("temperature"))
    state.temperature = Temperature{positive(facts.at("temperature")), state.reading.exclusive};
  if (!facts.contains("novelty")) return;
  const Json& novelty = facts.at("novelty");
  const auto vector = [&](const char* key) {
    return torch::tensor(novelty.at(key).get<std::vector<double>>(), torch::kFloat);
  };
  state.novelty = Novelty{vector("mean"), vector("deviation"), positive(novelty.at("limit"))};
}

/// Loads the network of a packed model, or of a checkpoint.
void load_network(const TensorFile& file, bool packed, ClassifierNet& net, const Path& path) {
  if (!packed) return load_module(file, "ema", net, path);
  for (auto& [name, tensor] : tensors_of(net))
    load_tensor(file, published_name(name), tensor, path);
}

void check_images(const std::vector<cv::Mat>& images, const Classifier::State& state) {
  for (const auto& image : images) {
    if (image.rows == state.height && image.cols == state.width &&
        image.elemSize1() * 8 == static_cast<size_t>(state.bits))
      continue;
    throw Error(Exit::bad_data,
                cat("cannot compute features of an image of ",
                    image.rows,
                    "x",
                    image.cols,
                    " px and ",
                    image.elemSize1() * 8,
                    " bits: the classifier was trained with images of ",
                    state.height,
                    "x",
                    state.width,
                    " px and ",
                    state.bits,
                    " bits"));
  }
}

}  // namespace

void check_store(const Store& store, const Classifier::State& state) {
  const auto& info = store.info();
  check(info.height == state.height && info.width == state.width && info.bits == state.bits,
        Exit::bad_data,
        cat(store.path().string(),
            " has ",
            info.bits,
            "-bit images of ",
            info.height,
            "x",
            info.width,
            " px, but the classifier was trained with ",
            state.bits,
            "-bit images of ",
            state.height,
            "x",
            state.width,
            " px"));
  check(info.class_names == state.class_names,
        Exit::bad_data,
        cat(store.path().string(),
            " has the classes ",
            join(info.class_names),
            ", but the classifier was trained with ",
            join(state.class_names)));
}

Classifier::Classifier(const Path& path, const Compute& compute)
    : state_(std::make_unique<State>()) {
  const Path file_path = model_file(path);
  const TensorFile file = read_safetensors(file_path);
  check(require_metadata(file, "kind", file_path) == "classifier",
        Exit::bad_data,
        cat(file_path.string(), " is not a classifier: give a run folder of `classify train`"));
  State& state = *state_;
  ClassifyOptions options;
  bool trained_in_bf16 = false, packed = false;
  try {
    read_config_text([&](Fields& f) { f.section("classify", options); },
                     require_metadata(file, "config", file_path),
                     file_path.string());
    const Json facts = parse_json(require_metadata(file, "facts", file_path), "facts");
    state.store = facts.at("store");
    state.class_names = facts.at("class_names").get<std::vector<std::string>>();
    state.reading.exclusive = !facts.at("multi_label").get<bool>();
    state.height = facts.at("size_px").at(0);
    state.width = facts.at("size_px").at(1);
    state.bits = facts.at("bits");
    state.reading.value_max = facts.at("value_max");
    state.reading.standardise = {facts.at("mean"), facts.at("deviation")};
    trained_in_bf16 = facts.at("bf16");
    state.head_only = options.tune == "head";
    packed = facts.contains("packed");
    if (packed) read_packed(facts, state);
    options.check();
  } catch (const Error& error) {
    throw Error(Exit::bad_data, cat(file_path.string(), ": damaged settings: ", error.what()));
  } catch (const Json::exception&) {
    throw Error(Exit::bad_data, cat(file_path.string(), ": damaged facts"));
  }
  // Thresholds and temperature are those of the best checkpoint and not valid for another one.
  const Path folder = std::filesystem::absolute(file_path).parent_path().parent_path();
  const Path thresholds = folder / "thresholds.json", calibration = folder / "calibration.json";
  const bool best = file_path.filename() == "best.safetensors";
  if (best && std::filesystem::exists(thresholds)) state.thresholds = read_thresholds(thresholds);
  if (best && std::filesystem::exists(calibration))
    state.temperature = read_temperature(calibration);
  state.arch = options.arch;
  state.digest = require_metadata(file, "tensor_digest", file_path);
  state.compute = compute.as_trained(trained_in_bf16);
  state.net = make_classifier(
      options.arch, static_cast<int64_t>(state.class_names.size()), options.loss.cosine_scale());
  load_network(file, packed, *state.net, file_path);
  check(!state.novelty || (state.novelty->mean.numel() == state.net->trunk->features &&
                           state.novelty->deviation.numel() == state.net->trunk->features),
        Exit::bad_data,
        cat(file_path.string(), ": damaged facts"));
  to_channels_last(*state.net);
  state.net->to(compute.device);
}

Classifier::~Classifier() = default;
Classifier::Classifier(Classifier&&) noexcept = default;

const std::vector<std::string>& Classifier::class_names() const { return state_->class_names; }
const std::map<std::string, double>& Classifier::thresholds() const { return state_->thresholds; }
const std::optional<Temperature>& Classifier::temperature() const { return state_->temperature; }
int Classifier::height() const { return state_->height; }
int Classifier::width() const { return state_->width; }
int Classifier::bits() const { return state_->bits; }
const std::string& Classifier::fit() const { return state_->fit; }
const Json& Classifier::card() const { return state_->card; }
const std::string& Classifier::arch() const { return state_->arch; }
const std::string& Classifier::digest() const { return state_->digest; }
const std::string& Classifier::store() const { return state_->store; }

Predictions Classifier::predict(const Store& store,
                                const std::string& part,
                                const std::vector<Path>& features) const {
  check_store(store, *state_);
  const auto& info = store.info();
  const auto& rows = store.part(part);
  check(rows.size() > 0, Exit::bad_data, cat(store.path().string(), ": part ", part, " is empty"));
  // A head was trained on features that are kept; the rest of its network is as it was.
  const State& state = *state_;
  const auto found =
      state.head_only
          ? probabilities(
                *state.net,
                cached_features(store, part, *state.net, state.reading, state.compute, features)
                    .to(state.compute.device),
                state.reading,
                state.compute)
          : probabilities(*state.net, store, part, state.reading, state.compute);
  return {info.class_names, rows.ids, rows.groups, rows.labels, to_rows(found)};
}

std::vector<std::vector<double>> Classifier::predict(const std::vector<cv::Mat>& images) const {
  return to_rows(probabilities(*state_->net, from_mats(images), state_->reading, state_->compute));
}

torch::Tensor Classifier::features(const std::vector<cv::Mat>& images) const {
  check_images(images, *state_);
  return evenray::features(*state_->net, from_mats(images), state_->reading, state_->compute);
}

std::vector<ClassifiedImage> Classifier::classify(const std::vector<cv::Mat>& images) const {
  const State& state = *state_;
  const auto of_images = features(images);
  Predictions found{
      state.class_names,
      std::vector<std::string>(images.size()),
      std::vector<std::string>(images.size()),
      {},
      to_rows(probabilities(
          *state.net, of_images.to(state.compute.device), state.reading, state.compute))};
  // The labels only say whether the classes exclude each other.
  for (const auto& row : found.probabilities) {
    found.labels.emplace_back(row.size(), static_cast<int8_t>(state.reading.exclusive ? 0 : -1));
    if (state.reading.exclusive) found.labels.back()[0] = 1;
  }
  const Decisions decisions = decide(found, state.thresholds);
  const auto calibrated =
      state.temperature ? state.temperature->apply(found.probabilities) : found.probabilities;
  const auto unlike = state.novelty ? state.novelty->of(of_images) : torch::Tensor();
  std::vector<ClassifiedImage> out;
  for (size_t i = 0; i < images.size(); ++i)
    out.push_back({calibrated[i],
                   decisions.predicted[i],
                   unlike.defined() ? unlike[static_cast<int64_t>(i)].item<double>() : NAN});
  return out;
}

cv::Mat Classifier::heat_map(const cv::Mat& image,
                             size_t class_index,
                             const std::string& method) const {
  check_images({image}, *state_);
  const auto map = explanation_maps(*state_->net,
                                    from_mats({image}),
                                    static_cast<int64_t>(class_index),
                                    method,
                                    state_->reading,
                                    state_->compute)[0]
                       .contiguous();
  return cv::Mat(image.size(), CV_32F, map.data_ptr<float>()).clone();
}

cv::Mat Classifier::explain(const cv::Mat& image,
                            size_t class_index,
                            const std::string& method) const {
  const cv::Mat map = heat_map(image, class_index, method);
  return overlay(image, torch::from_blob(map.data, {map.rows, map.cols}));
}

Json Classifier::localisation(const Store& store,
                              const std::string& part,
                              const std::string& method) const {
  check_explanation(method);
  check_store(store, *state_);
  const StorePart& rows = store.part(part);
  Json classes = Json::array();
  for (size_t c = 0; c < state_->class_names.size(); ++c) {
    std::vector<int64_t> marked;
    std::vector<std::vector<Box>> boxes;
    for (const int64_t row : rows.rows_of(static_cast<int>(c))) {
      std::vector<Box> of_class = rows.boxes[static_cast<size_t>(row)];
      std::erase_if(of_class, [&](const Box& box) { return box.label != static_cast<int>(c); });
      if (of_class.empty()) continue;
      marked.push_back(row);
      boxes.push_back(of_class);
    }
    if (marked.empty()) continue;
    const auto maps = explanation_maps(*state_->net,
                                       load_images(store, part, marked, torch::kCPU),
                                       static_cast<int64_t>(c),
                                       method,
                                       state_->reading,
                                       state_->compute);
    double hits = 0, chance = 0, energy = 0, area = 0;
    for (size_t i = 0; i < marked.size(); ++i) {
      const Located found = locate(maps[static_cast<int64_t>(i)], boxes[i]);
      hits += found.hit;
      chance += found.chance;
      energy += found.energy;
      area += found.area;
    }
    const auto count = static_cast<double>(marked.size());
    classes.push_back({{"name", state_->class_names[c]},
                       {"images", marked.size()},
                       {"pointing", hits / count},
                       {"chance", chance / count},
                       {"energy", energy / count},
                       {"box_area", area / count}});
  }
  return {{"method", method}, {"classes", classes}};
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

StepTime feature_time(const ClassifyOptions& options,
                      int height,
                      int width,
                      const Compute& compute) {
  constexpr int64_t kImages = 8;
  constexpr int kTimes = 4;
  const auto network = make_classifier(options.arch, /*classes=*/2);
  to_channels_last(*network);
  network->to(compute.device);
  const auto images = torch::randint(256, {kImages, 1, height, width}, torch::kByte);
  return time_steps([&] { evenray::features(*network, images, {}, compute); }, kTimes) *
         (1. / kImages);
}

StepTime classifier_step_time(
    const ClassifyOptions& options, int height, int width, const Compute& compute, int steps) {
  seed_torch(1);
  const int64_t count = options.minibatch * 2;
  const auto images = options.tune == "head"
                          ? torch::rand({count, make_backbone(options.arch)->features})
                          : torch::randint(256, {count, 1, height, width}, torch::kByte);
  Examples examples{
      images.to(compute.device),
      torch::one_hot(torch::arange(count) % 2, 2).to(torch::kFloat).to(compute.device),
      torch::ones({count}).to(compute.device),
      255,
      true};
  Fit fit(examples, options, compute, Rng(1));
  int64_t step = 0;
  return time_steps(
      [&] {
        fit.step(fit.batches().at(step), step);
        fit.learner().take_loss(1);  // waits for the device
        ++step;
      },
      steps);
}

}  // namespace evenray
