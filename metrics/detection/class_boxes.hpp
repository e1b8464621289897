// SPDX-License-Identifier: Apache-2.0
#pragma once
// What the kinds of average precision and FROC share: boxes by class, outcomes by score.
#include <cmath>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "metrics/detection/boxes.hpp"

namespace evenray {

/// The boxes of one class in an image. Found ones have descending scores; equal scores keep their
/// order.
struct ClassBoxes {
  uint32_t image;
  std::vector<const TrueBox*> truth;
  std::vector<const FoundBox*> found;
};

/// Returns [class][image that has a box of it]. The boxes stay in `images`. Throws 1 for a class
/// index that is not below `classes`.
std::vector<std::vector<ClassBoxes>> boxes_by_class(const std::vector<ScoredImage>& images,
                                                    size_t classes);

/// `image_weights`: how often each image counts; empty: once each.
inline double weight_of(std::span<const double> image_weights, size_t image) {
  return image_weights.empty() ? 1 : image_weights[image];
}

/// Throws 1 unless there is one weight for each image, or none.
void check_weights(std::span<const double> image_weights, size_t images);

/// The mean over classes. Those that have no true boxes at all do not count.
class ClassMean {
 public:
  void add(bool has_boxes, double value) {
    if (!has_boxes) return;
    sum_ += value;
    ++count_;
  }
  double value() const { return count_ > 0 ? sum_ / count_ : NAN; }

 private:
  double sum_ = 0, count_ = 0;
};

/// What a found box is, where it is not the place of the true box that it hits.
inline constexpr int kWrong = -1, kNeither = -2;

/// A true box that counts.
struct CountedBox {
  uint32_t image;
  double area;   ///< in square pixels
  double score;  ///< of the box that hit it; -infinity without
};

/// The found boxes of a class that are right or wrong, by descending score, and the true boxes.
struct RankedOutcomes {
  std::vector<uint32_t> outcomes;  ///< twice the image, plus 1 if the box is right
  std::vector<double> scores;      ///< one per outcome
  std::vector<CountedBox> targets;

  /// Returns the number of true boxes.
  double boxes(std::span<const double> image_weights) const;
};

/// Matches the boxes of a class that are not ignored(). `match` returns what each found box of an
/// image is: the place of a true box, each at most once, kWrong or kNeither. Throws 65 if an image
/// has so many boxes of a class that there are more than 1e8 pairs.
RankedOutcomes ranked_outcomes(const std::vector<ClassBoxes>& boxes,
                               const std::function<std::vector<int>(const ClassBoxes&)>& match);

}  // namespace evenray
