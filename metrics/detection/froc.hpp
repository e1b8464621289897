// SPDX-License-Identifier: Apache-2.0
#pragma once
// Free-response operating characteristic (Chakraborty 1989, Medical Physics 16, 561-568) with the
// score of the LUNA16 challenge.
#include <array>
#include <memory>
#include <optional>

#include "metrics/detection/class_boxes.hpp"
#include "metrics/detection/measure.hpp"

namespace evenray {

/// The wrong boxes per image at which the sensitivity is read.
inline constexpr std::array<double, 6> kFrocRates{.25, .5, 1, 2, 4, 8};

/// Which true boxes a found box hits: those that its centre lies in, or those that it overlaps by a
/// threshold or more. The centre is the rule of LUNA16 and of MONAI. PI-CAI uses an overlap of .1.
struct HitRule {
  std::optional<double> least_overlap{};  ///< not set: the centre of the box

  bool hits(const FoundBox& found, const TrueBox& truth) const;
  /// "centre", or "overlap" and the threshold.
  std::string text() const;
};

/// Returns the outcomes of the boxes of a class. By descending score, a found box is right if it
/// hits a true box that no other box hit before; of several, it hits the one that it overlaps most,
/// of equal ones the first. It is neither right nor wrong if all boxes that it hits were hit
/// before, or are difficult or crowds. Else it is wrong. Throws 65 as ranked_outcomes() does.
RankedOutcomes froc_outcomes(const std::vector<ClassBoxes>& boxes, const HitRule& rule);

struct FrocPoint {
  double wrong_per_image = 0, sensitivity = 0;
  double score = 0;  ///< boxes with this score or more count
};

/// Returns the points of the curve in ascending order, one for each score at which the sensitivity
/// grows or is about to. Between points it is a straight line; before the first, from 0, 0; after
/// the last it is level. `images`: all, also those without boxes. Empty without true boxes.
std::vector<FrocPoint> froc_curve(const RankedOutcomes& ranked, size_t images);

/// Returns the height of such a curve; of several points above each other, that of the highest.
double sensitivity_at(const std::vector<FrocPoint>& curve, double wrong_per_image);

/// Returns the lowest score at which no more than `wrong_per_image` boxes are wrong; infinity if
/// the highest score has more.
double score_at_wrong(const RankedOutcomes& ranked, size_t images, double wrong_per_image);

/// Returns "froc" (the mean of the sensitivities at kFrocRates), "sensitivity_0.25", ...,
/// "sensitivity_8", each the mean over classes with boxes, then CLASS.froc. Between points of the
/// curve, sensitivity is interpolated, as LUNA16 and MONAI do; where several points have equally
/// many wrong boxes, the highest counts. Weights and undefined values: as in CocoMap.
/// `classes`: [class].
Measure froc_measure(const std::vector<ScoredImage>& images,
                     const std::vector<std::string>& class_names,
                     const std::shared_ptr<const std::vector<RankedOutcomes>>& classes);

/// Returns froc_outcomes() of all classes.
std::shared_ptr<const std::vector<RankedOutcomes>> froc_classes(
    const std::vector<ScoredImage>& images, size_t classes, const HitRule& rule, int threads = 1);

}  // namespace evenray
