// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "augment/plan.hpp"

namespace evenray {

/// Why a class does not get the rows that its plan and the shares of the sources ask for.
struct BalanceLimit {
  std::string class_name;
  std::string name;  ///< max_synthetic, max_factor, no_real_row, other_class, strategy or gates
  std::string text;  ///< one or more sentences for the user, with the setting that changes it
};

/// Formats a share: "27.4 %", "50 %"; "-" if it is not finite.
std::string share_text(double share);

/// How a class is filled: what decides the rows of each source. Internal to plan_filling().
struct ClassFill {
  std::string class_name;
  int64_t before = 0, added = 0;     ///< rows that the class has, rows to add
  int64_t real = 0;                  ///< real rows of the class
  int64_t synthetic_before = 0;      ///< synthetic rows that the class already has
  int64_t made_before = 0;           ///< copied and augmented rows made from its real rows
  std::vector<std::string> sources;  ///< that draw the class
  std::vector<bool> synthetic;       ///< per source
  Allotment allotment;               ///< rows per source
  std::vector<ParsedSource> others;  ///< sources that draw other classes only
};

/// Returns what keeps the class from the rows by share; empty if nothing does. `enough_factor`:
/// returns the smallest max_factor that allows this many copied and augmented rows.
std::vector<BalanceLimit> limits_of(const ClassFill& fill,
                                    const BalanceOptions& options,
                                    const std::function<int64_t(int64_t)>& enough_factor);

/// Returns the limit of a class of which `missing` rows cannot be drawn from a source, because all
/// its real rows were used max_factor times.
BalanceLimit used_up(const std::string& class_name,
                     const std::string& source,
                     int64_t missing,
                     double max_factor);

/// Returns the limit of a class of which `missing` rows were given up, because the gates rejected
/// `rejected` images in a row that a source made from the rows that max_factor still allows.
BalanceLimit given_up(const std::string& class_name,
                      const std::string& source,
                      int64_t missing,
                      int64_t rejected,
                      double max_factor);

}  // namespace evenray
