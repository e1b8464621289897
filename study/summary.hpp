// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "study/cells.hpp"

namespace evenray {

/// Returns the failure of the cell or generator in `folder`, without its id and with paths inside
/// the study relative to `root`; its message is empty if it did not fail.
Failure failure_of(const Path& root, const Path& folder);

/// Compares the arms that are done and writes results.csv, summary.json, report.md and report.html,
/// and with folds what write_label_suspects() writes.
/// `facts`: as pack_data() returns them.
void write_report(const Config& config,
                  const StudyFolder& folder,
                  const StudyPlan& plan,
                  const Json& facts);

}  // namespace evenray
