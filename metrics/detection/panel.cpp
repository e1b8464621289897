// SPDX-License-Identifier: Apache-2.0
#include "metrics/detection/panel.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

#include "core/text.hpp"
#include "metrics/detection/coco_map.hpp"
#include "metrics/stats.hpp"
#include "metrics/text.hpp"

namespace evenray {
namespace {

/// The images as rows of a classifier of one class.
struct ImageRows {
  std::vector<size_t> images;
  std::vector<double> scores;
  std::vector<uint8_t> labels;
  std::vector<std::string> groups;
};

/// A class: its rows and counts.
struct ClassPart {
  ImageRows rows;
  RankedScores ranked{{}, {}};
  Support support;  ///< groups with and without a box of it
  int64_t boxes = 0, found = 0;
};

ClassPart class_part(const std::vector<ScoredImage>& images, size_t c) {
  ClassPart out;
  const auto is_class = [&](const auto& box) { return box.class_index == static_cast<int>(c); };
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
    out.rows.images.push_back(i);
    out.rows.scores.push_back(highest);
    out.rows.labels.push_back(boxes > 0);
    out.rows.groups.push_back(images[i].group);
  }
  out.ranked = RankedScores(out.rows.scores, out.rows.labels);
  out.support = support_of(out.rows.labels, out.rows.groups);
  return out;
}

double image_auroc(const ClassPart& part, std::span<const double> image_weights) {
  if (image_weights.empty()) return part.ranked.auroc();
  std::vector<double> weights;
  for (const size_t image : part.rows.images) weights.push_back(image_weights[image]);
  return part.ranked.auroc(weights);
}

/// Returns the groups with boxes of a class that count in a range. Images without one only add
/// wrong boxes, so they limit nothing.
Support groups_with_boxes(const CocoMap& map,
                          const std::vector<std::string>& groups,
                          size_t c,
                          AreaRange area) {
  std::vector<std::string> with_boxes;
  for (const size_t image : map.images_with_boxes(c, area)) with_boxes.push_back(groups[image]);
  const int64_t count = support_of(std::vector<uint8_t>(with_boxes.size(), 1), with_boxes).positive;
  return {count, count};
}

/// Returns the groups behind each key of CocoMap: of a mean, those of its rarest class.
std::vector<Support> supports_of(const CocoMap& map,
                                 const std::vector<std::string>& groups,
                                 size_t classes) {
  std::array<std::optional<Support>, 4> rarest;
  std::vector<Support> of_class;
  for (size_t c = 0; c < classes; ++c) {
    for (size_t area = 0; area < rarest.size(); ++area) {
      const Support support = groups_with_boxes(map, groups, c, static_cast<AreaRange>(area));
      if (area == 0) of_class.push_back(support);
      if (support.positive == 0) continue;
      if (!rarest[area] || support.positive < rarest[area]->positive) rarest[area] = support;
    }
  }
  std::vector<Support> out;
  for (const auto& key : map.keys())
    out.push_back(key.class_index >= 0 ? of_class[static_cast<size_t>(key.class_index)]
                                       : rarest[static_cast<size_t>(key.area)].value_or(Support{}));
  return out;
}

}  // namespace

Json detection_metrics(const CocoBoxes& boxes, const Resampling& options) {
  const CocoMap map(boxes.images, boxes.class_names, options.threads);
  const size_t classes = boxes.class_names.size();
  std::vector<std::string> groups;
  for (const auto& image : boxes.images) groups.push_back(image.group);
  std::vector<Support> supports = supports_of(map, groups, classes);
  std::vector<std::string> keys, names;  // what a caution is about
  for (const auto& key : map.keys()) {
    keys.push_back(key.name);
    names.push_back(key.class_index < 0 ? key.name
                                        : boxes.class_names[static_cast<size_t>(key.class_index)]);
  }
  std::vector<ClassPart> parts;
  Json of_classes = Json::array();
  for (size_t c = 0; c < classes; ++c) {
    const ClassPart& part = parts.emplace_back(class_part(boxes.images, c));
    of_classes.push_back(
        {{"name", boxes.class_names[c]},
         {"boxes", part.boxes},
         {"images", std::count(part.rows.labels.begin(), part.rows.labels.end(), 1)},
         {"groups", part.support.positive},
         {"found", part.found}});
    keys.push_back(boxes.class_names[c] + ".image_auroc");
    names.push_back(boxes.class_names[c]);
    supports.push_back(part.support);
  }
  const auto values = [&](std::span<const double> weights) {
    auto found = map.values(weights);
    for (const auto& part : parts) found.push_back(image_auroc(part, weights));
    return found;
  };
  const auto all = values({});
  const Replicates replicates = resample(groups, options, keys.size(), values);
  Json of_keys = Json::object(), intervals = Json::object();
  Cautions cautions;
  for (size_t k = 0; k < keys.size(); ++k) {
    of_keys.push_back({keys[k], number_json(all[k])});
    if (options.draws <= 0) continue;
    intervals.push_back({keys[k],
                         std::isfinite(all[k])
                             ? interval_json(replicates[k], supports[k], options.confidence)
                             : Json()});
    cautions.add(names[k], supports[k]);
  }
  return {{"schema", "evenray-detection-1"},
          {"images", boxes.images.size()},
          {"classes", of_classes},
          {"values", of_keys},
          {"ci", intervals},
          {"bootstrap", resampling_json(groups, options)},
          {"cautions", cautions.json()}};
}

std::string detection_text(const Json& metrics) {
  const Json& values = metrics["values"];
  const auto with_ci = [&](const std::string& key) {
    return with_interval(metrics, key, values[key]);
  };
  std::vector<std::vector<std::string>> classes{
      {"class", "boxes", "images", "found", "AP", "AP50", "AUROC of images"}};
  for (const auto& one : metrics["classes"]) {
    const std::string name = one["name"];
    classes.push_back({name,
                       one["boxes"].dump(),
                       one["images"].dump(),
                       one["found"].dump(),
                       with_ci(name + ".ap"),
                       with_ci(name + ".ap50"),
                       with_ci(name + ".image_auroc")});
  }
  std::vector<std::vector<std::string>> overall{{"all classes", ""}};
  for (const char* key : {"ap",
                          "ap50",
                          "ap75",
                          "ap40",
                          "ap_small",
                          "ap_medium",
                          "ap_large",
                          "ar_1",
                          "ar_10",
                          "ar_100",
                          "ar_small",
                          "ar_medium",
                          "ar_large"})
    overall.push_back({key, with_ci(key)});
  return cat(metrics["images"].get<int64_t>(),
             " images",
             resampling_text(metrics["bootstrap"]),
             "\n",
             cautions_text(metrics["cautions"]),
             "\n",
             aligned_table(classes),
             "\n",
             aligned_table(overall));
}

}  // namespace evenray
