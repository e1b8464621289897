// SPDX-License-Identifier: Apache-2.0
#include <torch/types.h>

#include <algorithm>

#include "core/error.hpp"
#include "core/text.hpp"
#include "detector/detector.hpp"
#include "detector/finding.hpp"
#include "detector/fit.hpp"
#include "nn/blocks.hpp"
#include "nn/checkpoint.hpp"
#include "nn/step_time.hpp"

namespace evenray {
namespace {

PixelInput pixel_input(const Json& facts) {
  PixelInput out{facts.at("mean"), facts.at("deviation"), facts.at("norm_epsilon")};
  check(
      out.mean.size() == 3 && out.deviation.size() == 3 &&
          std::all_of(out.deviation.begin(), out.deviation.end(), [](double d) { return d > 0; }) &&
          out.norm_epsilon >= 0,
      Exit::bad_data,
      "pixels are not three means and deviations");
  return out;
}

}  // namespace

struct Detector::State {
  std::vector<std::string> class_names;
  DetectOptions options;
  int height = 0, width = 0, bits = 8;
  std::string fit;
  std::optional<double> shown_score;
  ImageReading reading;
  Compute compute;
  std::shared_ptr<BoxModel> model;

  /// Describes images, for messages.
  static std::string form(int bits, int height, int width) {
    return cat(bits, "-bit images of ", height, "x", width, " px");
  }
};

Detector::Detector(const Path& path,
                   const Compute& compute,
                   const std::optional<double>& least_score)
    : state_(std::make_unique<State>()) {
  const Path file_path = model_file(path);
  const TensorFile file = read_safetensors(file_path);
  check(require_metadata(file, "kind", file_path) == "detector",
        Exit::bad_data,
        cat(file_path.string(),
            " is not a detector: give a run folder of `detect train`, or what `detect "
            "pack-model` wrote"));
  State& state = *state_;
  bool trained_in_bf16 = false;
  PixelInput input;
  try {
    read_config_text([&](Fields& f) { f.section("detect", state.options); },
                     require_metadata(file, "config", file_path),
                     file_path.string());
    const Json facts = parse_json(require_metadata(file, "facts", file_path), "facts");
    state.class_names = facts.at("class_names").get<std::vector<std::string>>();
    state.height = facts.at("size_px").at(0);
    state.width = facts.at("size_px").at(1);
    state.bits = facts.at("bits");
    state.reading = {facts.at("value_max"), {facts.at("mean"), facts.at("deviation")}};
    trained_in_bf16 = facts.at("bf16");
    if (facts.contains("pixels")) input = pixel_input(facts["pixels"]);
    state.fit = facts.value("fit", "");
    if (facts.contains("shown_score")) state.shown_score = facts["shown_score"].get<double>();
    state.options.check();
    check(state.height > 0 && state.width > 0 && !state.class_names.empty(),
          Exit::bad_data,
          "no size or no classes");
  } catch (const Error& error) {
    throw Error(Exit::bad_data, cat(file_path.string(), ": damaged settings: ", error.what()));
  } catch (const Json::exception&) {
    throw Error(Exit::bad_data, cat(file_path.string(), ": damaged facts"));
  }
  state.options.least_score = least_score.value_or(state.options.least_score);
  state.compute = compute.as_trained(trained_in_bf16);
  state.model = make_box_model(
      state.options, static_cast<int64_t>(state.class_names.size()), input, compute.threads);
  load_module(file, "ema", *state.model, file_path);
  to_channels_last(*state.model);
  state.model->to(compute.device);
}

Detector::~Detector() = default;
Detector::Detector(Detector&&) noexcept = default;

const std::vector<std::string>& Detector::class_names() const { return state_->class_names; }
int Detector::height() const { return state_->height; }
int Detector::width() const { return state_->width; }
int Detector::bits() const { return state_->bits; }
const std::string& Detector::arch() const { return state_->options.arch; }
const std::string& Detector::fit() const { return state_->fit; }
std::optional<double> Detector::shown_score() const { return state_->shown_score; }

void Detector::use_mirror_images() {
  state_->reading.mirrors = true;
  state_->reading.masks = false;
}

bool Detector::use_masks() {
  auto& reading = state_->reading;
  reading.masks = gives_masks(state_->options.arch) && !reading.mirrors;
  return reading.masks;
}

CocoBoxes Detector::find(const Store& store, const std::string& part) const {
  const State& state = *state_;
  const auto& info = store.info();
  check(info.height == state.height && info.width == state.width && info.bits == state.bits,
        Exit::bad_data,
        cat(store.path().string(),
            " has ",
            State::form(info.bits, info.height, info.width),
            ", but the detector was trained with ",
            State::form(state.bits, state.height, state.width)));
  check(info.class_names == state.class_names,
        Exit::bad_data,
        cat(store.path().string(),
            " has the classes ",
            join(info.class_names),
            ", but the detector was trained with ",
            join(state.class_names)));
  CocoBoxes boxes = true_boxes(store, part, state.reading.masks);
  check(!boxes.images.empty(),
        Exit::bad_data,
        cat(store.path().string(), ": no image of part ", part, " is annotated with boxes"));
  add_found(boxes, *state.model, store, part, state.reading, state.compute);
  return boxes;
}

std::vector<std::vector<FoundBox>> Detector::find(const std::vector<cv::Mat>& images) const {
  const State& state = *state_;
  const auto stacked = from_mats(images);
  const int bits = stacked.is_floating_point() ? 16 : 8;
  check(stacked.size(2) == state.height && stacked.size(3) == state.width && bits == state.bits,
        Exit::bad_data,
        cat("found ",
            State::form(bits, images[0].rows, images[0].cols),
            ", but the detector was trained with ",
            State::form(state.bits, state.height, state.width)));
  return find_boxes(*state.model, stacked, state.reading, state.compute);
}

TimedNetwork timed_detector(const DetectOptions& options, int height, int width) {
  constexpr int kTimedSteps = 9;
  const auto step_time = [=](const Compute& compute, int64_t images) {
    DetectOptions timed = options;
    timed.minibatch = images;
    StoreInfo info;
    info.class_names = {"object"};
    info.height = height;
    info.width = width;
    const auto w = static_cast<float>(width), h = static_cast<float>(height);
    std::vector<BoxedImage> drawn{
        {cv::Mat(height, width, CV_8UC1, cv::Scalar(100)), {{w / 4, h / 4, w / 2, h / 2, 0, {}}}},
        {cv::Mat(height, width, CV_8UC1, cv::Scalar(100)), {}}};
    const BoxedImages examples(std::move(drawn));
    DetectorFit fit(examples, info, timed, compute, Rng(1));
    int64_t step = 0;
    return time_steps(
        [&] {
          fit.step(fit.batches().at(step), step);
          fit.learner().take_loss(1);  // waits for the device
          ++step;
        },
        kTimedSteps);
  };
  return {.name = cat("detect ",
                      options.arch,
                      " ",
                      options.size,
                      " ",
                      height,
                      "x",
                      width,
                      " px, minibatch ",
                      options.minibatch),
          .minibatch = options.minibatch,
          .step_time = step_time,
          .bytes = [=] {
            int64_t bytes = 0;
            const auto model = make_box_model(options, /*classes=*/1, {}, /*threads=*/1);
            for (const auto& tensor : model->parameters())
              bytes += static_cast<int64_t>(tensor.nbytes());
            // Network, average and two moments.
            return CheckpointBytes{bytes, 4 * bytes};
          }};
}

}  // namespace evenray
