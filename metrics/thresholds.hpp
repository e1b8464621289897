// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "metrics/predictions.hpp"

namespace evenray {

/// Class name -> the lowest probability at which the class is predicted.
using Thresholds = std::map<std::string, double>;

/// Reads a JSON file {"CLASS": t}. Throws 66 if the file is missing, 65 if it is not an object of
/// numbers from 0 to 1.
Thresholds read_thresholds(const Path& path);

/// Picks the threshold with the largest Youden's J = sensitivity + specificity - 1 (the highest
/// such threshold, moved to the middle between its score and the next lower score). Pick thresholds
/// on the validation part and keep them for the test part. Two exclusive classes get one threshold,
/// for the rarer class (the last one if they are equal); otherwise each class gets one. A class
/// gets none if all its labels are the same or if no threshold has J > 0.
Thresholds pick_thresholds(const Predictions& validation);

/// The predicted classes of each row. Which classes are predicted:
///
/// - Exclusive classes (one_hot()) without thresholds: the class of the highest probability, the
///   first one on a tie.
/// - Two exclusive classes with a threshold for one of them: that class if its probability reaches
///   the threshold, otherwise the other class. With thresholds for both, only that of the rarer
///   class is used (of the last class if they are equal).
/// - More exclusive classes with thresholds: the class of the highest probability / threshold (.5
///   for a class without one).
/// - Classes that are not exclusive: each class whose probability reaches its threshold (.5 for a
///   class without one).
struct Decisions {
  bool exclusive = false;                         ///< exactly one class per row is predicted
  std::vector<std::vector<uint8_t>> predicted;    ///< [row][class]: 1 if predicted, else 0
  std::vector<std::optional<double>> thresholds;  ///< [class]; nullopt: not used
};
/// Applies the thresholds. Throws 65 for a threshold of a class that the predictions lack.
Decisions decide(const Predictions& predictions, const Thresholds& thresholds);

}  // namespace evenray
