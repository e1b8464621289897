// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "study/cells.hpp"

namespace evenray {

/// Why the cell or generator in `folder` failed, with paths inside the study named from its root;
/// empty where it did not.
std::string failure_of(const Path& root, const Path& folder);

/// Compares what is done and writes results.csv, summary.json, report.md and report.html. `facts`:
/// of the prepared data.
void write_report(const Config& config,
                  const StudyFolder& folder,
                  const StudyPlan& plan,
                  const Json& facts);

}  // namespace evenray
