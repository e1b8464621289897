// SPDX-License-Identifier: Apache-2.0
#include "detector/finding.hpp"

#include <algorithm>

#include "fusion/fusion.hpp"
#include "nn/blocks.hpp"
#include "rcnn/object_mask.hpp"

namespace evenray {
namespace {

/// Pixels per forward pass.
constexpr int64_t kPassPixels = 1 << 21;

int64_t images_per_pass(int64_t height, int64_t width) {
  return std::max<int64_t>(1, kPassPixels / (height * width));
}

}  // namespace

std::vector<std::vector<FoundBox>> fused(
    const std::vector<std::vector<std::vector<FoundBox>>>& found, const ImageReading& reading) {
  std::vector<std::vector<FoundBox>> out(found[0].size());
  for (size_t i = 0; i < out.size(); ++i) {
    std::vector<std::vector<FoundBox>> of_image;
    for (const auto& of_detector : found) of_image.push_back(of_detector[i]);
    for (auto& one : fuse_boxes(of_image, std::nullopt, FusionOptions{}))
      if (one.found.score >= reading.least_score && std::ssize(out[i]) < reading.most_boxes)
        out[i].push_back(std::move(one.found));
  }
  return out;
}

std::vector<std::vector<FoundBox>> find_boxes(BoxModel& model,
                                              const torch::Tensor& images,
                                              const ImageReading& reading,
                                              const Compute& compute) {
  torch::NoGradGuard no_grad;
  std::vector<std::vector<FoundBox>> out;
  for (const auto& batch : images.split(images_per_pass(images.size(2), images.size(3)))) {
    Autocast autocast(compute);
    const auto input =
        network_input(batch.to(compute.device), reading.value_max, reading.standardise);
    auto found = model.find(input, reading.masks);
    if (reading.mirrors) {
      auto mirrored = model.find(input.flip(3), /*masks=*/false);
      for (auto& of_image : mirrored)
        for (auto& one : of_image)
          one.box.x = static_cast<double>(images.size(3)) - one.box.x - one.box.width;
      found = fused({std::move(found), std::move(mirrored)}, reading);
    }
    std::move(found.begin(), found.end(), std::back_inserter(out));
  }
  return out;
}

CocoBoxes true_boxes(const Store& store, const std::string& part, bool masks) {
  const StorePart& rows = store.part(part);
  CocoBoxes out{{}, store.info().class_names};
  out.masks = masks;
  out.height = store.info().height;
  out.width = store.info().width;
  for (size_t row = 0; row < rows.ids.size(); ++row) {
    if (!rows.boxes_known[row]) continue;
    auto& image = out.images.emplace_back(ScoredImage{rows.ids[row], rows.groups[row]});
    for (const Box& box : rows.boxes[row]) {
      image.truth.push_back({{box.x0, box.y0, double{box.x1} - box.x0, double{box.y1} - box.y0},
                             box.label,
                             box.area()});
      if (masks)
        image.truth.back().mask =
            std::make_shared<const Mask>(object_mask(box, out.height, out.width));
    }
  }
  return out;
}

void add_found(CocoBoxes& boxes,
               BoxModel& model,
               const Store& store,
               const std::string& part,
               const ImageReading& reading,
               const Compute& compute) {
  const auto& known = store.part(part).boxes_known;
  size_t row = 0;
  auto image = boxes.images.begin();
  const int64_t block = images_per_pass(store.info().height, store.info().width);
  read_blocks(store, part, block, torch::kCPU, [&](const torch::Tensor& images) {
    std::vector<int64_t> annotated;
    for (int64_t i = 0; i < images.size(0); ++i)
      if (known[row++]) annotated.push_back(i);
    if (annotated.empty()) return;
    const auto chosen = images.index_select(0, index_tensor(annotated, torch::kCPU));
    for (auto& found : find_boxes(model, chosen, reading, compute))
      (image++)->found = std::move(found);
  });
}

}  // namespace evenray
