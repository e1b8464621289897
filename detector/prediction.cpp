// SPDX-License-Identifier: Apache-2.0
#include <torch/types.h>

#include <algorithm>

#include "core/error.hpp"
#include "core/text.hpp"
#include "detector/detector.hpp"
#include "detector/detector_file.hpp"
#include "detector/finding.hpp"
#include "detector/fit.hpp"
#include "nn/blocks.hpp"
#include "nn/checkpoint.hpp"
#include "nn/step_time.hpp"

namespace evenray {
namespace {

/// Describes images, for messages.
std::string image_form(int bits, int height, int width) {
  return cat(bits, "-bit images of ", height, "x", width, " px");
}

/// Describes those of a store or of a training, with their white.
template <class Images>
std::string image_form(const Images& of) {
  return cat(image_form(of.bits, of.height, of.width), " with white at ", of.value_max);
}

}  // namespace

struct Detector::State {
  DetectorFile trained;  ///< without its tensors
  ImageReading reading;
  Compute compute;
  std::shared_ptr<BoxModel> model;
  std::vector<Detector> others;
};

Detector::Detector(const Path& path,
                   const Compute& compute,
                   const std::optional<double>& least_score)
    : state_(std::make_unique<State>()) {
  State& state = *state_;
  DetectorFile& trained = state.trained = read_detector_file(path);
  trained.options.least_score = least_score.value_or(trained.options.least_score);
  state.reading = {.value_max = trained.value_max,
                   .standardise = trained.standardise,
                   .least_score = trained.options.least_score,
                   .most_boxes = trained.options.most_boxes};
  state.compute = compute.as_trained(trained.in_bf16);
  state.model = make_box_model(trained.options,
                               static_cast<int64_t>(trained.class_names.size()),
                               trained.pixels,
                               compute.threads);
  load_module(trained.file, "ema", *state.model, trained.path);
  trained.file = {};
  to_channels_last(*state.model);
  state.model->to(compute.device);
}

Detector::~Detector() = default;
Detector::Detector(Detector&&) noexcept = default;

const std::vector<std::string>& Detector::class_names() const {
  return state_->trained.class_names;
}
int Detector::height() const { return state_->trained.height; }
int Detector::width() const { return state_->trained.width; }
int Detector::bits() const { return state_->trained.bits; }
const std::string& Detector::arch() const { return state_->trained.options.arch; }
const std::string& Detector::fit() const { return state_->trained.fit; }
const std::string& Detector::digest() const { return state_->trained.digest; }
const Json& Detector::card() const { return state_->trained.card; }
std::optional<double> Detector::shown_score() const { return state_->trained.shown_score; }

std::optional<double> shown_score(const Path& model) {
  return read_detector_file(model).shown_score;
}

void Detector::use_mirror_images() {
  state_->reading.mirrors = true;
  state_->reading.masks = false;
  for (Detector& other : state_->others) other.use_mirror_images();
}

bool Detector::use_masks() {
  auto& reading = state_->reading;
  reading.masks =
      gives_masks(state_->trained.options.arch) && !reading.mirrors && state_->others.empty();
  return reading.masks;
}

void Detector::add(Detector other) {
  DetectorFile& own = state_->trained;
  const DetectorFile& added = other.state_->trained;
  const std::string file = added.path.string();
  check(own.class_names == added.class_names && image_form(own) == image_form(added),
        Exit::bad_data,
        cat(file,
            " finds ",
            join(added.class_names),
            " in ",
            image_form(added),
            ", but the first detector ",
            join(own.class_names),
            " in ",
            image_form(own)));
  check(
      own.fit == added.fit || own.fit.empty() || added.fit.empty(),
      Exit::bad_data,
      cat(file, " was trained on images of fit ", added.fit, ", the first detector on ", own.fit));
  if (own.fit.empty()) own.fit = added.fit;
  state_->reading.masks = other.state_->reading.masks = false;
  if (state_->reading.mirrors) other.use_mirror_images();
  state_->others.push_back(std::move(other));
}

CocoBoxes Detector::find(const Store& store, const std::string& part) const {
  const State& state = *state_;
  const DetectorFile& trained = state.trained;
  const auto& info = store.info();
  check(image_form(info) == image_form(trained),
        Exit::bad_data,
        cat(store.path().string(),
            " has ",
            image_form(info),
            ", but the detector was trained with ",
            image_form(trained)));
  check(info.class_names == trained.class_names,
        Exit::bad_data,
        cat(store.path().string(),
            " has the classes ",
            join(info.class_names),
            ", but the detector was trained with ",
            join(trained.class_names)));
  CocoBoxes boxes = true_boxes(store, part, state.reading.masks);
  check(!boxes.images.empty(),
        Exit::bad_data,
        cat(store.path().string(), ": no image of part ", part, " is annotated with boxes"));
  add_found(boxes, *state.model, store, part, state.reading, state.compute);
  if (state.others.empty()) return boxes;
  const auto take_found = [](CocoBoxes& of_detector) {
    std::vector<std::vector<FoundBox>> out;
    for (auto& image : of_detector.images) out.push_back(std::move(image.found));
    return out;
  };
  std::vector<std::vector<std::vector<FoundBox>>> found{take_found(boxes)};
  for (const Detector& other : state.others) {
    CocoBoxes of_other = other.find(store, part);
    found.push_back(take_found(of_other));
  }
  auto all = fused(found, state.reading);
  for (size_t i = 0; i < all.size(); ++i) boxes.images[i].found = std::move(all[i]);
  return boxes;
}

std::vector<std::vector<FoundBox>> Detector::find(const std::vector<cv::Mat>& images) const {
  const State& state = *state_;
  const DetectorFile& trained = state.trained;
  const auto stacked = from_mats(images);
  const int bits = stacked.is_floating_point() ? 16 : 8;
  check(
      stacked.size(2) == trained.height && stacked.size(3) == trained.width && bits == trained.bits,
      Exit::bad_data,
      cat("found ",
          image_form(bits, images[0].rows, images[0].cols),
          ", but the detector was trained with ",
          image_form(trained.bits, trained.height, trained.width)));
  std::vector<std::vector<std::vector<FoundBox>>> found{
      find_boxes(*state.model, stacked, state.reading, state.compute)};
  if (state.others.empty()) return found[0];
  for (const Detector& other : state.others) found.push_back(other.find(images));
  return fused(found, state.reading);
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
