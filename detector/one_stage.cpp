// SPDX-License-Identifier: Apache-2.0
// From the outputs of a one-stage detector to its loss, and to boxes.
#include <torch/types.h>

#include <algorithm>

#include "core/parallel.hpp"
#include "detector/loss.hpp"
#include "detector/network.hpp"
#include "fusion/fusion.hpp"
#include "nn/blocks.hpp"
#include "nn/compute.hpp"

namespace evenray {
namespace {

/// Boxes of an image that go into non-maximum suppression, those with the highest scores.
constexpr size_t kMostCandidates = 1000;

bool higher_score(const FoundBox& a, const FoundBox& b) { return a.score > b.score; }

/// Returns the boxes of one image from scores [P,C] and boxes [P,4].
std::vector<FoundBox> boxes_of_image(const float* scores,
                                     const float* boxes,
                                     const Points& points,
                                     int64_t classes,
                                     cv::Size size,
                                     const DetectOptions& options) {
  std::vector<FoundBox> candidates;
  for (int64_t p = 0; p < points.size(); ++p) {
    for (int64_t c = 0; c < classes; ++c) {
      const double score = scores[p * classes + c];
      // This way around, NaN is no candidate.
      if (!(score >= options.least_score)) continue;
      const float* sides = boxes + 4 * p;
      const double x0 = std::clamp<double>(sides[0], 0, size.width);
      const double y0 = std::clamp<double>(sides[1], 0, size.height);
      const double x1 = std::clamp<double>(sides[2], 0, size.width);
      const double y1 = std::clamp<double>(sides[3], 0, size.height);
      if (x1 <= x0 || y1 <= y0) continue;
      candidates.push_back({{x0, y0, x1 - x0, y1 - y0}, static_cast<int>(c), score});
    }
  }
  std::stable_sort(candidates.begin(), candidates.end(), higher_score);
  if (candidates.size() > kMostCandidates) candidates.resize(kMostCandidates);
  std::vector<FoundBox> out;
  for (const auto& kept : fuse_boxes(
           {candidates}, std::nullopt, {.method = FusionMethod::nms, .iou_thr = options.nms}))
    out.push_back(kept.found);
  std::stable_sort(out.begin(), out.end(), higher_score);
  if (std::ssize(out) > options.most_boxes) out.resize(static_cast<size_t>(options.most_boxes));
  return out;
}

}  // namespace

const DetectorNet::OfSize& DetectorNet::points_of(const torch::Tensor& images) {
  const std::pair size{images.size(2), images.size(3)};
  const auto found = points_.find(size);
  if (found != points_.end()) return found->second;
  Points points(size.first, size.second);
  PointTensors tensors(points, images.device());
  return points_.emplace(size, OfSize{std::move(points), std::move(tensors)}).first->second;
}

torch::Tensor DetectorNet::loss(const torch::Tensor& images,
                                const std::vector<std::vector<Box>>& boxes,
                                const Rng&) {
  const OfSize& at = points_of(images);
  const PointOutputs outputs = forward(images);
  const Autocast full_precision(Compute{images.device()});
  return detector_loss(outputs, at.points, at.tensors, boxes, options_.assigner, threads_).total();
}

std::vector<std::vector<FoundBox>> DetectorNet::find(const torch::Tensor& images, bool) {
  torch::NoGradGuard no_grad;
  EvalGuard eval(*this);
  const OfSize& at = points_of(images);
  const PointOutputs outputs = forward(images);
  const Autocast full_precision(Compute{images.device()});
  const auto scores = outputs.classes.to(torch::kFloat).sigmoid().cpu().contiguous();
  const auto boxes =
      boxes_at(
          at.tensors.centres, at.tensors.strides, mean_distances(outputs.sides.to(torch::kFloat)))
          .cpu()
          .contiguous();
  const int64_t classes = scores.size(2);
  const cv::Size size(static_cast<int>(images.size(3)), static_cast<int>(images.size(2)));
  std::vector<std::vector<FoundBox>> out(static_cast<size_t>(images.size(0)));
  parallel_for(out.size(), threads_, [&](size_t i) {
    const int64_t first = static_cast<int64_t>(i) * at.points.size();
    out[i] = boxes_of_image(scores.data_ptr<float>() + first * classes,
                            boxes.data_ptr<float>() + first * 4,
                            at.points,
                            classes,
                            size,
                            options_);
  });
  return out;
}

}  // namespace evenray
