// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "core/page/html.hpp"
#include "results/study_result.hpp"

namespace evenray {

/// The tables of a report, from a study's summary. A missing value removes its row or is shown as
/// "-".

HtmlTable parts_table(const StudyResult& result);     ///< images per part and class
HtmlTable training_table(const StudyResult& result);  ///< training rows per arm, class and origin
HtmlTable metrics_table(const StudyResult& result);   ///< one row per arm, one column per metric
/// The AUROC and AUPRC of each arm on all test images, and on those that study.without leaves.
HtmlTable without_table(const StudyResult& result);
/// The AUROC of each arm on the test images of each of study.subgroups.
HtmlTable subgroups_table(const StudyResult& result);
HtmlTable seams_table(const StudyResult& result);  ///< whether the pastes of each arm show
/// One metric of each class in each arm, and its difference in the contrast. `metric`: its index in
/// Comparison::class_metrics. There must be an arm that is done.
HtmlTable classes_table(const StudyResult& result, size_t metric);
HtmlTable localisation_table(const StudyResult& result);  ///< where each arm's evidence lies
HtmlTable differences_table(const StudyResult& result);   ///< one row per pair of arms, with p
HtmlTable baselines_table(const StudyResult& result);     ///< AUROCs to compare the arms with
HtmlTable generators_table(const StudyResult& result);    ///< quality of each generator
HtmlTable findings_table(const StudyResult& result);  ///< findings of the audit and their meaning

}  // namespace evenray
