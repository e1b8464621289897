// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "dataset/sample/sample.hpp"

namespace evenray {

/// Counts a class -> imbalance ratio (largest / smallest), IRLbl per class (Charte et al. 2015; 0
/// where absent) and their mean.
struct Imbalance {
  double ratio = 0, mean_ir = 0;
  std::vector<double> irlbl;
};
Imbalance imbalance(const std::vector<int64_t>& class_counts);

/// How labels come together in a multi-label set (Charte et al. 2015, 2019); unknown labels count
/// as absent.
struct Concurrence {
  double cardinality = 0;  ///< labels an image
  double density = 0;      ///< cardinality / classes
  int64_t labelsets = 0;   ///< distinct ones
  int64_t single = 0;      ///< of these, seen in one image only
  /// SCUMBLE: mean over the images of 1 - geometric / arithmetic mean of the IRLbl of their labels
  /// (0 without labels): 0 where rare labels stand alone, towards 1 where they come with common
  /// ones, so that copying images of the rare cannot help.
  double scumble = 0;
  std::vector<std::vector<int64_t>> together;  ///< [class][class] images with both; symmetric
};
Concurrence concurrence(const Manifest& manifest, const std::vector<double>& irlbl);

}  // namespace evenray
