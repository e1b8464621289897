// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace evenray {

/// A small logistic regression on the columns of a table: a baseline that shows how well metadata
/// alone predict a label.

/// Rows of equal length.
using FeatureRows = std::vector<std::vector<double>>;

/// Encodes rows of text (the meta columns of a store; empty = missing) as standardised features.
/// The encoding is fitted to the rows given to the constructor only.
///
/// A column that contains only numbers gives one feature, with missing values at the mean; if
/// values are missing, it also gives an indicator of missing values. Any other column gives one
/// indicator per text (a missing value is a text too) that occurs in at least `min_rows` rows, for
/// the `max_texts` most frequent texts; for a rarer text, or one that occurs only in later rows,
/// all indicators of the column are 0.
class TableEncoder {
 public:
  explicit TableEncoder(const std::vector<std::vector<std::string>>& rows,
                        size_t min_rows = 5,
                        size_t max_texts = 50);
  /// Returns one row of size() features per row.
  FeatureRows encode(const std::vector<std::vector<std::string>>& rows) const;
  /// Number of features per row; 0 if no column gives a feature.
  size_t size() const { return features_.size(); }

 private:
  enum class Kind { number, number_missing, text };
  struct Feature {
    size_t column;
    Kind kind;
    std::string text;
    double fill = 0;               ///< value of a missing number
    double centre = 0, scale = 1;  ///< mean and standard deviation of the raw feature
  };
  /// The feature before standardisation.
  double raw(const Feature& feature, const std::vector<std::string>& row) const;
  std::vector<Feature> features_;
};

/// A fitted model.
struct Logistic {
  double intercept = 0;
  std::vector<double> weights;
  /// Returns P(label = 1).
  double predict(std::span<const double> row) const;
};

/// Fits a model: minimises the sum of log losses + l2/2 |weights|^2 with an unpenalised intercept
/// (scikit-learn's C = 1/l2), by Newton steps that are halved until the loss decreases. Requires
/// rows and l2 > 0, which keeps the weights of separable data finite. Constant features get weight
/// 0. If one label is absent, all weights are 0 and the intercept is the log odds of (positives +
/// 1/2) to (negatives + 1/2).
Logistic fit_logistic(const FeatureRows& rows, std::span<const uint8_t> labels, double l2 = 1);

}  // namespace evenray
