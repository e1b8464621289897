// SPDX-License-Identifier: Apache-2.0
#pragma once
// PASCAL VOC's mean average precision (Everingham et al. 2010, International Journal of Computer
// Vision 88, 303-338; the development kits of 2007 and 2012).
#include "metrics/detection/class_boxes.hpp"
#include "metrics/detection/measure.hpp"

namespace evenray {

/// Returns the outcomes of the boxes of a class by the rule of voc_measure(). Throws 65 as
/// ranked_outcomes() does.
RankedOutcomes voc_outcomes(const std::vector<ClassBoxes>& boxes, double least_overlap);

struct PrecisionPoint {
  double recall = 0, precision = 0;
};

/// Returns the points at which recall grows. `precision`: monotonous, the highest one at this
/// recall or above. Empty without true boxes. Weights: as in CocoMap.
std::vector<PrecisionPoint> precision_recall(const RankedOutcomes& ranked,
                                             std::span<const double> image_weights = {});

enum class VocYear {
  voc07,  ///< mean of the highest precision at a recall of at least 0, .1, ..., 1
  voc12   ///< area under the monotonous precision: the rule from 2010 on
};

/// Returns "ap", the mean over classes with boxes, and CLASS.ap.
///
/// By descending score, a found box is compared with the one true box of its class that it overlaps
/// most (of equal ones the first), also if that is taken. It is right if the overlap is
/// `least_overlap` or more and the true box was not taken; else it is wrong. If the true box is
/// difficult and the overlap is enough, it is neither. VOC has no crowds: here a box that would be
/// wrong is neither if that share of it lies in a crowd. All found boxes count. With voc12 and an
/// overlap of .4 this is the score of the VinBigData challenge.
///
/// Boxes have continuous coordinates, from x to x + width. VOC's own program takes whole pixels,
/// both ends included, so that all sides are 1 longer; for its values, give such boxes.
///
/// Weights, ties and undefined values: as in CocoMap. Throws 1 for a class index that is not below
/// `class_names`.size(), 65 for more than 1e8 pairs of boxes of a class in one image.
Measure voc_measure(const std::vector<ScoredImage>& images,
                    const std::vector<std::string>& class_names,
                    VocYear year,
                    double least_overlap = .5,
                    int threads = 1);

}  // namespace evenray
