// SPDX-License-Identifier: Apache-2.0
#include "rcnn/faster_rcnn.hpp"

#include <torch/nn.h>

#include <numeric>

#include "core/error.hpp"
#include "core/text.hpp"
#include "nn/blocks.hpp"
#include "rcnn/pyramid.hpp"
#include "rcnn/trunk.hpp"

namespace evenray {
namespace {

/// The sides of images are padded to multiples of the largest stride of the backbone.
constexpr int64_t kSideMultiple = 32;

ImageSizes sizes_of(const torch::Tensor& images) {
  const auto padded = [](int64_t side) {
    return (side + kSideMultiple - 1) / kSideMultiple * kSideMultiple;
  };
  return {images.size(2), images.size(3), padded(images.size(2)), padded(images.size(3))};
}

const RcnnOptions& checked(const RcnnOptions& options) {
  options.check();
  return options;
}

}  // namespace

struct RcnnNet::Backbone final : torch::nn::Module {
  explicit Backbone(const RcnnOptions& options)
      : body(register_module("body", make_trunk(options))),
        mean(torch::tensor({options.mean[0], options.mean[1], options.mean[2]})),
        deviation(
            torch::tensor({options.deviation[0], options.deviation[1], options.deviation[2]})) {
    if (body->input_channels == 1) {
      mean = mean.mean();
      deviation = deviation.mean();
    }
    mean = mean.view({1, -1, 1, 1});
    deviation = deviation.view({1, -1, 1, 1});
    channels = body->channels.back();
    if (!options.pyramid) return;
    channels = options.pyramid_channels;
    fpn = register_module("fpn", std::make_shared<FeaturePyramid>(body->channels, channels));
  }

  std::vector<torch::Tensor> forward(const torch::Tensor& images) {
    check(images.dim() == 4 && (images.size(1) == 1 || images.size(1) == body->input_channels),
          Exit::failed,
          cat("the detector takes images of 1 or ", body->input_channels, " channels"));
    const ImageSizes sizes = sizes_of(images);
    // Copied at the first pass. They are no buffers, because they are not in torchvision's files.
    if (mean.device() != images.device() || mean.scalar_type() != images.scalar_type()) {
      mean = mean.to(images.options());
      deviation = deviation.to(images.options());
    }
    const auto x = torch::constant_pad_nd(
        (images - mean) / deviation,
        {0, sizes.padded_width - sizes.width, 0, sizes.padded_height - sizes.height});
    const auto maps = body->maps(x.contiguous(at::MemoryFormat::ChannelsLast));
    return fpn ? fpn->forward(maps) : std::vector<torch::Tensor>{maps.back()};
  }

