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

/// How a threshold is picked from the ROC curve of the validation part.
struct ThresholdRule {
  enum class Kind {
    youden,       ///< the largest sensitivity + specificity - 1 (Youden 1950)
    sensitivity,  ///< the highest threshold whose sensitivity is at least `sensitivity`
    cost          ///< the least miss_cost * false negatives + false_alarm_cost * false positives
  };
  Kind kind = Kind::youden;
  double sensitivity = 1;                      ///< above 0, at most 1
  double miss_cost = 1, false_alarm_cost = 1;  ///< above 0; only their ratio matters
};

/// Parses the setting classify.threshold: "youden", "sensitivity=.95" or "cost=10:1" (one miss
/// costs as much as ten false alarms). Throws 78 for any other text.
ThresholdRule parse_threshold_rule(const std::string& text);

/// Picks thresholds by a rule: of several equally good ones the highest, moved to the middle
/// between its score and the next lower score. Pick thresholds on the validation part and keep them
/// for the test part. Two exclusive classes get one threshold, for the rarer class (the last one if
/// they are equal); otherwise each class gets one. A class gets none if all its labels are the
/// same, or by `youden` if no threshold has J > 0. Where predicting no row costs least, `cost`
/// gives the middle between the highest score and 1 (unless a score is 1). Of three or more
/// exclusive classes, decide() weighs the thresholds against each other, so the rule need not hold
/// for the decisions.
Thresholds pick_thresholds(const Predictions& validation, const ThresholdRule& rule = {});

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
