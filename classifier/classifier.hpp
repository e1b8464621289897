// SPDX-License-Identifier: Apache-2.0
#pragma once
// The classifier room trains image classifiers on the train part of a store, selects the checkpoint
// with the best AUPRC on its val part, and evaluates it on a part that training did not use.
// train_classifier() writes a run folder; Classifier predicts with its best checkpoint;
// metrics/metrics.hpp computes the metrics of any predictions; origin_auroc() tests whether
// synthetic images can be detected. This header and options.hpp are all that other rooms need. The
// headers inside, in reading order: network.hpp, augmentation.hpp and fit.hpp (a training step).

#include <map>
#include <memory>
#include <opencv2/core.hpp>
#include <optional>
#include <string>
#include <vector>

#include "classifier/options.hpp"
#include "core/run_folder.hpp"
#include "dataset/store/store.hpp"
#include "metrics/metrics.hpp"
#include "metrics/predictions.hpp"
#include "nn/compute.hpp"
#include "nn/features.hpp"
#include "nn/precision.hpp"
#include "nn/task.hpp"

namespace evenray {

/// Throws 66 or 65 if options.weights cannot be read, or are of another architecture.
void check_weights(const ClassifyOptions& options);

/// Trains on all rows of `train`. Files: checkpoints/ (the best has the highest validation AUPRC;
/// if val has no positives it is the last one), events.jsonl, metrics.json (validation),
/// thresholds.json and calibration.json (Youden's and the temperature, both chosen on validation
/// and not changed afterwards), DONE. A stopped run resumes bit for bit with the same thread count.
/// Throws 65 for a store without training rows or with one class only, 78 for options out of range
/// or a run with other settings, 1 if the training diverges, 75 after a stop signal. With tune =
/// "head", features are kept in STORE.features, and looked up in the folders `features` too; see
/// keep_features().
void train_classifier(const Store& store,
                      const ClassifyOptions& options,
                      const Runtime& runtime,
                      RunFolder& run,
                      const std::vector<Path>& features = {});

/// Trains a backbone on the training images of a store without their labels (SimSiam, Chen and He
/// 2021), for options.steps steps of two views of options.minibatch images each. Files:
/// checkpoints/ (`best` is the last), events.jsonl with the loss and the spread of the projections
/// (0: collapsed, all alike; near 1: evenly spread), metrics.json, DONE. Its run folder can then be
/// given as ClassifyOptions::weights. Resumes as train_classifier(). Throws 65 for fewer images
/// than a minibatch, 78 for options out of range, 1 if the training diverges, 75 after a stop
/// signal.
void pretrain_backbone(const Store& store,
                       const ClassifyOptions& options,
                       const Runtime& runtime,
                       RunFolder& run);

/// Returns the folder beside a store in which its features are kept: set.h5.features.
Path features_folder(const Path& store);
/// Computes the features of all parts of a store that training the head of a network needs, and
/// keeps them in that folder, unless they are there. Throws like train_classifier().
void keep_features(const Store& store, const ClassifyOptions& options, const Compute& compute);

/// Writes one file with all that a prediction needs: the tensors of the best checkpoint with timm's
/// names, and in the metadata the facts of the training, thresholds, temperature, `fit` (how images
/// were fitted into their size; "": unknown), the features of the training images, for
/// ClassifiedImage::unlike, and Classifier::card(). `store`: that of the training. Throws 65 for
/// another store, else like Classifier().
void pack_model(const Path& run,
                const Store& store,
                const std::string& fit,
                const Compute& compute,
                const Path& out);

/// The result for one image.
struct ClassifiedImage {
  std::vector<double> probabilities;  ///< one per class, calibrated if there is a temperature
  std::vector<uint8_t> predicted;     ///< one per class: 1 if decide() with the thresholds says so
  /// Distance of its features from those of the training images; above 1, it is larger than for 99
  /// % of the validation images. NaN if the model was not packed.
  double unlike = 0;
};

/// Throws 2 for an unknown method of Classifier::explain().
void check_explanation(const std::string& method);

/// A trained classifier.
class Classifier {
 public:
  /// `path`: a checkpoint, a run folder or a packed model. Computes in the precision of its
  /// training if that of `compute` was `auto`. Throws 66 if it does not exist, 65 if it is damaged
  /// or not a classifier.
  Classifier(const Path& path, const Compute& compute);
  ~Classifier();
  Classifier(Classifier&&) noexcept;

  const std::vector<std::string>& class_names() const;
  /// Class -> decision threshold, chosen on validation; empty if there was no validation.
  const std::map<std::string, double>& thresholds() const;
  /// Fitted on validation; nullopt if there was no validation.
  const std::optional<Temperature>& temperature() const;
  int height() const;
  int width() const;
  int bits() const;
  /// How images are fitted into this size: pad, stretch or crop; empty: unknown.
  const std::string& fit() const;
  /// Returns model_card() of its training, of a packed model, with "tested": {"n","classes","ci",
  /// "cautions"} of metrics() on the test part, if there is one; null for another model.
  const Json& card() const;

