// SPDX-License-Identifier: Apache-2.0
// Two-stage detectors of the rcnn room as a BoxModel.
#include <torch/types.h>

#include <algorithm>

#include "core/error.hpp"
#include "core/text.hpp"
#include "detector/box_model.hpp"
#include "detector/frozen.hpp"
#include "rcnn/faster_rcnn.hpp"

namespace evenray {
namespace {

/// Groups of layers of the backbones with torchvision's names.
constexpr int64_t kDepths = 5;

/// Returns the number of maps of a backbone.
size_t maps_of(const std::string& backbone) {
  return backbone == "resnet50" ? size_t{4} : stage_channels(*make_backbone(backbone)).size();
}

RcnnOptions rcnn_options(const DetectOptions& options, const PixelInput& input) {
  const std::string backbone = backbone_of(options.arch);
  const bool vgg = backbone == "vgg16";
  RcnnOptions out = vgg ? vgg16_options() : RcnnOptions{};
  out.arch = backbone;
  const int64_t depths =
      vgg || backbone == "resnet50" ? kDepths : std::ssize(make_backbone(backbone)->depths);
  check(options.frozen_depths <= depths,
        Exit::config,
        cat("detect.frozen_depths is above the ", depths, " groups of ", options.arch));
  out.trainable_layers = depths - options.frozen_depths;
  out.frozen_norms = options.frozen_statistics;
  out.norm_epsilon = input.norm_epsilon;
  out.masks = gives_masks(options.arch);
  std::copy_n(input.mean.begin(), out.mean.size(), out.mean.begin());
  std::copy_n(input.deviation.begin(), out.deviation.size(), out.deviation.begin());
  if (options.size == "nano") {
    out.pyramid_channels = 64;
    out.head_channels = vgg ? 1024 : 256;
  }
  const size_t sizes = vgg ? out.anchor_sizes.size() : maps_of(backbone) + 1;
  out.anchor_sizes.clear();
  for (size_t i = 0; i < sizes; ++i)
    out.anchor_sizes.push_back(options.anchor_px * static_cast<double>(int64_t{1} << i));
  out.least_score = options.least_score;
  out.nms = options.nms;
  out.most_boxes = options.most_boxes;
  return out;
}

struct TwoStage final : BoxModel {
  TwoStage(const RcnnOptions& options, int64_t classes)
      : net(register_module("rcnn", std::make_shared<RcnnNet>(options, classes))) {
    constexpr int64_t kLeastPx = 32;
    least_px = kLeastPx;
  }

  torch::Tensor loss(const torch::Tensor& images,
                     const std::vector<std::vector<Box>>& boxes,
                     const Rng& rng) override {
    return net->loss(images, boxes, rng).total();
  }

  std::vector<std::vector<FoundBox>> find(const torch::Tensor& images, bool masks) override {
    std::vector<std::vector<FoundBox>> out;
    for (const auto& found : net->find(images, masks)) {
      auto& of_image = out.emplace_back();
      const auto boxes = found.boxes.to(torch::kDouble).contiguous();
      const auto scores = found.scores.to(torch::kDouble).contiguous();
      const auto labels = found.labels.contiguous();
      const double* sides = boxes.data_ptr<double>();
      for (int64_t i = 0; i < labels.numel(); ++i, sides += 4)
        of_image.push_back({{sides[0], sides[1], sides[2] - sides[0], sides[3] - sides[1]},
                            static_cast<int>(labels.data_ptr<int64_t>()[i]),
                            scores.data_ptr<double>()[i]});
      if (!found.masks.defined()) continue;
      auto of_boxes = found_masks(found, images.size(2), images.size(3));
      for (size_t i = 0; i < of_boxes.size(); ++i)
        of_image[i].mask = std::make_shared<const Mask>(std::move(of_boxes[i]));
    }
    return out;
  }

  std::shared_ptr<RcnnNet> net;
};

}  // namespace

std::shared_ptr<BoxModel> make_two_stage(const DetectOptions& options,
                                         int64_t classes,
                                         const PixelInput& input) {
  return std::make_shared<TwoStage>(rcnn_options(options, input), classes);
}

RcnnNet& two_stage_net(BoxModel& model) { return *dynamic_cast<TwoStage&>(model).net; }

}  // namespace evenray
