// SPDX-License-Identifier: Apache-2.0
#include "metrics/detection/panel.hpp"

#include <algorithm>
#include <cmath>

#include "core/text.hpp"
#include "metrics/detection/image_auroc.hpp"

namespace evenray {
namespace {

Json classes_json(const CocoBoxes& boxes) {
  Json out = Json::array();
  for (size_t c = 0; c < boxes.class_names.size(); ++c) {
    const ImageRows rows = image_rows(boxes.images, c);
    out.push_back({{"name", boxes.class_names[c]},
                   {"boxes", rows.boxes},
                   {"images", std::count(rows.labels.begin(), rows.labels.end(), 1)},
                   {"groups", support_of(rows.labels, rows.groups).positive},
                   {"found", rows.found}});
  }
  return out;
}

Json froc_json(const CocoBoxes& boxes, const HitRule& hit, int threads) {
  Json curves = Json::array();
  for (const auto& [fold, places] : images_of_folds(boxes)) {
    std::vector<ScoredImage> images;
    for (const size_t place : places) images.push_back(boxes.images[place]);
    const auto classes = froc_classes(images, boxes.class_names.size(), hit, threads);
    for (size_t c = 0; c < classes->size(); ++c) {
      Json points = Json::array();
      for (const auto& point : froc_curve((*classes)[c], images.size()))
        points.push_back({point.wrong_per_image, point.sensitivity, point.score});
      curves.push_back({{"name", boxes.class_names[c]},
                        {"fold", boxes.folds ? Json(fold) : Json(nullptr)},
                        {"points", points}});
    }
  }
  return {{"hit", hit.text()}, {"rates", kFrocRates}, {"curves", curves}};
}

}  // namespace

std::vector<std::string> groups_of_images(const CocoBoxes& boxes) {
  std::vector<std::string> groups;
  for (const auto& image : boxes.images) groups.push_back(image.group);
  return groups;
}

std::vector<std::string> strata_of(const CocoBoxes& boxes) {
  std::vector<std::string> strata;
  if (boxes.folds)
    for (const auto& image : boxes.images) strata.push_back(image.fold);
  return strata;
}

Json detection_facts(const CocoBoxes& boxes, const DetectionOptions& detection) {
  Json folds = Json::array();
  if (boxes.folds)
    for (const auto& [fold, places] : images_of_folds(boxes)) folds.push_back(fold);
  return {{"images", boxes.images.size()},
          {"style", ap_style_name(detection.style)},
          {"overlap", detection.overlap},
          {"iou_type", boxes.masks ? "segm" : "bbox"},
          {"folds", folds}};
}

Json detection_metrics(const CocoBoxes& boxes,
                       const Resampling& options,
                       const DetectionOptions& detection) {
  const Division division = division_of(boxes);
  const Measure measure = detection_measure(boxes, division, detection, options.threads);
  const auto groups = groups_of_images(boxes);
  const auto all = measure.values({});
  const Replicates replicates =
      resample(groups, options, measure.keys.size(), measure.values, strata_of(boxes));
  Json values = Json::object(), intervals = Json::object();
  Cautions cautions;
  for (size_t k = 0; k < all.size(); ++k) {
    const auto& [name, about, support, of_classes] = measure.keys[k];
    // Assigned, not appended: a class may be called like a value of a column.
    values[name] = number_json(all[k]);
    if (options.draws <= 0) continue;
    intervals[name] =
        std::isfinite(all[k]) ? interval_json(replicates[k], support, options.confidence) : Json();
    cautions.add(about, support);
  }
  Json out{{"schema", "evenray-detection-1"}};
  out.update(detection_facts(boxes, detection));
  out["classes"] = classes_json(boxes);
  out["values"] = std::move(values);
  out["ci"] = std::move(intervals);
  out["froc"] = froc_json(boxes, detection.hit, options.threads);
  out["by"] = division_json(boxes, division);
  out["bootstrap"] = resampling_json(groups, options);
  out["cautions"] = cautions.json();
  return out;
}

}  // namespace evenray
