// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "results/study_result.hpp"
#include "study/report_writer.hpp"

namespace evenray {

/// Writes the section of a report that says what each arm does and how well it does it: on all test
/// images, without some of them, in subgroups, for each class, and where its evidence lies.
void write_arms(ReportWriter& out, const StudyResult& result);

}  // namespace evenray
