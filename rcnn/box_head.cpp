// SPDX-License-Identifier: Apache-2.0
#include "rcnn/box_head.hpp"

#include <torch/nn.h>

#include <algorithm>

#include "rcnn/suppression.hpp"

namespace evenray {
namespace {

constexpr CodeWeights kHeadCodes{10, 10, 5, 5};
constexpr double kHeadBeta = 1. / 9, kLeastFoundPx = 1e-2;
constexpr RoiBins kBoxBins{7, 7, 2, false};

}  // namespace

struct BoxHead::Hidden final : torch::nn::Module {
  Hidden(int64_t in, int64_t out)
      : fc6(register_module("fc6", torch::nn::Linear(in, out))),
        fc7(register_module("fc7", torch::nn::Linear(out, out))) {}
  torch::nn::Linear fc6, fc7;
};

struct BoxHead::Predictor final : torch::nn::Module {
  Predictor(int64_t in, int64_t classes)
      : cls_score(register_module("cls_score", torch::nn::Linear(in, classes))),
        bbox_pred(register_module("bbox_pred", torch::nn::Linear(in, 4 * classes))) {}
  torch::nn::Linear cls_score, bbox_pred;
};

BoxHead::BoxHead(int64_t channels, int64_t classes, const RcnnOptions& options)
    : options_(options) {
  hidden_ = register_module(
      "box_head",
      std::make_shared<Hidden>(channels * kBoxBins.height * kBoxBins.width, options.head_channels));
  predictor_ = register_module("box_predictor",
                               std::make_shared<Predictor>(options.head_channels, classes + 1));
}

BoxOutputs BoxHead::forward(const ScaledMaps& maps, const std::vector<torch::Tensor>& proposals) {
  auto x = pool_boxes(maps, proposals, kBoxBins).flatten(1);
  x = hidden_->fc7(hidden_->fc6(x).relu_()).relu_();
  return {at_least_f32(predictor_->cls_score(x)), at_least_f32(predictor_->bbox_pred(x))};
}

std::vector<RcnnFound> BoxHead::find(const BoxOutputs& outputs,
                                     const std::vector<torch::Tensor>& proposals,
                                     int64_t height,
                                     int64_t width) const {
  torch::NoGradGuard no_grad;
  const int64_t classes = outputs.logits.size(1) - 1;
  const auto all_scores = outputs.logits.softmax(1).narrow(1, 1, classes).cpu();
  const auto all_boxes = decode_boxes(outputs.codes.cpu(), torch::cat(proposals), kHeadCodes)
                             .view({-1, classes + 1, 4})
                             .narrow(1, 1, classes);
  std::vector<RcnnFound> out;
  int64_t first = 0;
  for (const auto& of_image : proposals) {
    const int64_t count = of_image.size(0);
    const auto scores = all_scores.narrow(0, first, count).flatten();
    const auto boxes =
        clip_boxes(all_boxes.narrow(0, first, count), height, width).reshape({-1, 4});
    first += count;
    const auto index =
        ((scores >= options_.least_score) & large_enough(boxes, kLeastFoundPx)).nonzero().flatten();
    const auto labels = index.remainder(classes);
    auto kept =
        suppress(boxes.index_select(0, index), scores.index_select(0, index), labels, options_.nms);
    kept = kept.narrow(0, 0, std::min(kept.size(0), options_.most_boxes));
    const auto at = index.index_select(0, kept);
    out.push_back(
        {boxes.index_select(0, at), labels.index_select(0, kept), scores.index_select(0, at), {}});
  }
  return out;
}

TrainedProposals BoxHead::choose(const torch::Tensor& proposals,
                                 const Targets& targets,
                                 const Sampler& sampler) const {
  const auto boxes = torch::cat({proposals, targets.boxes.to(proposals.scalar_type())});
  const auto matches = match_boxes(
      targets.boxes, boxes, {options_.proposals.no_match, options_.proposals.match, false});
  auto classes = torch::zeros_like(matches);
  const auto matched = (matches >= 0).nonzero().flatten();
  classes.index_put_({matched},
                     targets.labels.index_select(0, matches.index_select(0, matched)) + 1);
  classes.masked_fill_(matches == kUnclearMatch, -1);
  const Sampled sampled = sampler(classes, options_.proposals.count, options_.proposals.objects);
  const auto chosen = std::get<0>(torch::cat({sampled.positive, sampled.negative}).sort());
  return {boxes.index_select(0, chosen),
          classes.index_select(0, chosen),
          matches.index_select(0, chosen).clamp_min(0)};
}

BoxLoss BoxHead::loss(const BoxOutputs& outputs,
                      const std::vector<TrainedProposals>& chosen,
                      const std::vector<Targets>& targets) const {
  std::vector<torch::Tensor> all_classes, positive, codes;
  int64_t first = 0;
  for (size_t image = 0; image < chosen.size(); ++image) {
    const auto& own = chosen[image];
    const auto objects = (own.classes > 0).nonzero().flatten();
    const auto truth = targets[image].boxes.to(own.boxes.scalar_type());
    codes.push_back(encode_boxes(truth.index_select(0, own.matches.index_select(0, objects)),
                                 own.boxes.index_select(0, objects),
                                 kHeadCodes));
    positive.push_back(objects + first);
    all_classes.push_back(own.classes);
    first += own.classes.numel();
  }
  const auto options = outputs.codes.options();
  const auto classes = torch::cat(all_classes), objects = torch::cat(positive);
  const auto by_class = outputs.codes.view({outputs.codes.size(0), outputs.codes.size(1) / 4, 4});
  const auto own_codes = by_class.index(
      {objects.to(options.device()), classes.index_select(0, objects).to(options.device())});
  const auto sum = torch::smooth_l1_loss(
      own_codes, torch::cat(codes).to(options), at::Reduction::Sum, kHeadBeta);
  return {torch::cross_entropy_loss(outputs.logits, classes.to(options.device())),
          sum / static_cast<double>(std::max<int64_t>(1, classes.numel()))};
}

}  // namespace evenray
