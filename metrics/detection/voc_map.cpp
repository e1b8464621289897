// SPDX-License-Identifier: Apache-2.0
#include "metrics/detection/voc_map.hpp"

#include <algorithm>
#include <cmath>
#include <memory>

#include "core/parallel.hpp"
#include "metrics/detection/class_boxes.hpp"

namespace evenray {
namespace {

std::vector<int> voc_hits(const ClassBoxes& boxes, double least_overlap) {
  std::vector<uint8_t> taken(boxes.truth.size());
  std::vector<int> hits;
  for (const FoundBox* found : boxes.found) {
    double highest = 0;
    size_t best = boxes.truth.size();
    bool on_crowd = false;
    for (size_t t = 0; t < boxes.truth.size(); ++t) {
      const double shared = overlap(*found, *boxes.truth[t]);
      if (boxes.truth[t]->crowd) {
        on_crowd |= shared >= least_overlap;
      } else if (shared > highest) {
        highest = shared;
        best = t;
      }
    }
    const bool enough = best < boxes.truth.size() && highest >= least_overlap;
    if (enough && boxes.truth[best]->difficult) {
      hits.push_back(kNeither);
    } else if (enough && !taken[best]) {
      hits.push_back(static_cast<int>(best));
      taken[best] = 1;
    } else {
      hits.push_back(on_crowd ? kNeither : kWrong);
    }
  }
  return hits;
}

double voc_average(VocYear year, const std::vector<PrecisionPoint>& points) {
  double sum = 0;
  if (year == VocYear::voc12) {
    for (size_t i = 0; i < points.size(); ++i)
      sum += (points[i].recall - (i == 0 ? 0 : points[i - 1].recall)) * points[i].precision;
    return sum;
  }
  constexpr int kSteps = 10;
  size_t point = 0;
  for (int step = 0; step <= kSteps; ++step) {
    while (point < points.size() && points[point].recall < static_cast<double>(step) / kSteps)
      ++point;
    if (point < points.size()) sum += points[point].precision / (kSteps + 1);
  }
  return sum;
}

}  // namespace

RankedOutcomes voc_outcomes(const std::vector<ClassBoxes>& boxes, double least_overlap) {
  return ranked_outcomes(boxes,
                         [&](const ClassBoxes& one) { return voc_hits(one, least_overlap); });
}

std::vector<PrecisionPoint> precision_recall(const RankedOutcomes& ranked,
                                             std::span<const double> image_weights) {
  std::vector<PrecisionPoint> points;
  const double all = ranked.boxes(image_weights);
  if (all <= 0) return points;
  double right = 0, wrong = 0;
  for (const uint32_t outcome : ranked.outcomes) {
    const double times = weight_of(image_weights, outcome / 2);
    if (outcome % 2 == 0) {
      wrong += times;
    } else if (times > 0) {
      right += times;
      points.push_back({right / all, right / (right + wrong)});
    }
  }
  for (size_t i = points.size(); i-- > 1;)
    points[i - 1].precision = std::max(points[i - 1].precision, points[i].precision);
  return points;
}

Measure voc_measure(const std::vector<ScoredImage>& images,
                    const std::vector<std::string>& class_names,
                    VocYear year,
                    double least_overlap,
                    int threads) {
  auto classes = std::make_shared<std::vector<RankedOutcomes>>(class_names.size());
  const auto boxes = boxes_by_class(images, class_names.size());
  parallel_for(classes->size(), threads, [&](size_t c) {
    (*classes)[c] = voc_outcomes(boxes[c], least_overlap);
  });
  Measure out;
  std::vector<Support> supports;
  out.keys.push_back({"ap", "ap", {}});
  for (size_t c = 0; c < classes->size(); ++c) {
    std::vector<size_t> with_boxes;
    for (const CountedBox& target : (*classes)[c].targets) with_boxes.push_back(target.image);
    supports.push_back(groups_of(images, with_boxes));
    out.keys.push_back({class_names[c] + ".ap", class_names[c], supports.back()});
  }
  out.keys[0].support = rarest_support(supports);
  out.keys[0].of_classes = supports;
  out.values = [classes, year, count = images.size()](std::span<const double> image_weights) {
    check_weights(image_weights, count);
    ClassMean mean;
    std::vector<double> values{0};
    for (const RankedOutcomes& ranked : *classes) {
      values.push_back(ranked.boxes(image_weights) > 0
                           ? voc_average(year, precision_recall(ranked, image_weights))
                           : NAN);
      mean.add(!ranked.targets.empty(), values.back());
    }
    values[0] = mean.value();
    return values;
  };
  return out;
}

}  // namespace evenray
