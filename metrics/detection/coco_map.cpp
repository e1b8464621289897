// SPDX-License-Identifier: Apache-2.0
#include "metrics/detection/coco_map.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <memory>

#include "core/parallel.hpp"
#include "core/text.hpp"
#include "metrics/detection/class_boxes.hpp"

namespace evenray {
namespace {

constexpr uint32_t kMostBoxes = 100;
constexpr size_t kRecalls = 101;
/// The thresholds are .50 to .95, as numpy.linspace() rounds them, then .4.
constexpr size_t kMeanThresholds = 10, kAt50 = 0, kAt75 = 5, kAt40 = 10;

double overlap_threshold(size_t index) {
  if (index == kAt40) return .4;
  if (index + 1 == kMeanThresholds) return .95;
  return static_cast<double>(index) * ((.95 - .5) / 9) + .5;
}

bool outside(double area, size_t range) {
  constexpr double kSmall = 32. * 32, kMedium = 96. * 96, kMost = 1e10;
  constexpr std::array<double, 4> kLeast{0, 0, kSmall, kMedium},
      kLargest{kMost, kSmall, kMedium, kMost};
  return area < kLeast[range] || area > kLargest[range];
}

/// Mean of the monotonous precision at 101 recalls, from the points at which recall grows.
double average_precision_of(const std::vector<double>& recall, std::vector<double>& precision) {
  for (size_t i = precision.size(); i-- > 1;)
    precision[i - 1] = std::max(precision[i - 1], precision[i]);
  double sum = 0;
  size_t point = 0;
  for (size_t r = 0; r < kRecalls; ++r) {
    const double wanted = r + 1 == kRecalls ? 1 : static_cast<double>(r) * .01;
    while (point < recall.size() && recall[point] < wanted) ++point;
    if (point == recall.size()) break;
    sum += precision[point];
  }
  return sum / kRecalls;
}

/// Whether a right box has an area in the range decides if it is among the counted ones.
enum EventKind : uint32_t { right_counted, right_uncounted, ignored_counted };

}  // namespace

struct CocoMap::Averages {
  double ap, ap50, ap75, ap40, ar;
};

/// Matches the boxes of one class.
struct CocoMap::Matcher {
  /// A found box. Bit t of the masks is for threshold t.
  struct Found {
    double score;
    uint32_t image, rank;  ///< rank: within its image, from 0
    std::array<uint16_t, kAreas> matched{}, ignored{};
    std::array<bool, kAreas> counted{};  ///< its area is in the range
  };

  void add(const ClassBoxes& boxes) {
    const auto& truth = boxes.truth;
    const size_t count = std::min<size_t>(boxes.found.size(), kMostBoxes);
    overlaps.resize(count * truth.size());
    for (size_t f = 0; f < count; ++f)
      for (size_t t = 0; t < truth.size(); ++t)
        overlaps[f * truth.size() + t] = overlap(*boxes.found[f], *truth[t]);
    const size_t first = all.size();
    for (size_t f = 0; f < count; ++f) {
      Found found{boxes.found[f]->score, boxes.image, static_cast<uint32_t>(f)};
      for (size_t area = 0; area < kAreas; ++area)
        found.counted[area] = !outside(boxes.found[f]->area(), area);
      all.push_back(found);
    }
    Counted counted{boxes.image, {}};
    for (size_t area = 0; area < kAreas; ++area)
      counted.boxes[area] = match(truth, area, std::span(all).subspan(first));
    if (!truth.empty()) out.truth.push_back(counted);
  }

  /// Matches in one range of areas; returns the number of true boxes that count.
  uint32_t match(const std::vector<const TrueBox*>& truth, size_t area, std::span<Found> found) {
    const auto ignored = [&](size_t t) { return truth[t]->crowd || outside(truth[t]->area, area); };
    // Boxes that count come first, else in their order.
    order.clear();
    for (size_t t = 0; t < truth.size(); ++t)
      if (!ignored(t)) order.push_back(t);
    const size_t counting = order.size();
    for (size_t t = 0; t < truth.size(); ++t)
      if (ignored(t)) order.push_back(t);
    for (size_t threshold = 0; threshold < kThresholds; ++threshold) {
      taken.assign(truth.size(), 0);
      const double least = std::min(overlap_threshold(threshold), 1 - 1e-10);
      const auto bit = static_cast<uint16_t>(1U << threshold);
      for (size_t f = 0; f < found.size() && !truth.empty(); ++f) {
        double highest = least;
        size_t best = truth.size();
        for (size_t k = 0; k < order.size(); ++k) {
          const size_t t = order[k];
          if (taken[t] && !truth[t]->crowd) continue;
          // A box that counts is never given up for one that does not.
          if (best < truth.size() && k >= counting && !ignored(best)) break;
          const double shared = overlaps[f * truth.size() + t];
          if (!(shared >= highest)) continue;
          highest = shared;
          best = t;
        }
        if (best == truth.size()) continue;
        taken[best] = 1;
        (ignored(best) ? found[f].ignored : found[f].matched)[area] |= bit;
      }
    }
    return static_cast<uint32_t>(counting);
  }

