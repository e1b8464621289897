// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "core/config.hpp"

namespace evenray {

struct BalanceOptions {
  std::string strategy = "auto";
  std::vector<std::string> sources = {"copy"};  ///< NAME or NAME@SHARE: copy, augment:POLICY, gan:PATH
  double near_duplicate = .98;  ///< correlation above which a synthetic image is rejected; 0: off
  double max_factor = 0;        ///< at most so many copies of one image; 0: no cap
  double max_synthetic = 1;     ///< synthetic images per real one of the class
  bool allow_resize = false;

  void fields(Fields& f);
  void check() const;
};

/// How many rows each class has and gets.
struct Plan {
  std::vector<int64_t> before, added;
};

/// imbalanced-learn's `sampling_strategy` for over-sampling: `auto` (= `not majority`), `minority`, `not minority`, `all`,
/// a ratio (two classes: minority / majority after), or "class=count,..." with counts at least the present ones.
/// Throws 2 for an unknown strategy, 65 for an unknown class or a target below the present count.
Plan make_plan(const std::vector<int64_t>& counts, const std::vector<std::string>& class_names, const std::string& strategy);

/// "augment:xray@.5" -> {"augment:xray", .5}; without @ the share is -1 (what is left is shared equally). Throws 2.
struct ParsedSource {
  std::string name;
  double share;
};
std::vector<ParsedSource> parse_sources(const std::vector<std::string>& sources);

}  // namespace evenray
