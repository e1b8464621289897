// SPDX-License-Identifier: Apache-2.0
#include "detector/finding.hpp"

#include <algorithm>

#include "core/parallel.hpp"
#include "detector/points.hpp"
#include "fusion/fusion.hpp"
#include "nn/blocks.hpp"

namespace evenray {
namespace {

/// Pixels per forward pass.
constexpr int64_t kPassPixels = 1 << 21;
/// Boxes of an image that go into non-maximum suppression, those with the highest scores.
constexpr size_t kMostCandidates = 1000;

int64_t images_per_pass(int64_t height, int64_t width) {
  return std::max<int64_t>(1, kPassPixels / (height * width));
}

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

std::vector<std::vector<FoundBox>> find_boxes(DetectorNet& network,
                                              const torch::Tensor& images,
                                              const ImageReading& reading,
                                              const DetectOptions& options,
                                              const Compute& compute) {
  torch::NoGradGuard no_grad;
  EvalGuard eval(network);
  const int64_t height = images.size(2), width = images.size(3);
  const Points points(height, width);
  const PointTensors tensors(points, compute.device);
  std::vector<std::vector<FoundBox>> out;
  for (const auto& batch : images.split(images_per_pass(height, width))) {
    PointOutputs outputs;
    {
      Autocast autocast(compute);
      outputs = network.forward(
          network_input(batch.to(compute.device), reading.value_max, reading.standardise));
    }
    const auto scores = outputs.classes.to(torch::kFloat).sigmoid().cpu().contiguous();
    const auto boxes =
        boxes_at(tensors.centres, tensors.strides, mean_distances(outputs.sides.to(torch::kFloat)))
            .cpu()
            .contiguous();
    const int64_t classes = scores.size(2);
    std::vector<std::vector<FoundBox>> of_batch(static_cast<size_t>(batch.size(0)));
    parallel_for(of_batch.size(), compute.threads, [&](size_t i) {
      const auto image = static_cast<int64_t>(i);
      of_batch[i] = boxes_of_image(scores.data_ptr<float>() + image * points.size() * classes,
                                   boxes.data_ptr<float>() + image * points.size() * 4,
                                   points,
                                   classes,
                                   {static_cast<int>(width), static_cast<int>(height)},
                                   options);
    });
    std::move(of_batch.begin(), of_batch.end(), std::back_inserter(out));
  }
  return out;
}

CocoBoxes true_boxes(const Store& store, const std::string& part) {
  const StorePart& rows = store.part(part);
  CocoBoxes out{{}, store.info().class_names};
  for (size_t row = 0; row < rows.ids.size(); ++row) {
    if (!rows.boxes_known[row]) continue;
    auto& image = out.images.emplace_back(ScoredImage{rows.ids[row], rows.groups[row]});
    for (const Box& box : rows.boxes[row])
      image.truth.push_back({{box.x0, box.y0, double{box.x1} - box.x0, double{box.y1} - box.y0},
                             box.label,
                             box.area()});
  }
  return out;
}

void add_found(CocoBoxes& boxes,
               DetectorNet& network,
               const Store& store,
               const std::string& part,
               const ImageReading& reading,
               const DetectOptions& options,
               const Compute& compute) {
  const auto& known = store.part(part).boxes_known;
  size_t row = 0;
  auto image = boxes.images.begin();
  const int64_t block = images_per_pass(store.info().height, store.info().width);
  read_blocks(store, part, block, torch::kCPU, [&](const torch::Tensor& images) {
    for (auto& found : find_boxes(network, images, reading, options, compute))
      if (known[row++]) (image++)->found = std::move(found);
  });
}

}  // namespace evenray
