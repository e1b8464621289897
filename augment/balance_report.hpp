// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/json.hpp"
#include "dataset/sample/sample.hpp"

namespace evenray {

/// What balance() counts while it works.
struct BalanceTally {
  using ByOrigin = std::array<int64_t, 4>;
  /// What one source did for one class.
  struct Drawing {
    std::string source, class_name;
    int64_t asked = 0, tried = 0, accepted = 0, boxes_dropped = 0;
  };

  std::vector<std::string> class_names;
  std::vector<ByOrigin> before, after;                             ///< one a class, by Origin
  std::map<std::string, std::map<std::string, int64_t>> rejected;  ///< gate -> reason -> images
  std::vector<Drawing> drawings;
  std::vector<int64_t> missing, replaced;  ///< one a class
  std::map<int64_t, int64_t>
      made_from;          ///< input train row -> copies and augmented rows made from it
  int64_t real_rows = 0;  ///< that are kept

  void count(std::vector<ByOrigin>& into, const std::vector<int8_t>& labels, Origin origin) const;
};

/// `balance --json`.
Json balance_json(const BalanceTally& tally);

}  // namespace evenray