  Outcomes outcomes(size_t area) const {
    Outcomes lists;
    for (const Found& one : all) {
      const bool counted = one.counted[area];
      if (counted) lists.counted.push_back(one.image);
      const auto place = static_cast<uint32_t>(lists.counted.size());
      for (size_t threshold = 0; threshold < kThresholds; ++threshold) {
        if (one.matched[area] >> threshold & 1)
          lists.events[threshold].push_back(
              {place, 4 * one.image + (counted ? right_counted : right_uncounted)});
        else if (counted && (one.ignored[area] >> threshold & 1))
          lists.events[threshold].push_back({place, 4 * one.image + ignored_counted});
      }
    }
    return lists;
  }

  /// Right boxes of so many of an image at most.
  std::vector<Hits> hits(uint32_t most) const {
    constexpr uint16_t kMean = (1U << kMeanThresholds) - 1;
    std::vector<Hits> list;
    for (const Found& one : all) {
      const auto right = static_cast<uint32_t>(std::popcount<uint16_t>(one.matched[0] & kMean));
      if (one.rank < most && right > 0) list.push_back({one.image, right});
    }
    return list;
  }

  OfClass finish() {
    std::stable_sort(
        all.begin(), all.end(), [](const Found& a, const Found& b) { return a.score > b.score; });
    for (size_t area = 0; area < kAreas; ++area) out.outcomes[area] = outcomes(area);
    out.first = hits(1);
    out.first_ten = hits(10);
    return std::move(out);
  }

