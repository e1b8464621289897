// SPDX-License-Identifier: Apache-2.0
#pragma once
// Values of a detector for any weights of the images, so that all have intervals in the same way.
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "metrics/detection/boxes.hpp"
#include "metrics/support.hpp"

namespace evenray {

/// What a value is about.
struct ValueKey {
  std::string name;   ///< "ap", "Cast.ap50"
  std::string about;  ///< what a caution names: the class, or `name`
  Support support;    ///< groups behind it; of a mean over classes, those of its rarest class
  std::vector<Support> of_classes{};  ///< of a mean over classes; else empty
};

/// Values of one set of images.
struct Measure {
  std::vector<ValueKey> keys;
  /// Returns one value per key. The argument: how often each image counts (empty: once each). NaN:
  /// not defined with these weights. Thread-safe.
  std::function<std::vector<double>(std::span<const double>)> values;
};

/// Returns the groups of some images, as many positive as negative ones: only images with boxes
/// limit an interval. The order and repetitions of `chosen` do not matter.
Support groups_of(const std::vector<ScoredImage>& images, std::vector<size_t> chosen);

/// Returns the support of the rarest class that has any groups.
Support rarest_support(const std::vector<Support>& of_classes);

/// Returns the values of several measures of the same images, one after another.
Measure joined(std::vector<Measure> parts);

/// Images of a measure.
struct MeasurePart {
  std::vector<size_t> images;  ///< places in the weights of the whole
  Measure measure;             ///< of these images alone
};

/// Returns the mean over `parts` (folds), which have the same keys. Parts in which a value is not
/// defined do not count: a fold without boxes, also in one draw of a bootstrap. So every fold is
/// one more measurement of the same quantity, which is not true of classes. A class that is absent
/// from a fold has no value there, and the fold's mean over classes is one over the others.
/// Supports are added up, those of means over classes class by class: a mean counts as the class
/// that is rarest in all parts together. Each group must be in one part.
Measure mean_over(std::vector<MeasurePart> parts);

/// Returns the measure of some images, for weights of all.
Measure of_part(MeasurePart part);

}  // namespace evenray
