// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "metrics/predictions.hpp"

namespace evenray {

/// Class -> the probability from which on it is said to be there.
using Thresholds = std::map<std::string, double>;

/// {"class": t}. Throws 66, 65 for what is not an object of numbers from 0 to 1.
Thresholds read_thresholds(const Path& path);

/// By Youden's J = sensitivity + specificity - 1 at its largest (the highest such threshold, set
/// midway to the next lower score). Pick them on the validation part and keep them. Two exclusive
/// classes: one threshold, for the rarer class (equal: the last); otherwise one a class; none for a
/// class whose labels are all the same or that is told no better than by chance.
Thresholds pick_thresholds(const Predictions& validation);

/// What a class is said to be. Exclusive classes (one_hot): the highest probability, the first on a
/// tie; with a threshold for one of two classes, or for both, that class (the rarer, equal: the
/// last) from its threshold on, else the other one; with thresholds among more classes the highest
/// probability / threshold (.5 where it has none). Otherwise each class from its threshold (.5) on.
struct Decisions {
  bool exclusive = false;
  std::vector<std::vector<uint8_t>> said;         ///< [row][class]
  std::vector<std::optional<double>> thresholds;  ///< by class; empty: its threshold had no say
};
/// Throws 65 for a threshold of a class that the predictions lack.
Decisions decide(const Predictions& predictions, const Thresholds& thresholds);

}  // namespace evenray
