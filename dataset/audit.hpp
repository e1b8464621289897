// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "core/json.hpp"
#include "dataset/augmented_copies.hpp"
#include "dataset/sample/sample.hpp"

namespace evenray {

/// Returns "box_empty" if a box has no area, "box_outside" if it extends more than half a pixel
/// beyond an image of this size, else "".
std::string box_fault(const Box& box, int width, int height);
/// Returns "box 1 2 9 9 is not inside the 8 x 8 px image" or "box 1 2 1 9 is empty: it has no
/// area".
std::string describe_box_fault(const Box& box, int width, int height);

/// One row of a split table.
struct SplitRow {
  std::string id, path;
  std::string group;        ///< empty if the table has no such column
  std::string split;        ///< train, val or test
  std::string fold;         ///< a number from 0; empty: the row is in no fold
  std::string fault;        ///< audit kind that keeps the row out of a store; empty: none
  bool fault_known = true;  ///< false if the table has no fault column
};

/// Returns all faults of a collection, sorted by kind and first id. The kinds are those of
/// `data audit --json`. Also returns what leaks between the parts of the split table, or, without
/// one, between the parts that came with the collection (Sample::part). `facts`: one per sample;
/// `pictures`: of group_pictures().
std::vector<Finding> audit(const Manifest& manifest,
                           const std::vector<ImageFacts>& facts,
                           const PictureGroups& pictures,
                           const std::vector<SplitRow>* split = nullptr);

/// Sorts by kind, then score (highest first), then first id.
void sort_findings(std::vector<Finding>& findings);

/// The report of `data audit --json`.
Json audit_json(const Manifest& manifest, const std::vector<Finding>& findings);
/// Returns what a kind of finding means and what follows from it; "" for an unknown kind.
std::string describe_finding_kind(const std::string& kind);
/// The same report as an HTML page. `suspects_png`: the sheet of label suspects; may be empty.
std::string audit_html(const Manifest& manifest,
                       const std::vector<Finding>& findings,
                       std::string_view suspects_png = {});

}  // namespace evenray
