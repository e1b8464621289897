// SPDX-License-Identifier: Apache-2.0
#include "detector/loss.hpp"

#include <torch/nn.h>

#include "core/parallel.hpp"
#include "detector/assign.hpp"
#include "nn/loader.hpp"

namespace evenray {
namespace {

namespace F = torch::nn::functional;

/// The assigned points of a minibatch; one element per point.
struct AssignedTargets {
  std::vector<int64_t> points;         ///< image * P + point
  std::vector<int64_t> outputs;        ///< (image * P + point) * C + class
  std::vector<float> overlaps, boxes;  ///< [n], [n * 4]
};

AssignedTargets assigned_targets(const PointOutputs& outputs,
                                 const Points& points,
                                 const PointTensors& point_tensors,
                                 const std::vector<std::vector<Box>>& boxes,
                                 const std::string& assigner,
                                 int threads) {
  torch::NoGradGuard no_grad;
  const auto logits = outputs.classes.detach().to(torch::kFloat).cpu().contiguous();
  const auto predicted = boxes_at(point_tensors.centres,
                                  point_tensors.strides,
                                  mean_distances(outputs.sides.detach().to(torch::kFloat)))
                             .cpu()
                             .contiguous();
  const int64_t count = points.size(), classes = logits.size(2);
  std::vector<std::vector<Assigned>> assigned(boxes.size());
  parallel_for(boxes.size(), threads, [&](size_t i) {
    const auto image = static_cast<int64_t>(i);
    assigned[i] = assign_points(points,
                                {logits.data_ptr<float>() + image * count * classes,
                                 predicted.data_ptr<float>() + image * count * 4,
                                 classes},
                                boxes[i],
                                assigner);
  });
  AssignedTargets out;
  for (size_t i = 0; i < boxes.size(); ++i) {
    for (const auto& one : assigned[i]) {
      const Box& box = boxes[i][one.box];
      const int64_t point = static_cast<int64_t>(i) * count + one.point;
      out.points.push_back(point);
      out.outputs.push_back(point * classes + box.label);
      out.overlaps.push_back(one.overlap);
      out.boxes.insert(out.boxes.end(), {box.x0, box.y0, box.x1, box.y1});
    }
  }
  return out;
}

torch::Tensor areas(const torch::Tensor& boxes) {
  return (boxes.select(1, 2) - boxes.select(1, 0)) * (boxes.select(1, 3) - boxes.select(1, 1));
}

/// Areas of the rectangles with these corners [N,2]; 0 if they are empty.
torch::Tensor area_between(const torch::Tensor& low, const torch::Tensor& high) {
  const auto sides = (high - low).clamp_min(0);
  return sides.select(1, 0) * sides.select(1, 1);
}

}  // namespace

torch::Tensor quality_focal_loss(const torch::Tensor& logits, const torch::Tensor& quality) {
  const auto entropy = F::binary_cross_entropy_with_logits(
      logits, quality, F::BinaryCrossEntropyWithLogitsFuncOptions().reduction(torch::kNone));
  return entropy * (quality - logits.sigmoid()).square();
}

torch::Tensor distribution_focal_loss(const torch::Tensor& side_logits,
                                      const torch::Tensor& distances) {
  const auto logs = side_logits.view({-1, kBins}).log_softmax(1);
  const auto wanted = distances.reshape({-1, 1});
  const auto below = wanted.detach().to(torch::kLong);
  const auto share_above = wanted - below;
  const auto loss =
      -(1 - share_above) * logs.gather(1, below) - share_above * logs.gather(1, below + 1);
  return loss.view({-1, 4}).mean(1);
}

torch::Tensor giou_loss(const torch::Tensor& a, const torch::Tensor& b) {
  const auto low_a = a.narrow(1, 0, 2), low_b = b.narrow(1, 0, 2);
  const auto high_a = a.narrow(1, 2, 2), high_b = b.narrow(1, 2, 2);
  const auto both = area_between(torch::max(low_a, low_b), torch::min(high_a, high_b));
  const auto hull = area_between(torch::min(low_a, low_b), torch::max(high_a, high_b));
  constexpr double kLeastArea = 1e-7;
  const auto joined = areas(a) + areas(b) - both;
  return 1 - both / joined.clamp_min(kLeastArea) + (hull - joined) / hull.clamp_min(kLeastArea);
}

DetectorLoss detector_loss(const PointOutputs& outputs,
                           const Points& points,
                           const PointTensors& point_tensors,
                           const std::vector<std::vector<Box>>& boxes,
                           const std::string& assigner,
                           int threads) {
  const AssignedTargets targets =
      assigned_targets(outputs, points, point_tensors, boxes, assigner, threads);
  const auto device = outputs.classes.device();
  const auto overlaps = to_device(torch::tensor(targets.overlaps), device);
  const double weight = std::max(1., torch::tensor(targets.overlaps).sum().item<double>());
  const auto logits = outputs.classes.to(torch::kFloat);
  auto quality = torch::zeros_like(logits);
  quality.view(-1).index_copy_(0, index_tensor(targets.outputs, device), overlaps);
  DetectorLoss loss;
  loss.quality = quality_focal_loss(logits, quality).sum() / weight;
  const auto chosen = index_tensor(targets.points, device);
  const auto sides = outputs.sides.to(torch::kFloat).flatten(0, 1).index_select(0, chosen);
  const auto of_image = chosen % points.size();
  const auto centres = point_tensors.centres.index_select(0, of_image);
  const auto strides = point_tensors.strides.index_select(0, of_image);
  const auto truth = to_device(torch::tensor(targets.boxes).view({-1, 4}), device);
  loss.overlap =
      (giou_loss(boxes_at(centres, strides, mean_distances(sides)), truth) * overlaps).sum() /
      weight;
  constexpr double kLongest = static_cast<double>(kBins) - 1.01;
  const auto wanted =
      torch::cat({centres - truth.narrow(1, 0, 2), truth.narrow(1, 2, 2) - centres}, 1) / strides;
  loss.distribution =
      (distribution_focal_loss(sides, wanted.clamp(0, kLongest)) * overlaps).sum() / weight;
  return loss;
}

}  // namespace evenray
