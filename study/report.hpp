// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "results/study_result.hpp"
#include "study/cells.hpp"

namespace evenray {

/// Returns the answer of a study in one sentence, from its summary: the difference in AUROC of the
/// primary contrast. An interval that contains 0 is reported as no measurable difference.
std::string answer_text(const StudyResult& result);

/// Returns which comparison was named beforehand, and if it left the choice of arms to validation,
/// which arms these were.
std::string named_text(const StudyResult& result);

/// Returns the comparison as an aligned text table, for the terminal.
std::string study_text(const StudyResult& result);

/// Returns report.html, self-contained, made from summary.json and files of the folder (predictions
/// for the curves, events and sheets of the generators). `config_text`: config.toml.
std::string report_html(const StudyFolder& folder,
                        const StudyResult& result,
                        const std::string& config_text);

/// Returns report.md, the same in Markdown, without charts.
std::string report_markdown(const StudyFolder& folder,
                            const StudyResult& result,
                            const std::string& config_text);

}  // namespace evenray
