// SPDX-License-Identifier: Apache-2.0
#include "metrics/detection/by_value.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "core/text.hpp"
#include "metrics/detection/detection_measure.hpp"
#include "metrics/detection/froc.hpp"
#include "metrics/stats.hpp"

namespace evenray {
namespace {

constexpr double kOperatingRate = 1;  // wrong boxes per image

/// A true box, and whether it is found at the operating score of its class.
struct Hit {
  uint32_t image;
  double area;
  bool found;
};

std::vector<Hit> operating_hits(const std::vector<ScoredImage>& images,
                                size_t classes,
                                double least_overlap,
                                int threads) {
  std::vector<Hit> hits;
  const auto all = froc_classes(images, classes, {least_overlap}, threads);
  for (const auto& ranked : *all) {
    const double least = score_at_wrong(ranked, images.size(), kOperatingRate);
    for (const auto& [image, area, score] : ranked.targets)
      hits.push_back({image, area, score >= least});
  }
  return hits;
}

Measure recall_measure(const std::vector<ScoredImage>& images,
                       const std::string& name,
                       std::vector<Hit> hits) {
  std::vector<size_t> with_boxes;
  for (const Hit& hit : hits) with_boxes.push_back(hit.image);
  Measure out{{{name + ".recall", name, groups_of(images, with_boxes)}}, {}};
  out.values = [hits = std::move(hits)](std::span<const double> image_weights) {
    double all = 0, right = 0;
    for (const Hit& hit : hits) {
      const double times = weight_of(image_weights, hit.image);
      all += times;
      if (hit.found) right += times;
    }
    return std::vector<double>{all > 0 ? right / all : NAN};
  };
  return out;
}

/// The first key of a measure that a table shows: AP50, or VOC's AP.
Measure only_average(Measure measure, const std::string& name, bool coco) {
  const size_t key = coco ? 1 : 0;
  Measure out{{measure.keys[key]}, {}};
  out.keys[0].name = name + (coco ? ".ap50" : ".ap");
  out.keys[0].about = name;
  out.values = [key, values = std::move(measure.values)](std::span<const double> image_weights) {
    return std::vector<double>{values(image_weights)[key]};
  };
  return out;
}

bool in_range(const SizeRange& range, double area) {
  return area > range.above && area <= range.at_most;
}

}  // namespace

Division division_of(const CocoBoxes& boxes) {
  constexpr double kSmall = 32. * 32, kMedium = 96. * 96,
                   kAny = std::numeric_limits<double>::infinity();
  // As in COCO, an area on a border is on both sides of it.
  Division out{{{"small", -1, kSmall},
                {"medium", std::nextafter(kSmall, 0.), kMedium},
                {"large", std::nextafter(kMedium, 0.), kAny}},
               {}};
  std::vector<double> areas;
  for (const auto& image : boxes.images)
    for (const auto& box : image.truth)
      if (!box.ignored()) areas.push_back(box.area);
  if (!areas.empty()) {
    double above = -1;
    for (int quarter = 1; quarter <= 4; ++quarter) {
      const double at_most = quarter == 4 ? kAny : quantile(areas, quarter / 4.);
      out.sizes.push_back({cat("quarter ", quarter), above, at_most});
      above = at_most;
    }
  }
  for (size_t c = 0; c < boxes.columns.size(); ++c) {
    std::set<std::string> values;
    for (const auto& image : boxes.images) values.insert(image.columns[c]);
    out.values.emplace_back(values.begin(), values.end());
  }
  return out;
}

Measure by_value_measure(const std::vector<ScoredImage>& images,
                         const CocoBoxes& all,
                         const Division& division,
                         const DetectionOptions& options,
                         int threads) {
  const auto hits = operating_hits(images, all.class_names.size(), options.overlap, threads);
  const auto hits_where = [&](const auto& chosen) {
    std::vector<Hit> some;
    std::copy_if(hits.begin(), hits.end(), std::back_inserter(some), chosen);
    return some;
  };
  std::vector<Measure> parts;
  for (const auto& range : division.sizes)
    parts.push_back(
        recall_measure(images, "box_size=" + range.name, hits_where([&](const Hit& hit) {
                         return in_range(range, hit.area);
                       })));
  for (size_t c = 0; c < division.values.size(); ++c) {
    for (const auto& value : division.values[c]) {
      const std::string name = cat(all.columns[c], "=", value);
      MeasurePart part;
      std::vector<ScoredImage> own;
      for (size_t i = 0; i < images.size(); ++i) {
        if (images[i].columns[c] != value) continue;
        part.images.push_back(i);
        own.push_back(images[i]);
      }
      part.measure = only_average(average_precision_measure(own, all.class_names, options, threads),
                                  name,
                                  options.style == ApStyle::coco);
      parts.push_back(of_part(std::move(part)));
      parts.push_back(recall_measure(images, name, hits_where([&](const Hit& hit) {
                                       return images[hit.image].columns[c] == value;
                                     })));
    }
  }
  return joined(std::move(parts));
}

Json division_json(const CocoBoxes& boxes, const Division& division) {
  /// Counts images that `chosen` accepts or that have a box that `inside` accepts.
  const auto counts = [&](const std::string& value, const auto& chosen, const auto& inside) {
    int64_t images = 0, count = 0;
    for (const auto& image : boxes.images) {
      const int64_t own =
          std::count_if(image.truth.begin(), image.truth.end(), [&](const auto& box) {
            return !box.ignored() && inside(image, box);
          });
      count += own;
      images += chosen(image) || own > 0;
    }
    return Json{{"value", value}, {"images", images}, {"boxes", count}};
  };
  Json sizes = Json::array(), out = Json::array();
  for (const auto& range : division.sizes)
    sizes.push_back(counts(
        range.name,
        [](const ScoredImage&) { return false; },
        [&](const ScoredImage&, const TrueBox& box) { return in_range(range, box.area); }));
  out.push_back({{"column", "box_size"}, {"values", sizes}});
  for (size_t c = 0; c < division.values.size(); ++c) {
    Json values = Json::array();
    for (const auto& value : division.values[c]) {
      const auto chosen = [&](const ScoredImage& image) { return image.columns[c] == value; };
      values.push_back(counts(
          value, chosen, [&](const ScoredImage& image, const TrueBox&) { return chosen(image); }));
    }
    out.push_back({{"column", boxes.columns[c]}, {"values", values}});
  }
  return out;
}

}  // namespace evenray
