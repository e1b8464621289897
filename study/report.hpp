// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "study/cells.hpp"

namespace evenray {

/// The one sentence that a study answers with, from its summary: the named contrast in AUROC, a
/// null result stated as one.
std::string answer_text(const Json& summary);

/// The comparison as an aligned text table, for the terminal and report.md.
std::string study_text(const Json& summary);

/// report.html: self-contained, from summary.json and what the folder holds (audit, predictions for
/// the curves, generators' events and sheets).
std::string report_html(const StudyFolder& folder,
                        const Json& summary,
                        const std::string& config_text);

/// The same in Markdown.
std::string report_markdown(const StudyFolder& folder,
                            const Json& summary,
                            const std::string& config_text);

}  // namespace evenray
