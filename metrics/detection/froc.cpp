// SPDX-License-Identifier: Apache-2.0
#include "metrics/detection/froc.hpp"

#include <cmath>
#include <limits>

#include "core/parallel.hpp"
#include "core/text.hpp"

namespace evenray {
namespace {

/// The sensitivities at kFrocRates while a curve is followed from 0, 0.
class RateReader {
 public:
  void add(double wrong_per_image, double sensitivity) {
    for (; read_ < kFrocRates.size() && kFrocRates[read_] < wrong_per_image; ++read_)
      values_[read_] = sensitivity_ + (sensitivity - sensitivity_) *
                                          (kFrocRates[read_] - wrong_per_image_) /
                                          (wrong_per_image - wrong_per_image_);
    wrong_per_image_ = wrong_per_image;
    sensitivity_ = sensitivity;
  }
  bool done() const { return read_ == kFrocRates.size(); }
  const std::array<double, kFrocRates.size()>& finish() {
    for (; read_ < kFrocRates.size(); ++read_) values_[read_] = sensitivity_;
    return values_;
  }

 private:
  std::array<double, kFrocRates.size()> values_{};
  size_t read_ = 0;
  double wrong_per_image_ = 0, sensitivity_ = 0;
};

/// Calls visit(wrong, right, place) after the last box of each score; false from it ends.
template <class Visit>
void walk_scores(const RankedOutcomes& ranked,
                 std::span<const double> image_weights,
                 const Visit& visit) {
  std::array<double, 2> counts{};  // wrong, right
  for (size_t i = 0; i < ranked.outcomes.size(); ++i) {
    const uint32_t outcome = ranked.outcomes[i];
    counts[outcome % 2] += weight_of(image_weights, outcome / 2);
    if (i + 1 < ranked.scores.size() && ranked.scores[i + 1] == ranked.scores[i]) continue;
    if (!visit(counts[0], counts[1], i)) return;
  }
}

std::array<double, kFrocRates.size()> sensitivities(const RankedOutcomes& ranked,
                                                    double images,
                                                    std::span<const double> image_weights) {
  const double all = ranked.boxes(image_weights);
  RateReader reader;
  if (all > 0)
    walk_scores(ranked, image_weights, [&](double wrong, double right, size_t) {
      reader.add(wrong / images, right / all);
      return !reader.done();
    });
  auto values = reader.finish();
  if (all <= 0) values.fill(NAN);
  return values;
}

}  // namespace

bool HitRule::hits(const FoundBox& found, const TrueBox& truth) const {
  if (least_overlap) return overlap(found, truth) >= *least_overlap;
  const double x = found.box.x + found.box.width / 2, y = found.box.y + found.box.height / 2;
  const PixelBox& box = truth.box;
  return x >= box.x && x < box.x + box.width && y >= box.y && y < box.y + box.height;
}

std::string HitRule::text() const {
  return least_overlap ? cat("overlap ", *least_overlap) : "centre";
}

RankedOutcomes froc_outcomes(const std::vector<ClassBoxes>& boxes, const HitRule& rule) {
  return ranked_outcomes(boxes, [&](const ClassBoxes& one) {
    std::vector<uint8_t> taken(one.truth.size());
    std::vector<int> hits;
    for (const FoundBox* found : one.found) {
      double highest = -1;
      int hit = kWrong;
      for (size_t t = 0; t < one.truth.size(); ++t) {
        if (!rule.hits(*found, *one.truth[t])) continue;
        if (hit == kWrong) hit = kNeither;
        const double shared = overlap(*found, *one.truth[t]);
        if (taken[t] || one.truth[t]->ignored() || !(shared > highest)) continue;
        highest = shared;
        hit = static_cast<int>(t);
      }
      if (hit >= 0) taken[static_cast<size_t>(hit)] = 1;
      hits.push_back(hit);
    }
    return hits;
  });
}

std::vector<FrocPoint> froc_curve(const RankedOutcomes& ranked, size_t images) {
  std::vector<FrocPoint> points;
  const auto all = static_cast<double>(ranked.targets.size());
  if (all == 0) return points;
  walk_scores(ranked, {}, [&](double wrong, double right, size_t place) {
    const FrocPoint point{wrong / static_cast<double>(images), right / all, ranked.scores[place]};
    const double before = points.size() < 2 ? 0 : points[points.size() - 2].sensitivity;
    // A level stretch needs its two ends only.
    const bool level = !points.empty() && points.back().sensitivity == point.sensitivity &&
                       before == point.sensitivity;
    if (level)
      points.back() = point;
    else
      points.push_back(point);
    return true;
  });
  return points;
}

double sensitivity_at(const std::vector<FrocPoint>& curve, double wrong_per_image) {
  FrocPoint before;
  for (const auto& point : curve) {
    if (point.wrong_per_image > wrong_per_image)
      return before.sensitivity + (point.sensitivity - before.sensitivity) *
                                      (wrong_per_image - before.wrong_per_image) /
                                      (point.wrong_per_image - before.wrong_per_image);
    before = point;
  }
  return before.sensitivity;
}

double score_at_wrong(const RankedOutcomes& ranked, size_t images, double wrong_per_image) {
  double lowest = std::numeric_limits<double>::infinity();
  walk_scores(ranked, {}, [&](double wrong, double, size_t place) {
    if (wrong > wrong_per_image * static_cast<double>(images)) return false;
    lowest = ranked.scores[place];
    return true;
  });
  return lowest;
}

Measure froc_measure(const std::vector<ScoredImage>& images,
                     const std::vector<std::string>& class_names,
                     const std::shared_ptr<const std::vector<RankedOutcomes>>& classes) {
  Measure out;
  std::vector<Support> supports;
  std::vector<ValueKey> of_classes;
  for (size_t c = 0; c < classes->size(); ++c) {
    std::vector<size_t> with_boxes;
    for (const CountedBox& target : (*classes)[c].targets) with_boxes.push_back(target.image);
    supports.push_back(groups_of(images, with_boxes));
    of_classes.push_back({class_names[c] + ".froc", class_names[c], supports.back()});
  }
  out.keys.push_back({"froc", "froc", rarest_support(supports), supports});
  for (const double rate : kFrocRates)
    out.keys.push_back({cat("sensitivity_", rate), "froc", rarest_support(supports), supports});
  out.keys.insert(out.keys.end(), of_classes.begin(), of_classes.end());
  out.values = [classes, count = images.size()](std::span<const double> image_weights) {
    check_weights(image_weights, count);
    double sum = image_weights.empty() ? static_cast<double>(count) : 0;
    for (const double weight : image_weights) sum += weight;
    std::array<ClassMean, 1 + kFrocRates.size()> means;
    std::vector<double> scores;
    for (const RankedOutcomes& ranked : *classes) {
      const auto at_rates = sensitivities(ranked, sum, image_weights);
      const bool has_boxes = !ranked.targets.empty();
      double score = 0;
      for (size_t r = 0; r < at_rates.size(); ++r) {
        means[1 + r].add(has_boxes, at_rates[r]);
        score += at_rates[r] / static_cast<double>(at_rates.size());
      }
      means[0].add(has_boxes, score);
      scores.push_back(score);
    }
    std::vector<double> values;
    for (const ClassMean& mean : means) values.push_back(mean.value());
    values.insert(values.end(), scores.begin(), scores.end());
    return values;
  };
  return out;
}

std::shared_ptr<const std::vector<RankedOutcomes>> froc_classes(
    const std::vector<ScoredImage>& images, size_t classes, const HitRule& rule, int threads) {
  auto out = std::make_shared<std::vector<RankedOutcomes>>(classes);
  const auto boxes = boxes_by_class(images, classes);
  parallel_for(classes, threads, [&](size_t c) { (*out)[c] = froc_outcomes(boxes[c], rule); });
  return out;
}

}  // namespace evenray
