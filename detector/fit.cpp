// SPDX-License-Identifier: Apache-2.0
#include "detector/fit.hpp"

#include <torch/nn/modules/batchnorm.h>

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "core/text.hpp"
#include "detector/loss.hpp"
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
                         const Pretrained* weights)
    : options_(options),
      compute_(compute),
      value_max_(info.value_max),
      batches_(images,
               options,
               info.value_max,
               static_cast<int>(info.class_names.size()),
               rng.fork("batches")),
      rng_(rng) {
  standardise_ = weights ? weights->input : measured(images, info.value_max);
  seed_torch(rng.fork("weights").key());
  const auto classes = static_cast<int64_t>(info.class_names.size());
  network_ = make_detector(options.arch, classes, options.size);
  average_ = make_detector(options.arch, classes, options.size);
  const int64_t side = std::min(info.height, info.width);
  check(options.crop_px <= side &&
            (options.crop_px == 0 || options.crop_px >= int64_t{network_->trunk->least_px}),
        Exit::bad_data,
        cat("detect.crop_px must be from ",
            network_->trunk->least_px,
            " to the shorter side of the images, ",
            side,
            " px, or 0 for whole images"));
  check(side >= network_->trunk->least_px,
        Exit::bad_data,
        cat("images of ",
            info.height,
            "x",
            info.width,
            " px are too small: ",
            options.arch,
            " needs ",
            network_->trunk->least_px,
            " px or more per side"));
  if (weights) weights->load(*network_->trunk);
  freeze();
  learner_ = std::make_unique<Learner>(network_,
                                       average_,
                                       LearnerOptions{"detect",
                                                      options.steps,
                                                      options.learning_rate(),
                                                      options.weight_decay,
                                                      options.warmup_share,
                                                      options.ema_half_life_steps},
                                       compute);
}

void DetectorFit::freeze() {
  const auto& depths = network_->trunk->depths;
  check(options_.frozen_depths <= std::ssize(depths),
        Exit::config,
        cat("detect.frozen_depths is above the ", depths.size(), " groups of ", options_.arch));
  const auto is_frozen = [&](const std::string& name) {
    return std::any_of(
        depths.begin(), depths.begin() + options_.frozen_depths, [&](const auto& group) {
          return std::any_of(group.begin(), group.end(), [&](const std::string& prefix) {
            return name.starts_with(prefix);
          });
        });
  };
  for (auto& item : network_->trunk->named_parameters())
    if (is_frozen(item.key())) item.value().set_requires_grad(false);
  for (const auto& item : network_->trunk->named_modules("", /*include_self=*/false))
    if (is_frozen(item.key()) ||
        (options_.frozen_statistics && item.value()->as<torch::nn::BatchNorm2d>()))
      frozen_.push_back(item.value());
}

const DetectorFit::OfSize& DetectorFit::points_of(int64_t height, int64_t width) {
  const auto found = points_.find({height, width});
  if (found != points_.end()) return found->second;
  Points points(height, width);
  PointTensors tensors(points, compute_.device);
  return points_.emplace(std::pair{height, width}, OfSize{std::move(points), std::move(tensors)})
      .first->second;
}

void DetectorFit::rescale(Batch& batch, int64_t step) const {
  const bool plain =
      static_cast<double>(step) >= (1 - options_.plain_share) * static_cast<double>(options_.steps);
  if (plain || options_.multi_scale == 0) return;
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
    for (Box& box : boxes) box = {box.x0 * x, box.y0 * y, box.x1 * x, box.y1 * y, box.label, {}};
}

void DetectorFit::step(const Batch& given, int64_t step) {
  Batch batch = given;
  batch.images = to_device(batch.images, compute_.device);
  rescale(batch, step);
  const OfSize& points = points_of(batch.images.size(2), batch.images.size(3));
  learner_->start(step);
  network_->train();
  for (const auto& module : frozen_) module->eval();
  PointOutputs outputs;
  {
    Autocast autocast(compute_);
    outputs = network_->forward(network_input(batch.images, value_max_, standardise_));
  }
  const auto loss = detector_loss(
      outputs, points.points, points.tensors, batch.boxes, options_.assigner, compute_.threads);
  learner_->finish(step, loss.total());
}

}  // namespace evenray
