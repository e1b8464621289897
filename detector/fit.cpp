// SPDX-License-Identifier: Apache-2.0
#include "detector/fit.hpp"

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "core/log.hpp"
#include "core/text.hpp"
#include "detector/points.hpp"
#include "nn/resize.hpp"

namespace evenray {
namespace {

/// Images whose pixels are measured.
constexpr int64_t kMeasured = 512;
constexpr int64_t kLargestStride = kStrides.back();

Standardise measured(const BoxedImages& images, int value_max) {
  PixelMeasure pixels;
  const int64_t every = std::max<int64_t>(1, images.size() / kMeasured);
  for (int64_t i = 0; i < images.size(); i += every) pixels.add(from_mats({images.image(i)}));
  return pixels.result(value_max);
}

}  // namespace

DetectorFit::DetectorFit(const BoxedImages& images,
                         const StoreInfo& info,
                         const DetectOptions& options,
                         const Compute& compute,
                         const Rng& rng,
                         const StartWeights* weights)
    : options_(options),
      compute_(compute),
      value_max_(info.value_max),
      batches_(images,
               options,
               info.value_max,
               static_cast<int>(info.class_names.size()),
               rng.fork("batches")),
      rng_(rng) {
  if (is_two_stage(options.arch)) {
    standardise_ = {0, 1};  // the network does it
  } else {
    const auto given = weights ? weights->standardise() : std::nullopt;
    standardise_ = given ? *given : measured(images, info.value_max);
  }
  seed_torch(rng.fork("weights").key());
  const auto classes = static_cast<int64_t>(info.class_names.size());
  const PixelInput input = weights ? weights->input() : PixelInput{};
  model_ = make_box_model(options, classes, input, compute.threads);
  average_ = make_box_model(options, classes, input, compute.threads);
  const int64_t side = std::min(info.height, info.width), least = model_->least_px;
  check(options.crop_px <= side && (options.crop_px == 0 || options.crop_px >= least),
        Exit::bad_data,
        cat("detect.crop_px must be from ",
            least,
            " to the shorter side of the images, ",
            side,
            " px, or 0 for whole images"));
  check(side >= least,
        Exit::bad_data,
        cat("images of ",
            info.height,
            "x",
            info.width,
            " px are too small: ",
            options.arch,
            " needs ",
            least,
            " px or more per side"));
  if (weights && !weights->load(*model_))
    log_info("detect.weights are of other classes: the last layers start anew");
  learner_ = std::make_unique<Learner>(model_,
                                       average_,
                                       LearnerOptions{"detect",
                                                      options.steps,
                                                      options.learning_rate(),
                                                      options.weight_decay,
                                                      options.warmup_share,
                                                      options.ema_half_life_steps},
                                       compute);
}

void DetectorFit::rescale(Batch& batch, int64_t step) const {
  if (options_.is_plain(step) || options_.multi_scale == 0) return;
  Rng draw = rng_.fork("scale", static_cast<uint64_t>(step));
  const double factor = draw.uniform(1 - options_.multi_scale, 1 + options_.multi_scale);
  const auto side = [&](int64_t px) {
    return std::max<int64_t>(1, std::llround(factor * static_cast<double>(px) / kLargestStride)) *
           kLargestStride;
  };
  const int64_t height = batch.images.size(2), width = batch.images.size(3);
  const int64_t new_height = side(height), new_width = side(width);
  batch.images = resize_bicubic(batch.images, new_height, new_width).clamp(0, value_max_);
  const float x = static_cast<float>(new_width) / static_cast<float>(width);
  const float y = static_cast<float>(new_height) / static_cast<float>(height);
  for (auto& boxes : batch.boxes)
    for (Box& box : boxes) {
      box = {box.x0 * x, box.y0 * y, box.x1 * x, box.y1 * y, box.label, std::move(box.rings)};
      for (auto& ring : box.rings)
        for (auto& point : ring) point = {point.x * x, point.y * y};
    }
}

void DetectorFit::step(const Batch& given, int64_t step) {
  Batch batch = given;
  batch.images = to_device(batch.images, compute_.device);
  rescale(batch, step);
  learner_->start(step);
  model_->train();
  torch::Tensor loss;
  {
    Autocast autocast(compute_);
    loss = model_->loss(network_input(batch.images, value_max_, standardise_),
                        batch.boxes,
                        rng_.fork("loss", static_cast<uint64_t>(step)));
  }
  learner_->finish(step, loss);
}

}  // namespace evenray
