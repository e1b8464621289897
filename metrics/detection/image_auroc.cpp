// SPDX-License-Identifier: Apache-2.0
#include "metrics/detection/image_auroc.hpp"

#include <algorithm>
#include <memory>

#include "metrics/detection/class_boxes.hpp"
#include "metrics/stats.hpp"

namespace evenray {
namespace {

/// Most images have neither a true nor a found box of a class: the last row stands for all of them.
struct RankedImages {
  std::vector<size_t> images;    ///< of the rows but the last
  std::vector<size_t> left_out;  ///< in no row
  RankedScores ranked;
};

RankedImages ranked_images(const ImageRows& rows, size_t count) {
  std::vector<size_t> chosen, left_out;
  std::vector<double> scores;
  std::vector<uint8_t> labels;
  size_t next = 0;
  for (size_t row = 0; row < rows.images.size(); ++row) {
    for (; next < rows.images[row]; ++next) left_out.push_back(next);
    ++next;
    if (rows.scores[row] == 0 && rows.labels[row] == 0) continue;
    chosen.push_back(rows.images[row]);
    scores.push_back(rows.scores[row]);
    labels.push_back(rows.labels[row]);
  }
  for (; next < count; ++next) left_out.push_back(next);
  scores.push_back(0);
  labels.push_back(0);
  return {chosen, left_out, RankedScores(scores, labels)};
}

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
    classes->push_back(ranked_images(rows, images.size()));
    out.keys.push_back(
        {class_names[c] + ".image_auroc", class_names[c], support_of(rows.labels, rows.groups)});
  }
  out.values = [classes, count = images.size()](std::span<const double> image_weights) {
    check_weights(image_weights, count);
    double all = image_weights.empty() ? static_cast<double>(count) : 0;
    for (const double weight : image_weights) all += weight;
    std::vector<double> values, own;
    for (const auto& [chosen, left_out, ranked] : *classes) {
      own.clear();
      double rest = all;
      for (const size_t image : left_out) rest -= weight_of(image_weights, image);
      for (const size_t image : chosen) {
        own.push_back(weight_of(image_weights, image));
        rest -= own.back();
      }
      own.push_back(std::max(0., rest));
      values.push_back(ranked.auroc(own));
    }
    return values;
  };
  return out;
}

}  // namespace evenray
