// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "core/json.hpp"
#include "dataset/image_facts.hpp"
#include "dataset/sample/sample.hpp"

namespace evenray {

/// Whether a box leaves an image of this size by more than half a pixel, or has no area.
bool box_outside(const Box& box, int width, int height);

/// One row of a split table for the leak checks.
struct SplitRow {
  std::string id, path, group, split, fold, fault;
  bool fault_known = true;  ///< false where the table has no fault column
};

/// Everything that is wrong with a collection, sorted by kind and first id; kinds as in `data audit
/// --json`.
std::vector<Finding> audit(const Manifest& manifest,
                           const std::vector<ImageFacts>& facts,
                           const std::vector<SplitRow>* split = nullptr);

Json audit_json(const Manifest& manifest, const std::vector<Finding>& findings);
/// What a kind of finding means and what follows from it, in plain words; "" for an unknown one.
std::string finding_meaning(const std::string& kind);
std::string audit_html(const Manifest& manifest, const std::vector<Finding>& findings);

}  // namespace evenray
