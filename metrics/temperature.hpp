// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "core/json.hpp"
#include "metrics/predictions.hpp"

namespace evenray {

/// Temperature scaling (Guo et al. 2017, section 4.2): all logits are divided by one number, which
/// is fitted on validation and not changed afterwards. It changes no ranking of rows within a class
/// of two, and no decision.
struct Temperature {
  double value = 1;
  bool exclusive = true;  ///< softmax over the classes; false: one sigmoid a class

  /// Returns the probabilities [row][class] after scaling.
  std::vector<std::vector<double>> apply(
      const std::vector<std::vector<double>>& probabilities) const;
  /// Returns the threshold that makes the same decisions after scaling, for one sigmoid a class or
  /// one of two exclusive classes.
  double apply_to_threshold(double threshold) const;
};

/// Returns the mean negative log-likelihood of the known labels; NaN without any. Probabilities are
/// kept away from 0 and 1 by 1e-12.
double negative_log_likelihood(const Predictions& predictions, bool exclusive);

/// Returns the temperature from 1/20 to 20 with the least negative log-likelihood; 1 if there are
/// no known labels.
Temperature fit_temperature(const Predictions& validation, bool exclusive);

/// Reads and writes {"schema","temperature","exclusive","nll","nll_calibrated"}. Reading throws 66
/// if the file is missing, 65 if it is damaged.
Temperature read_temperature(const Path& path);
Json temperature_json(const Temperature& temperature, const Predictions& validation);

}  // namespace evenray
