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

/// `precision`: monotonous, at the points at which recall grows.
double voc_average(VocYear year,
                   const std::vector<double>& recall,
                   const std::vector<double>& precision) {
  double sum = 0;
  if (year == VocYear::voc12) {
    for (size_t i = 0; i < recall.size(); ++i)
      sum += (recall[i] - (i == 0 ? 0 : recall[i - 1])) * precision[i];
    return sum;
  }
  constexpr int kSteps = 10;
  size_t point = 0;
  for (int step = 0; step <= kSteps; ++step) {
    while (point < recall.size() && recall[point] < static_cast<double>(step) / kSteps) ++point;
    if (point < recall.size()) sum += precision[point] / (kSteps + 1);
  }
  return sum;
}

double voc_precision(const RankedOutcomes& ranked,
                     VocYear year,
                     std::span<const double> image_weights) {
  const double all = ranked.boxes(image_weights);
  if (all <= 0) return NAN;
  std::vector<double> recall, precision;
  double right = 0, wrong = 0;
  for (const uint32_t outcome : ranked.outcomes) {
    const double times = weight_of(image_weights, outcome / 2);
    if (outcome % 2 == 0) {
      wrong += times;
    } else if (times > 0) {
      right += times;
      recall.push_back(right / all);
      precision.push_back(right / (right + wrong));
    }
  }
  for (size_t i = precision.size(); i-- > 1;)
    precision[i - 1] = std::max(precision[i - 1], precision[i]);
  return voc_average(year, recall, precision);
}

}  // namespace

Measure voc_measure(const std::vector<ScoredImage>& images,
                    const std::vector<std::string>& class_names,
                    VocYear year,
                    double least_overlap,
                    int threads) {
  auto classes = std::make_shared<std::vector<RankedOutcomes>>(class_names.size());
  const auto boxes = boxes_by_class(images, class_names.size());
  parallel_for(classes->size(), threads, [&](size_t c) {
    (*classes)[c] = ranked_outcomes(
        boxes[c], [&](const ClassBoxes& one) { return voc_hits(one, least_overlap); });
  });
  Measure out;
  RarestSupport rarest;
  out.keys.push_back({"ap", "ap", {}});
  for (size_t c = 0; c < classes->size(); ++c) {
    std::vector<size_t> with_boxes;
    for (const CountedBox& target : (*classes)[c].targets) with_boxes.push_back(target.image);
    const Support support = groups_of(images, with_boxes);
    rarest.add(support);
    out.keys.push_back({class_names[c] + ".ap", class_names[c], support});
  }
  out.keys[0].support = rarest.value();
  out.values = [classes, year, count = images.size()](std::span<const double> image_weights) {
    check_weights(image_weights, count);
    ClassMean mean;
    std::vector<double> values{0};
    for (const RankedOutcomes& ranked : *classes) {
      values.push_back(voc_precision(ranked, year, image_weights));
      mean.add(!ranked.targets.empty(), values.back());
    }
    values[0] = mean.value();
    return values;
  };
  return out;
}

}  // namespace evenray
