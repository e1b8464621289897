// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "dataset/pack.hpp"
#include "tests/dataset/drawn.hpp"
#include "tests/fixture.hpp"

namespace evenray {

/// Options of a store of 40x40 px.
inline PackOptions small() {
  PackOptions options;
  options.size_px = {40, 40};
  return options;
}

/// A split table: of five rows three are train, then val, then test.
inline std::vector<SplitRow> table(const Manifest& manifest) {
  std::vector<SplitRow> rows;
  for (size_t i = 0; i < manifest.samples.size(); ++i) {
    const auto& id = manifest.samples[i].id;
    rows.push_back({id,
                    id + ".png",
                    id,
                    i % 5 == 3   ? "val"
                    : i % 5 == 4 ? "test"
                                 : "train",
                    "",
                    ""});
  }
  return rows;
}

}  // namespace evenray
