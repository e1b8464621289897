// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "core/json.hpp"
#include "dataset/image/sheet.hpp"
#include "dataset/sample/sample.hpp"
#include "metrics/predictions.hpp"

namespace evenray {

/// The kind of finding of a label that is probably wrong.
inline constexpr const char* kLabelSuspect = "label_suspect";
/// The number of suspects that a sheet and a text show.
inline constexpr size_t kShownSuspects = 32;

/// Predictions of models that were not trained on the images, to check labels with.
struct LabelScores {
  Predictions predictions;
  std::string from;  ///< where they are from, for messages
};

/// Reads predictions.csv as read_predictions(). Throws also 65 if the metrics.json that evenray
/// wrote beside it says that the predictions are of the training part.
LabelScores read_label_scores(const Path& path);

/// What confident learning says of the labels of a collection (metrics/confident_learning.hpp).
struct LabelReview {
  std::string from;               ///< LabelScores::from
  std::vector<Finding> suspects;  ///< of kind label_suspect, highest score first
  Json thresholds;                ///< class -> its threshold; null if no image has its label
  double auroc = 0;               ///< of the scores for the labels, mean over classes; may be NaN
  int64_t scored = 0;             ///< images whose labels were checked
  int64_t unscored = 0;           ///< images without predictions
  int64_t unlabelled = 0;         ///< images with predictions, but without a label
  int64_t relabelled = 0;         ///< images with another label in the predictions

  /// Returns one line on what was checked.
  std::string text() const;
  /// {"text","from","auroc","scored","unscored","unlabelled","relabelled","thresholds"}
  Json json() const;
};

/// Checks the labels of the predictions themselves. `exclusive`: classes exclude each other; else
/// each class is checked alone, as present or absent, and an image may be suspect in several.
LabelReview review_labels(const Predictions& predictions, bool exclusive);

/// Checks the labels of a collection; the rows are joined by id. Throws 65 unless the classes are
/// equal, every id is in the collection, and the probabilities of exclusive classes sum to 1, and
/// if there are fewer than two exclusive classes or no image with label and predictions.
LabelReview review_labels(const Manifest& manifest, const LabelScores& scores);

/// Draws the first kShownSuspects with boxes, id, label and suggested class with score. `item_of`:
/// returns image and boxes of an id.
cv::Mat draw_suspects(const std::vector<Finding>& suspects,
                      const std::function<SheetItem(const std::string& id)>& item_of);

}  // namespace evenray
