// SPDX-License-Identifier: Apache-2.0
#pragma once
// Intervals of several values at once, by a bootstrap over groups of rows, and their JSON and text.
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "core/json.hpp"
#include "metrics/support.hpp"

namespace evenray {

struct Resampling {
  int64_t draws = 1000;     ///< bootstrap replicates; 0: no intervals
  double confidence = .95;  ///< coverage of the intervals
  uint64_t seed = 1;
  int threads = 1;  ///< does not change any result
};

/// [key][draw].
using Replicates = std::vector<std::vector<double>>;

/// Returns `values` of each draw, which gets how often each row counts. `groups` and `strata`: one
/// per row, see GroupBootstrap. `values` is called from several threads at once.
Replicates resample(const std::vector<std::string>& groups,
                    const Resampling& options,
                    size_t keys,
                    const std::function<std::vector<double>(std::span<const double>)>& values,
                    const std::vector<std::string>& strata = {});

/// Returns {"draws","groups","confidence","seed"}.
Json resampling_json(const std::vector<std::string>& groups, const Resampling& options);

/// Returns a number; null if it is not finite.
Json number_json(double value);

/// Returns [low,high]; null if there is no interval.
Json interval_json(const std::vector<double>& replicates,
                   const Support& support,
                   double confidence);

/// Returns {"first","second","difference","ci":[low,high],"p"} of a metric of two models on the
/// same rows. `replicates`: differences of the draws. `p`: see bootstrap_p(). The last two are null
/// without draws, from too few groups, and for a difference that is not finite.
Json difference_json(double first,
                     double second,
                     double difference,
                     const std::vector<double>& replicates,
                     const Support& support,
                     double confidence);

/// The names for which intervals carry the same caution, in the order of their first name.
class Cautions {
 public:
  /// Adds the caution of a support, if it has one. A name is listed once.
  void add(const std::string& name, const Support& support);
  /// Returns texts such as "macro, Fractured: only 7 positive groups ...".
  Json json() const;

 private:
  std::vector<std::pair<std::string, std::vector<std::string>>> names_of_;
};

/// Returns "; [95 % interval, 1000 draws of 13 groups]" for resampling_json(); "" without draws.
std::string resampling_text(const Json& resampling);
/// Returns a line for each caution.
std::string cautions_text(const Json& cautions);

}  // namespace evenray
