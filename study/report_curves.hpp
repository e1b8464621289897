// SPDX-License-Identifier: Apache-2.0
#pragma once
// The curves of trained models in the report.
#include <string>
#include <vector>

#include "core/page/chart.hpp"
#include "core/page/html.hpp"
#include "study/cells.hpp"

namespace evenray {

/// Points of a drawn curve, evenly spaced; few enough for a page with seven arms and many seeds.
inline constexpr int kCurvePoints = 101;

/// Adds each run as a thin line, and the mean of the runs as far as their x values agree. A single
/// run is drawn as the mean.
void add_runs(std::vector<Series>& out,
              const std::string& name,
              std::vector<Series> runs,
              size_t colour,
              bool dashed = false);

/// Returns the FROC and the precision-recall curves of the detectors of each arm for the rare
/// class. A run is one seed: the mean over its folds. Arms whose files are missing are left out.
std::vector<HtmlFigure> detection_figures(const StudyFolder& folder, const StudyResult& result);

}  // namespace evenray