  /// Returns the probabilities of a part of a store. `features`: as in train_classifier(). Throws
  /// 65 if it is empty or its size, depth or classes differ from the training store's.
  Predictions predict(const Store& store,
                      const std::string& part,
                      const std::vector<Path>& features = {}) const;
  /// Returns probabilities [image][class]. The images must have the network's size and depth.
  /// Throws 65 if there are no images or if their sizes or depths differ.
  std::vector<std::vector<double>> predict(const std::vector<cv::Mat>& images) const;
  /// Returns calibrated probabilities and decisions. Throws like features().
  std::vector<ClassifiedImage> classify(const std::vector<cv::Mat>& images) const;
  /// Returns the image, and beside it the parts that speak for a class as colours (CV_8UC3).
  /// `method`: grad-cam, hirescam or occlusion. Throws 2 for another one, else like features().
  cv::Mat explain(const cv::Mat& image, size_t class_index, const std::string& method) const;
  /// Returns the same map as numbers (CV_32FC1, at least 0) in the size of the image.
  cv::Mat heat_map(const cv::Mat& image, size_t class_index, const std::string& method) const;
  /// Compares explanations with the boxes of a part:
  /// {"method","classes":[{"name","images","pointing","chance","energy","box_area"}]}, for each
  /// class with boxes. `pointing`: share of its images whose map is largest in a box or near one;
  /// `energy`: mean share of the map that is in boxes. A map without content would have `chance`
  /// and `box_area` instead. Throws like predict() and explain().
  Json localisation(const Store& store, const std::string& part, const std::string& method) const;

  const std::string& arch() const;
  const std::string& digest() const;  ///< of its tensors
  const std::string& store() const;   ///< digest of the store that it was trained on
  /// Returns the inputs of its last layer, [N,D] f32 on the CPU. Throws 65 for images of another
  /// size or depth.
  torch::Tensor features(const std::vector<cv::Mat>& images) const;

  struct State;  // classifier/state.hpp
  const State& state() const { return *state_; }

 private:
  std::unique_ptr<State> state_;
};

/// Returns the features of a classifier (a checkpoint or a run folder). Throws like Classifier().
std::shared_ptr<Features> classifier_features(const Path& path, const Compute& compute);

/// What one layer on the features of several classifiers predicts.
struct JoinedEnsemble {
  Predictions val, part;
  double penalty = 0;  ///< chosen on validation
};
/// Trains a linear layer on the joined, standardised features of the classifiers, on the train part
/// of a store: (weighted) cross entropy plus penalty / 2 times the squared weights, with the
/// penalty from 1e-4 to 1 that has the lowest cross entropy on val. Throws 65 for other classes
/// than the store's, or without training or validation images, else like Classifier::predict().
JoinedEnsemble join_classifiers(const std::vector<const Classifier*>& models,
                                const Store& store,
                                const std::string& part);

/// Returns the classifier as the task of a study, which compares its scores for `rare_class`.
/// test() writes predictions.csv and metrics.json. `features`: as in train_classifier().
std::unique_ptr<Task> classify_task(const ClassifyOptions& options,
                                    const std::string& rare_class,
                                    const std::vector<Path>& features = {});

/// Tests whether a small network can distinguish real from synthetic images of one class. Trains it
/// on half of each and returns the AUROC on the other half with its interval; .5 means that no
/// difference was found. Real images of one group stay in one half and are resampled together. All
/// images must have the same size and depth. `steps`: training steps of the network. Returns
/// {"auroc","ci","n_real","n_synthetic","held_out"}, or null for fewer than 20 images of a kind or
/// if the real images have one group only.
Json origin_auroc(const std::vector<cv::Mat>& real,
                  const std::vector<std::string>& real_groups,
                  const std::vector<cv::Mat>& synthetic,
                  int64_t steps,
                  uint64_t seed,
                  const Compute& compute);

/// Real and synthetic images of one size and depth.
struct OriginImages {
  std::vector<cv::Mat> images;
  std::vector<uint8_t> synthetic;   ///< 1: synthetic, 0: real
  std::vector<std::string> groups;  ///< images of one group are resampled together
};
/// The same with halves that are given: the network is trained on `seen`. What an image of one half
/// shows must not be in the other half. Returns null if a kind has fewer than 20 images or none in
/// one half.
Json origin_auroc(const OriginImages& seen,
                  const OriginImages& held_out,
                  int64_t steps,
                  uint64_t seed,
                  const Compute& compute);

/// Returns the time in which the features of one image are computed.
StepTime feature_time(const ClassifyOptions& options,
                      int height,
                      int width,
                      const Compute& compute);
/// Returns the network that train_classifier() would train, for timing.
TimedNetwork timed_classifier(const ClassifyOptions& options, int height, int width);
/// Returns the time of a training step on random images, from at most `steps` warm steps.
StepTime classifier_step_time(
    const ClassifyOptions& options, int height, int width, const Compute& compute, int steps);

}  // namespace evenray
