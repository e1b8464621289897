// SPDX-License-Identifier: Apache-2.0
#include "rcnn/proposals.hpp"

#include <torch/nn.h>

#include <algorithm>

#include "rcnn/anchors.hpp"
#include "rcnn/suppression.hpp"

namespace evenray {
namespace {

constexpr CodeWeights kPlainCodes{1, 1, 1, 1};
constexpr double kSmoothBeta = 1. / 9, kLeastProposalPx = 1e-3;

torch::nn::Conv2d head_layer(int64_t in, int64_t out, int64_t kernel) {
  torch::nn::Conv2d layer(torch::nn::Conv2dOptions(in, out, kernel).padding((kernel - 1) / 2));
  torch::nn::init::normal_(layer->weight, 0, .01);
  torch::nn::init::zeros_(layer->bias);
  return layer;
}

/// Returns [N,h * w * A,length] of [N,A * length,h,w].
torch::Tensor by_anchor(const torch::Tensor& map, int64_t length) {
  return map.permute({0, 2, 3, 1}).reshape({map.size(0), -1, length});
}

}  // namespace

struct ProposalNet::Head final : torch::nn::Module {
  Head(int64_t channels, int64_t anchors)
      : layer(head_layer(channels, channels, 3)),
        cls_logits(register_module("cls_logits", head_layer(channels, anchors, 1))),
        bbox_pred(register_module("bbox_pred", head_layer(channels, 4 * anchors, 1))) {
    // torchvision has a list of lists of layers.
    torch::nn::ModuleList list, inner;
    inner->push_back(layer);
    list->push_back(inner);
    register_module("conv", list);
  }
  torch::nn::Conv2d layer, cls_logits, bbox_pred;
};

ProposalNet::ProposalNet(int64_t channels, const RcnnOptions& options) : options_(options) {
  if (options.pyramid)
    for (const double size : options.anchor_sizes) sizes_.push_back({size});
  else
    sizes_.push_back(options.anchor_sizes);
  head_ = register_module(
      "head",
      std::make_shared<Head>(
          channels, static_cast<int64_t>(sizes_[0].size() * options.anchor_ratios.size())));
}

AnchorOutputs ProposalNet::forward(const std::vector<torch::Tensor>& maps,
                                   const ImageSizes& sizes) {
  std::vector<torch::Tensor> scores, codes;
  std::vector<MapSize> map_sizes;
  for (const auto& map : maps) {
    const auto x = head_->layer(map).relu_();
    scores.push_back(by_anchor(head_->cls_logits(x), 1).squeeze(2));
    codes.push_back(by_anchor(head_->bbox_pred(x), 4));
    map_sizes.push_back({map.size(2), map.size(3)});
  }
  const auto anchors = anchors_of(
      map_sizes, sizes.padded_height, sizes.padded_width, sizes_, options_.anchor_ratios);
  AnchorOutputs out{
      at_least_f32(torch::cat(scores, 1)), at_least_f32(torch::cat(codes, 1)), {}, {}};
  for (const auto& of_map : anchors) out.of_each_map.push_back(of_map.size(0));
  out.anchors = torch::cat(anchors).to(out.codes.scalar_type());
  return out;
}

std::vector<torch::Tensor> ProposalNet::proposals(const AnchorOutputs& outputs,
                                                  const ImageSizes& sizes,
                                                  int64_t candidates,
                                                  int64_t proposals) const {
  torch::NoGradGuard no_grad;
  // Copied once: the loops have many small steps.
  const auto all_scores = outputs.scores.detach().cpu(), all_codes = outputs.codes.detach().cpu();
  std::vector<torch::Tensor> out;
  for (int64_t image = 0; image < all_scores.size(0); ++image) {
    const auto scores = all_scores[image], codes = all_codes[image];
    std::vector<torch::Tensor> chosen, levels;
    int64_t first = 0;
    for (size_t map = 0; map < outputs.of_each_map.size(); ++map) {
      const int64_t count = outputs.of_each_map[map];
      const auto best =
          std::get<1>(scores.narrow(0, first, count).topk(std::min(count, candidates), 0));
      chosen.push_back(best + first);
      levels.push_back(torch::full_like(best, static_cast<int64_t>(map)));
      first += count;
    }
    const auto index = torch::cat(chosen);
    auto boxes = clip_boxes(
        decode_boxes(
            codes.index_select(0, index), outputs.anchors.index_select(0, index), kPlainCodes),
        sizes.height,
        sizes.width);
    auto chances = scores.index_select(0, index).sigmoid();
    const auto kept =
        (large_enough(boxes, kLeastProposalPx) & (chances >= options_.least_proposal_score))
            .nonzero()
            .flatten();
    boxes = boxes.index_select(0, kept);
    auto remaining = suppress(boxes,
                              chances.index_select(0, kept),
                              torch::cat(levels).index_select(0, kept),
                              options_.proposal_nms);
    remaining = remaining.narrow(0, 0, std::min(remaining.size(0), proposals));
    out.push_back(boxes.index_select(0, remaining));
  }
  return out;
}

ProposalLoss ProposalNet::loss(const AnchorOutputs& outputs,
                               const std::vector<Targets>& targets,
                               const Sampler& sampler) const {
  const auto& anchors = outputs.anchors;
  const int64_t count = anchors.size(0);
  std::vector<torch::Tensor> positive, all, labels, codes;
  for (size_t image = 0; image < targets.size(); ++image) {
    const auto& truth = targets[image].boxes;
    const auto matches = match_boxes(
        truth, anchors, {options_.anchors.no_match, options_.anchors.match, /*low_quality=*/true});
    // 1: object, 0: none, -1: nothing is learned.
    const auto kinds =
        torch::where(matches >= 0, 1, torch::where(matches == kUnclearMatch, torch::tensor(-1), 0));
    const Sampled sampled = sampler(kinds, options_.anchors.count, options_.anchors.objects);
    const int64_t first = static_cast<int64_t>(image) * count;
    positive.push_back(sampled.positive + first);
    all.push_back(torch::cat({sampled.positive, sampled.negative}) + first);
    labels.push_back(torch::cat(
        {torch::ones(sampled.positive.sizes()), torch::zeros(sampled.negative.sizes())}));
    codes.push_back(encode_boxes(truth.index_select(0, matches.index_select(0, sampled.positive)),
                                 anchors.index_select(0, sampled.positive).to(torch::kFloat),
                                 kPlainCodes));
  }
  const auto options = outputs.codes.options();
  const auto chosen = torch::cat(all);
  const auto sum = torch::smooth_l1_loss(
      outputs.codes.view({-1, 4}).index_select(0, torch::cat(positive).to(options.device())),
      torch::cat(codes).to(options),
      at::Reduction::Sum,
      kSmoothBeta);
  return {torch::binary_cross_entropy_with_logits(
              outputs.scores.flatten().index_select(0, chosen.to(options.device())),
              torch::cat(labels).to(options)),
          sum / static_cast<double>(std::max<int64_t>(1, chosen.numel()))};
}

}  // namespace evenray
