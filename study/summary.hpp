// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "study/cells.hpp"

namespace evenray {

/// Returns the error message of the cell or generator in `folder`, with paths inside the study
/// relative to `root`; empty if it did not fail.
std::string failure_of(const Path& root, const Path& folder);

/// Compares the arms that are done and writes results.csv, summary.json, report.md and report.html.
/// `facts`: as prepare_data() returns them.
void write_report(const Config& config,
                  const StudyFolder& folder,
                  const StudyPlan& plan,
                  const Json& facts);

}  // namespace evenray
