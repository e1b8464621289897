// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <vector>

#include "core/page/html.hpp"
#include "results/study_result.hpp"
#include "study/cells.hpp"

namespace evenray {

/// The charts of a report. Each function returns an empty list if the study has nothing to draw.

/// Returns the forest plot of the differences in AUROC, with the contrast named beforehand on top.
std::vector<HtmlFigure> difference_figures(const StudyResult& result);

/// Returns ROC and precision-recall curves on the test part, from the cells' predictions.csv: a
/// thin line per seed (all folds together) and the mean of each arm.
std::vector<HtmlFigure> curve_figures(const StudyFolder& folder, const StudyResult& result);

/// Returns losses and SWD over images shown, one line per generator, from events.jsonl.
std::vector<HtmlFigure> generator_figures(const StudyFolder& folder, const StudyResult& result);

}  // namespace evenray
