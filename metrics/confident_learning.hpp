// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

namespace evenray {

/// A row whose label disagrees with what a classifier that never saw the row says confidently.
struct LabelSuspect {
  size_t row = 0;
  size_t given = 0, suggested = 0;  ///< classes
  double score = 0;                 ///< 0 to 1; the higher, the more likely the label is wrong
};

/// What confident learning finds in labels of classes that exclude each other.
struct ConfidentLearning {
  /// [class]: mean probability of the class over the rows labelled so; infinite if there are none.
  std::vector<double> thresholds;
  /// The confident joint, [given][suggested]: counts of rows. A row belongs to the class of the
  /// highest probability among the classes whose probability reaches their threshold; it is counted
  /// nowhere if there is none.
  std::vector<std::vector<int64_t>> joint;
  /// The rows of the joint's off-diagonal cells, highest score first, equal ones by row.
  std::vector<LabelSuspect> suspects;
};

/// Northcutt, Jiang and Chuang, "Confident Learning: Estimating Uncertainty in Dataset Labels",
/// JAIR 70 (2021), 1373-1411, section 3.1. `labels`: a class of each row, -1 for none (such a row
/// counts nowhere). `probabilities`: [row][class], 0 to 1, from models that were not trained on the
/// row. Needs two classes or more.
///
/// The thresholds decide which rows are suspect, and the margin ranks them (section 3.2 of the
/// paper): the score is (max p_other - p_given + 1) / 2, 1 minus cleanlab's normalised margin. If
/// labels are wrong equally often in all classes and the probabilities are calibrated to the given
/// labels, a label is wrong with a probability that depends on p_given alone and falls with it. A
/// margin from which the thresholds are subtracted would rank the labels of a rare class, which
/// then has the largest share of wrong labels, too low.
ConfidentLearning confident_learning(const std::vector<int>& labels,
                                     const std::vector<std::vector<double>>& probabilities);

}  // namespace evenray
