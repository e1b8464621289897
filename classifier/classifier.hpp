// SPDX-License-Identifier: Apache-2.0
#pragma once
// The classifier room trains image classifiers on the train part of a store, chooses the checkpoint
// by AUPRC on its val part, and measures them on a part that training never saw. train_classifier()
// writes a run folder; Classifier predicts with its best checkpoint; metrics.hpp holds the panel of
// figures, for anybody's predictions; origin_auroc() asks whether synthetic images give themselves
// away.

#include <map>
#include <memory>
#include <opencv2/core.hpp>
#include <string>
#include <vector>

#include "classifier/options.hpp"
#include "core/run_folder.hpp"
#include "dataset/store/store.hpp"
#include "metrics/metrics.hpp"
#include "metrics/predictions.hpp"
#include "nn/compute.hpp"
#include "nn/features.hpp"

namespace evenray {

/// Trains on all rows of `train`. Files: checkpoints/ (best by validation AUPRC; where val has no
/// positives the last), events.jsonl, metrics.json (validation), thresholds.json (Youden on
/// validation, frozen), DONE. Resumes bit for bit with the same thread count. Throws 65 for a store
/// without training rows or with one class only, 75 after a stop signal.
void train_classifier(const Store& store,
                      const ClassifyOptions& options,
                      const Runtime& runtime,
                      RunFolder& run);

/// A trained classifier.
class Classifier {
 public:
  /// path: a checkpoint or a run folder. Throws 66, 65.
  Classifier(const Path& path, const Compute& compute);
  ~Classifier();
  Classifier(Classifier&&) noexcept;

  const std::vector<std::string>& class_names() const;
  /// Frozen on validation; empty where there was none.
  const std::map<std::string, double>& thresholds() const;
  int height() const;
  int width() const;
  int bits() const;

  /// Probabilities of a store's part. Throws 65 where its size, depth or classes differ from those
  /// trained with.
  Predictions predict(const Store& store, const std::string& part) const;
  /// [image][class]; images of the network's size and depth.
  std::vector<std::vector<double>> predict(const std::vector<cv::Mat>& images) const;

  const std::string& arch() const;
  const std::string& digest() const;  ///< of its tensors
  const std::string& store() const;   ///< digest of the one that it was trained on
  /// [N,D] f32 on the CPU: what its last layer is shown. Throws 65 for images of another size or
  /// depth.
  torch::Tensor features(const std::vector<cv::Mat>& images) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// The features of a classifier (a checkpoint or a run folder). Throws 66, 65.
std::shared_ptr<Features> classifier_features(const Path& path, const Compute& compute);

/// Can a small network tell real from synthetic images of one class? Trained on half of each, AUROC
/// on the other half with its interval; .5 = no trace. Real images of one group stay in one half
/// and are resampled together. Same size and depth.
/// {"auroc","ci","n_real","n_synthetic","held_out"}; null below 20 images a kind or with one group
/// only.
Json origin_auroc(const std::vector<cv::Mat>& real,
                  const std::vector<std::string>& real_groups,
                  const std::vector<cv::Mat>& synthetic,
                  int64_t steps,
                  uint64_t seed,
                  const Compute& compute);

/// Seconds per training step on random images, after a warm-up.
double classifier_step_seconds(
    const ClassifyOptions& options, int height, int width, const Compute& compute, int steps);

}  // namespace evenray