  OfClass out;
  std::vector<Found> all;
  std::vector<double> overlaps;
  std::vector<size_t> order;
  std::vector<uint8_t> taken;
};

CocoMap::CocoMap(const std::vector<ScoredImage>& images,
                 const std::vector<std::string>& class_names,
                 int threads)
    : images_(images.size()), classes_(class_names.size()) {
  for (const char* name : {"ap", "ap50", "ap75", "ap40"}) keys_.push_back({name});
  const std::array<std::pair<const char*, AreaRange>, 3> areas{
      {{"small", AreaRange::small}, {"medium", AreaRange::medium}, {"large", AreaRange::large}}};
  for (const auto& [name, area] : areas) keys_.push_back({cat("ap_", name), area});
  for (const char* name : {"ar_1", "ar_10", "ar_100"}) keys_.push_back({name});
  for (const auto& [name, area] : areas) keys_.push_back({cat("ar_", name), area});
  for (size_t c = 0; c < class_names.size(); ++c)
    for (const char* key : {".ap", ".ap50"})
      keys_.push_back({class_names[c] + key, AreaRange::all, static_cast<int>(c)});
  const auto boxes = boxes_by_class(images, class_names.size());
  parallel_for(classes_.size(), threads, [&](size_t c) {
    Matcher matcher;
    for (const auto& in_image : boxes[c]) matcher.add(in_image);
    classes_[c] = matcher.finish();
  });
}

CocoMap::Averages CocoMap::averages(const OfClass& of_class,
                                    AreaRange area,
                                    std::span<const double> image_weights) const {
  const auto range = static_cast<size_t>(area);
  double all = 0;
  for (const auto& counted : of_class.truth)
    all += weight_of(image_weights, counted.image) * counted.boxes[range];
  if (all <= 0) return {NAN, NAN, NAN, NAN, NAN};
  // How many boxes count up to each place.
  const Outcomes& outcomes = of_class.outcomes[range];
  std::vector<double> up_to{0};
  up_to.reserve(outcomes.counted.size() + 1);
  for (const uint32_t image : outcomes.counted)
    up_to.push_back(up_to.back() + weight_of(image_weights, image));
  std::array<double, kThresholds> precision_at{};
  double ap = 0, ar = 0;
  std::vector<double> recalls, precisions;
  for (size_t threshold = 0; threshold < kThresholds; ++threshold) {
    recalls.clear();
    precisions.clear();
    double right = 0, more = 0;  // more: that count beside those of up_to
    for (const auto& [place, what] : outcomes.events[threshold]) {
      const double times = weight_of(image_weights, what / 4);
      if (times <= 0) continue;
      if (what % 4 == ignored_counted) {
        more -= times;
        continue;
      }
      if (what % 4 == right_uncounted) more += times;
      right += times;
      recalls.push_back(right / all);
      precisions.push_back(right / (up_to[place] + more + std::numeric_limits<double>::epsilon()));
    }
    precision_at[threshold] = average_precision_of(recalls, precisions);
    if (threshold >= kMeanThresholds) continue;
    ap += precision_at[threshold] / kMeanThresholds;
    ar += right / all / kMeanThresholds;
  }
  return {ap, precision_at[kAt50], precision_at[kAt75], precision_at[kAt40], ar};
}

double CocoMap::recall(const OfClass& of_class,
                       const std::vector<Hits>& hits,
                       std::span<const double> image_weights) const {
  double all = 0, right = 0;
  for (const auto& counted : of_class.truth)
    all += weight_of(image_weights, counted.image) * counted.boxes[0];
  for (const auto& [image, boxes] : hits) right += weight_of(image_weights, image) * boxes;
  return all > 0 ? right / all / kMeanThresholds : NAN;
}

std::vector<double> CocoMap::values(std::span<const double> image_weights) const {
  check_weights(image_weights, images_);
  std::array<ClassMean, 13> means;
  std::vector<double> of_classes;
  for (const OfClass& of_class : classes_) {
    std::array<bool, kAreas> has_boxes{};
    for (const auto& counted : of_class.truth)
      for (size_t area = 0; area < kAreas; ++area) has_boxes[area] |= counted.boxes[area] > 0;
    const Averages any = averages(of_class, AreaRange::all, image_weights);
    size_t place = 0;
    const auto add = [&](size_t area, double value) { means[place++].add(has_boxes[area], value); };
    for (const double value : {any.ap, any.ap50, any.ap75, any.ap40}) add(0, value);
    std::array<Averages, kAreas> parts{};
    for (size_t area = 1; area < kAreas; ++area) {
      parts[area] = averages(of_class, static_cast<AreaRange>(area), image_weights);
      add(area, parts[area].ap);
    }
    add(0, recall(of_class, of_class.first, image_weights));
    add(0, recall(of_class, of_class.first_ten, image_weights));
    add(0, any.ar);
    for (size_t area = 1; area < kAreas; ++area) add(area, parts[area].ar);
    of_classes.push_back(any.ap);
    of_classes.push_back(any.ap50);
  }
  std::vector<double> out;
  for (const ClassMean& mean : means) out.push_back(mean.value());
  out.insert(out.end(), of_classes.begin(), of_classes.end());
  return out;
}

std::vector<size_t> CocoMap::images_with_boxes(size_t class_index, AreaRange area) const {
  std::vector<size_t> images;
  for (const auto& counted : classes_.at(class_index).truth)
    if (counted.boxes[static_cast<size_t>(area)] > 0) images.push_back(counted.image);
  return images;
}

Measure coco_measure(const std::vector<ScoredImage>& images,
                     const std::vector<std::string>& class_names,
                     int threads) {
  const auto map = std::make_shared<const CocoMap>(images, class_names, threads);
  std::array<std::vector<Support>, 4> of_areas;
  for (size_t c = 0; c < class_names.size(); ++c)
    for (size_t area = 0; area < of_areas.size(); ++area)
      of_areas[area].push_back(
          groups_of(images, map->images_with_boxes(c, static_cast<AreaRange>(area))));
  Measure out;
  for (const auto& [name, area, class_index] : map->keys()) {
    const auto& supports = of_areas[static_cast<size_t>(area)];
    const auto c = static_cast<size_t>(std::max(0, class_index));
    out.keys.push_back(class_index < 0 ? ValueKey{name, name, rarest_support(supports), supports}
                                       : ValueKey{name, class_names[c], supports[c]});
  }
  out.values = [map](std::span<const double> image_weights) { return map->values(image_weights); };
  return out;
}

}  // namespace evenray
