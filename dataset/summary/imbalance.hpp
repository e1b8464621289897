// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "dataset/sample/sample.hpp"

namespace evenray {

/// Measures of class imbalance.
struct Imbalance {
  double ratio = 0;           ///< largest count / smallest; infinite if a class has no image
  double mean_ir = 0;         ///< mean IRLbl of the classes that have images
  std::vector<double> irlbl;  ///< IRLbl per class (Charte et al. 2015): largest count / own count;
                              ///< 0 if the class has no image
};
/// Computes the imbalance of a set from its number of images per class.
Imbalance imbalance(const std::vector<int64_t>& class_counts);

/// How labels occur together in a multi-label set (Charte et al. 2015, 2019). Unknown labels count
/// as absent.
struct Concurrence {
  double cardinality = 0;  ///< labels per image
  double density = 0;      ///< cardinality / classes
  int64_t labelsets = 0;   ///< number of distinct label sets
  int64_t single = 0;      ///< label sets that occur in one image only
  /// SCUMBLE: mean over the images of 1 - geometric mean / arithmetic mean of the IRLbl of their
  /// labels (0 without labels). 0: rare labels occur alone. Near 1: rare labels occur together with
  /// frequent ones, so that copying their images cannot help.
  double scumble = 0;
  std::vector<std::vector<int64_t>> together;  ///< [class][class] images with both; symmetric
};
/// Computes the concurrence of the labels of images. `irlbl`: one value per class, from
/// imbalance().
Concurrence concurrence(const std::vector<std::vector<int8_t>>& labels,
                        const std::vector<double>& irlbl);

}  // namespace evenray
