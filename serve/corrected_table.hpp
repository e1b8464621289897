// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "serve/curation/collection.hpp"
#include "serve/records/decisions.hpp"

namespace evenray {

/// Whether a decision gives a row another class than it has.
bool is_relabelled(const JointDecision& decision, const RowFacts& facts);

/// The real rows of a store with what people decided, as a table of one's own (format `table`).
struct CorrectedTable {
  std::string csv;   ///< table.csv
  std::string toml;  ///< table.toml: what `data split` and `data pack` need to read it
};

/// Leaves out rejected rows. A column for each class says 1, 0 or -1 (unknown); an image with
/// several boxes has several rows, whose column "label" is the class of the box. An image with
/// another class loses its boxes, which are of the old one.
CorrectedTable corrected_table(const Collection& collection,
                               const std::vector<JointDecision>& decisions);

}  // namespace evenray
