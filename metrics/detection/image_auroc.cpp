// SPDX-License-Identifier: Apache-2.0
#include "metrics/detection/image_auroc.hpp"

#include <algorithm>
#include <memory>

#include "metrics/stats.hpp"

namespace evenray {
namespace {

struct RankedImages {
  std::vector<size_t> images;
  RankedScores ranked;
};

}  // namespace

ImageRows image_rows(const std::vector<ScoredImage>& images, size_t class_index) {
  ImageRows out;
  const auto is_class = [&](const auto& box) {
    return box.class_index == static_cast<int>(class_index);
  };
  for (size_t i = 0; i < images.size(); ++i) {
    int64_t boxes = 0, crowds = 0;
    for (const auto& box : images[i].truth)
      if (is_class(box)) ++(box.crowd ? crowds : boxes);
    double highest = 0;
    for (const auto& box : images[i].found) {
      if (!is_class(box)) continue;
      highest = std::max(highest, box.score);
      ++out.found;
    }
    out.boxes += boxes;
    if (boxes == 0 && crowds > 0) continue;
    out.images.push_back(i);
    out.scores.push_back(highest);
    out.labels.push_back(boxes > 0);
    out.groups.push_back(images[i].group);
  }
  return out;
}

Measure image_auroc_measure(const std::vector<ScoredImage>& images,
                            const std::vector<std::string>& class_names) {
  Measure out;
  auto classes = std::make_shared<std::vector<RankedImages>>();
  for (size_t c = 0; c < class_names.size(); ++c) {
    const ImageRows rows = image_rows(images, c);
    classes->push_back({rows.images, RankedScores(rows.scores, rows.labels)});
    out.keys.push_back(
        {class_names[c] + ".image_auroc", class_names[c], support_of(rows.labels, rows.groups)});
  }
  out.values = [classes](std::span<const double> image_weights) {
    std::vector<double> values, own;
    for (const auto& [chosen, ranked] : *classes) {
      own.clear();
      if (!image_weights.empty())
        for (const size_t image : chosen) own.push_back(image_weights[image]);
      values.push_back(ranked.auroc(own));
    }
    return values;
  };
  return out;
}

}  // namespace evenray
