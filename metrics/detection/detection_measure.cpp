// SPDX-License-Identifier: Apache-2.0
#include "metrics/detection/detection_measure.hpp"

#include <algorithm>
#include <map>

#include "core/error.hpp"
#include "core/text.hpp"
#include "metrics/detection/coco_map.hpp"
#include "metrics/detection/image_auroc.hpp"
#include "metrics/detection/voc_map.hpp"

namespace evenray {
namespace {

constexpr std::array<std::pair<std::string_view, ApStyle>, 3> kStyles{
    {{"coco", ApStyle::coco}, {"voc07", ApStyle::voc07}, {"voc12", ApStyle::voc12}}};

void check_overlap(double overlap, const char* what) {
  if (!(overlap > 0 && overlap <= 1))
    throw Error(Exit::bad_data, cat(what, " must be above 0 and at most 1, not ", overlap));
}

Measure whole_measure(const std::vector<ScoredImage>& images,
                      const CocoBoxes& all,
                      const Division& division,
                      const DetectionOptions& options,
                      int threads) {
  const auto& names = all.class_names;
  return joined(
      {average_precision_measure(images, names, options, threads),
       froc_measure(images, names, froc_classes(images, names.size(), options.hit, threads)),
       image_auroc_measure(images, names),
       by_value_measure(images, all, division, options, threads)});
}

}  // namespace

ApStyle ap_style(const std::string& name) {
  std::vector<std::string> known;
  for (const auto& [style_name, style] : kStyles) {
    if (style_name == name) return style;
    known.emplace_back(style_name);
  }
  throw Error(Exit::bad_data, unknown_name("style of average precision", name, known));
}

std::string ap_style_name(ApStyle style) {
  return std::string(std::find_if(kStyles.begin(), kStyles.end(), [&](const auto& one) {
                       return one.second == style;
                     })->first);
}

Measure average_precision_measure(const std::vector<ScoredImage>& images,
                                  const std::vector<std::string>& class_names,
                                  const DetectionOptions& options,
                                  int threads) {
  if (options.style == ApStyle::coco) return coco_measure(images, class_names, threads);
  const VocYear year = options.style == ApStyle::voc07 ? VocYear::voc07 : VocYear::voc12;
  return voc_measure(images, class_names, year, options.overlap, threads);
}

Measure detection_measure(const CocoBoxes& boxes,
                          const Division& division,
                          const DetectionOptions& options,
                          int threads) {
  check_overlap(options.overlap, "the overlap");
  if (options.hit.least_overlap) check_overlap(*options.hit.least_overlap, "the overlap of a hit");
  if (!boxes.folds) return whole_measure(boxes.images, boxes, division, options, threads);
  std::vector<MeasurePart> parts;
  for (const auto& [fold, places] : images_of_folds(boxes)) {
    std::vector<ScoredImage> images;
    for (const size_t place : places) images.push_back(boxes.images[place]);
    parts.push_back({places, whole_measure(images, boxes, division, options, threads)});
  }
  return mean_over(std::move(parts));
}

std::vector<std::pair<std::string, std::vector<size_t>>> images_of_folds(const CocoBoxes& boxes) {
  std::map<std::string, std::vector<size_t>> folds;
  for (size_t i = 0; i < boxes.images.size(); ++i) folds[boxes.images[i].fold].push_back(i);
  return {folds.begin(), folds.end()};
}

}  // namespace evenray
