// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace evenray {

/// A small logistic regression on a table's columns: the baseline that shows what metadata alone
/// give away.

/// Rows of equal length.
using FeatureRows = std::vector<std::vector<double>>;

/// Turns rows of text (a store's meta columns; empty = missing) into standardised features. A
/// column whose values all are numbers gives one feature, missing ones at the mean, and where
/// values are missing a second one that says so. Any other column gives one feature for each text,
/// missing included, that at least `min_rows` rows have, at most `max_texts` of them (the most
/// frequent): the rest, and texts first seen later, are all zeros. Learnt from the rows given to
/// the constructor alone.
class TableEncoder {
 public:
  explicit TableEncoder(const std::vector<std::vector<std::string>>& rows,
                        size_t min_rows = 5,
                        size_t max_texts = 50);
  FeatureRows encode(const std::vector<std::vector<std::string>>& rows) const;
  /// Features a row; 0 where no column tells anything.
  size_t size() const { return features_.size(); }

 private:
  enum class Kind { number, number_missing, text };
  struct Feature {
    size_t column;
    Kind kind;
    std::string text;
    double fill = 0, centre = 0, scale = 1;
  };
  double raw(const Feature& feature, const std::vector<std::string>& row) const;
  std::vector<Feature> features_;
};

struct Logistic {
  double intercept = 0;
  std::vector<double> weights;
  /// P(label = 1).
  double predict(std::span<const double> row) const;
};

/// Minimises the sum of log losses + l2/2 |weights|^2, the intercept free (scikit-learn's C =
/// 1/l2), by Newton steps that are halved until the loss falls. l2 > 0 keeps separable data finite;
/// constant features get weight 0. Where one label is absent, the weights are 0 and the intercept
/// is the log odds of (positives + 1/2) to (negatives + 1/2).
Logistic fit_logistic(const FeatureRows& rows, std::span<const uint8_t> labels, double l2 = 1);

}  // namespace evenray