  std::shared_ptr<Trunk> body;
  std::shared_ptr<FeaturePyramid> fpn;
  torch::Tensor mean, deviation;  ///< [1,channels,1,1]
  int64_t channels = 0;           ///< of each map
};

RcnnNet::RcnnNet(const RcnnOptions& options, int64_t classes)
    : options_(checked(options)),
      backbone_(register_module("backbone", std::make_shared<Backbone>(options))) {
  const size_t count = backbone_->body->channels.size() + 1;
  check(!options.pyramid || options.anchor_sizes.size() == count,
        Exit::config,
        cat("two-stage detector: anchor_sizes must be one for each of the ", count, " maps"));
  rpn_ = register_module("rpn", std::make_shared<ProposalNet>(backbone_->channels, options));
  roi_heads_ = register_module("roi_heads",
                               std::make_shared<BoxHead>(backbone_->channels, classes, options));
  if (!options.masks) return;
  masks_.emplace(backbone_->channels, classes);
  masks_->register_in(*roi_heads_);
}

std::vector<torch::Tensor> RcnnNet::maps(const torch::Tensor& images) {
  return backbone_->forward(images);
}

std::shared_ptr<torch::nn::Module> RcnnNet::trunk() const { return backbone_->body; }

ScaledMaps RcnnNet::pooled_maps(const std::vector<torch::Tensor>& maps,
                                const ImageSizes& sizes) const {
  auto pooled = maps;
  if (options_.pyramid) pooled.pop_back();
  for (auto& map : pooled) map = at_least_f32(map);
  const auto scales = map_scales(pooled, sizes.padded_height);
  return {pooled, scales};
}

RcnnLoss RcnnNet::loss(const torch::Tensor& images,
                       const std::vector<std::vector<Box>>& boxes,
                       const Rng& rng) {
  return loss(images,
              boxes,
              balanced_sampler(rng.fork("anchors")),
              balanced_sampler(rng.fork("proposals")));
}

RcnnLoss RcnnNet::loss(const torch::Tensor& images,
                       const std::vector<std::vector<Box>>& boxes,
                       const Sampler& anchors,
                       const Sampler& proposals) {
  check(std::ssize(boxes) == images.size(0),
        Exit::failed,
        cat("boxes of ", boxes.size(), " images, but ", images.size(0), " images"));
  std::vector<Targets> targets;
  for (const auto& of_image : boxes) targets.push_back(targets_of(of_image));
  const ImageSizes sizes = sizes_of(images);
  const auto all_maps = maps(images);
  const AnchorOutputs outputs = rpn_->forward(all_maps, sizes);
  const ProposalLoss first = rpn_->loss(outputs, targets, anchors);
  const auto proposed =
      rpn_->proposals(outputs, sizes, options_.train_candidates, options_.train_proposals);
  std::vector<TrainedProposals> chosen;
  std::vector<torch::Tensor> chosen_boxes;
  for (size_t image = 0; image < targets.size(); ++image) {
    chosen.push_back(roi_heads_->choose(proposed[image], targets[image], proposals));
    chosen_boxes.push_back(chosen.back().boxes);
  }
  const ScaledMaps pooled = pooled_maps(all_maps, sizes);
  const BoxLoss second =
      roi_heads_->loss(roi_heads_->forward(pooled, chosen_boxes), chosen, targets);
  return {first.objectness,
          first.boxes,
          second.classes,
          second.boxes,
          masks_ ? mask_loss(pooled, chosen, boxes, sizes) : torch::Tensor()};
}

torch::Tensor RcnnNet::mask_loss(const ScaledMaps& maps,
                                 const std::vector<TrainedProposals>& chosen,
                                 const std::vector<std::vector<Box>>& boxes,
                                 const ImageSizes& sizes) const {
  std::vector<MaskTargets> targets;
  std::vector<torch::Tensor> of_objects;
  for (size_t image = 0; image < chosen.size(); ++image) {
    const auto& own = chosen[image];
    const auto objects = (own.classes > 0).nonzero().flatten();
    const auto [which, inverse, counts] =
        at::_unique2(own.matches.index_select(0, objects), true, /*return_inverse=*/true);
    of_objects.push_back(own.boxes.index_select(0, objects));
    targets.push_back({of_objects.back(),
                       own.classes.index_select(0, objects),
                       inverse,
                       true_masks(boxes[image], which, sizes.height, sizes.width)});
  }
  return masks_->loss(masks_->forward(maps, of_objects), targets);
}

void RcnnNet::find_masks(const ScaledMaps& maps, std::vector<RcnnFound>& found) const {
  std::vector<torch::Tensor> boxes, labels;
  for (const auto& of_image : found) {
    boxes.push_back(of_image.boxes);
    labels.push_back(of_image.labels + 1);
  }
  const auto logits = masks_->forward(maps, boxes).cpu(), own = torch::cat(labels);
  const auto all = logits.index({torch::arange(own.numel()), own}).sigmoid();
  int64_t first = 0;
  for (auto& of_image : found) {
    of_image.masks = all.narrow(0, first, of_image.labels.numel());
    first += of_image.labels.numel();
  }
}

std::vector<RcnnFound> RcnnNet::find(const torch::Tensor& images, bool masks) {
  torch::NoGradGuard no_grad;
  EvalGuard eval(*this);
  const ImageSizes sizes = sizes_of(images);
  const auto all_maps = maps(images);
  const auto proposed = rpn_->proposals(
      rpn_->forward(all_maps, sizes), sizes, options_.find_candidates, options_.find_proposals);
  const ScaledMaps pooled = pooled_maps(all_maps, sizes);
  auto found =
      roi_heads_->find(roi_heads_->forward(pooled, proposed), proposed, sizes.height, sizes.width);
  if (masks && masks_) find_masks(pooled, found);
  return found;
}

}  // namespace evenray
