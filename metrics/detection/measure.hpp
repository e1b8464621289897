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

/// The support of a mean over classes: that of the rarest one that has any groups.
class RarestSupport {
 public:
  void add(const Support& support);
  const Support& value() const { return rarest_; }

 private:
  Support rarest_;
};

/// Returns the values of several measures of the same images, one after another.
Measure joined(std::vector<Measure> parts);

/// Images of a measure.
struct MeasurePart {
  std::vector<size_t> images;  ///< places in the weights of the whole
  Measure measure;             ///< of these images alone
};

/// Returns the mean over `parts` (folds), which have the same keys. Parts in which a value is not
/// defined do not count: a fold without boxes, also in one draw of a bootstrap. So every fold is
/// one more measurement of the same quantity, which is not true of classes. Supports are added up.
Measure mean_over(std::vector<MeasurePart> parts);

/// Returns the measure of some images, for weights of all.
Measure of_part(MeasurePart part);

}  // namespace evenray
