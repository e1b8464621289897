// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <vector>

#include "core/page/html.hpp"
#include "study/cells.hpp"

namespace evenray {

/// The charts of a report. Each is empty where the study has nothing to draw.

/// Differences in AUROC, the contrast named beforehand on top.
std::vector<HtmlFigure> difference_figures(const Json& summary);

/// ROC and precision-recall curves on the test part: a thin line a seed (all folds together) and
/// each arm's mean, from the cells' predictions.csv.
std::vector<HtmlFigure> curve_figures(const StudyFolder& folder, const Json& summary);

/// Losses and SWD over images shown, a line a generator, from events.jsonl.
std::vector<HtmlFigure> generator_figures(const StudyFolder& folder, const Json& summary);

}  // namespace evenray
