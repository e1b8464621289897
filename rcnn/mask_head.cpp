// SPDX-License-Identifier: Apache-2.0
#include "rcnn/mask_head.hpp"

#include <torch/nn.h>

#include "rcnn/box_tensors.hpp"

namespace evenray {
namespace {

constexpr RoiBins kMaskBins{14, 14, 2, false};

torch::nn::Conv2d mask_layer(int64_t in, int64_t out, int64_t kernel) {
  torch::nn::Conv2d layer(torch::nn::Conv2dOptions(in, out, kernel).padding((kernel - 1) / 2));
  torch::nn::init::kaiming_normal_(layer->weight, 0, torch::kFanOut, torch::kReLU);
  torch::nn::init::zeros_(layer->bias);
  return layer;
}

}  // namespace

/// torchvision has a list of lists of layers.
struct MaskHead::Layers final : torch::nn::Module {
  explicit Layers(int64_t channels) {
    for (int i = 0; i < 4; ++i) {
      torch::nn::ModuleList inner;
      inner->push_back(all.emplace_back(mask_layer(channels, channels, 3)));
      register_module(std::to_string(i), inner);
    }
  }
  std::vector<torch::nn::Conv2d> all;
};

struct MaskHead::Predictor final : torch::nn::Module {
  Predictor(int64_t channels, int64_t classes)
      : conv5_mask(register_module(
            "conv5_mask",
            torch::nn::ConvTranspose2d(
                torch::nn::ConvTranspose2dOptions(channels, channels, 2).stride(2)))),
        mask_fcn_logits(register_module("mask_fcn_logits", mask_layer(channels, classes, 1))) {
    torch::nn::init::kaiming_normal_(conv5_mask->weight, 0, torch::kFanOut, torch::kReLU);
    torch::nn::init::zeros_(conv5_mask->bias);
  }
  torch::nn::ConvTranspose2d conv5_mask;
  torch::nn::Conv2d mask_fcn_logits;
};

MaskHead::MaskHead(int64_t channels, int64_t classes)
    : layers_(std::make_shared<Layers>(channels)),
      predictor_(std::make_shared<Predictor>(channels, classes + 1)) {}

void MaskHead::register_in(torch::nn::Module& parent) {
  parent.register_module("mask_head", layers_);
  parent.register_module("mask_predictor", predictor_);
}

torch::Tensor MaskHead::forward(const ScaledMaps& maps,
                                const std::vector<torch::Tensor>& boxes) const {
  auto x = pool_boxes(maps, boxes, kMaskBins);
  for (auto& layer : layers_->all) x = layer(x).relu_();
  return at_least_f32(predictor_->mask_fcn_logits(predictor_->conv5_mask(x).relu_()));
}

torch::Tensor MaskHead::loss(const torch::Tensor& logits,
                             const std::vector<MaskTargets>& targets) const {
  std::vector<torch::Tensor> classes, masks;
  const RoiBins bins{logits.size(2), logits.size(3), /*samples=*/0, false};
  for (const auto& of_image : targets) {
    classes.push_back(of_image.classes);
    if (of_image.boxes.size(0) == 0) continue;
    const auto boxes = torch::cat(
        {of_image.matches.unsqueeze(1).to(torch::kFloat), of_image.boxes.to(torch::kFloat)}, 1);
    masks.push_back(roi_align({{of_image.masks.unsqueeze(1)}, {1.}},
                              boxes,
                              torch::zeros({boxes.size(0)}, torch::kLong),
                              bins)
                        .select(1, 0));
  }
  if (masks.empty()) return logits.sum() * 0;
  const auto chosen = torch::cat(classes).to(logits.device());
  const auto own = logits.index({torch::arange(chosen.numel(), chosen.options()), chosen});
  return torch::binary_cross_entropy_with_logits(own, torch::cat(masks).to(logits.options()));
}

}  // namespace evenray
