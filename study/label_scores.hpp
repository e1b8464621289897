// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "study/cells.hpp"

namespace evenray {

/// The arm whose classifiers check the labels: it is trained on the real images as they are, so its
/// probabilities keep the shares of the classes.
inline constexpr const char* kLabelArm = "real";

/// study_scores() of a study that was read.
LabelScores join_folds(const Config& config,
                       const StudyFolder& folder,
                       const StudyPlan& plan,
                       const std::string& arm);

/// Writes label_suspects.csv (`id,given,suggested,score`, the most suspect first) and the sheet
/// label_suspects.png into the study folder. Returns {"arm","auroc","images","suspects"}; null and
/// no files without folds, or if the arm real is not part of the study or not done.
Json write_label_suspects(const Config& config, const StudyFolder& folder, const StudyPlan& plan);

}  // namespace evenray
