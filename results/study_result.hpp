// SPDX-License-Identifier: Apache-2.0
#pragma once
// The results room reads what studies and runs have written. This header parses the summary.json of
// a study into one struct. All code that shows results (reports, pages) reads this struct and not
// the JSON, so a misspelt name does not compile. metric.hpp names the values that are compared,
// run_events.hpp reads the events of run folders, tensorboard.hpp writes them as TensorBoard files.
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/json.hpp"
#include "results/metric.hpp"
#include "settings/arms.hpp"

namespace evenray {

/// A value with its 95 % interval; NaN if it was not measured.
struct Estimate {
  double value = NAN, low = NAN, high = NAN;

  bool has_interval() const { return std::isfinite(low) && std::isfinite(high); }
};

/// A paired difference; `p_holm` is NaN for the contrast named beforehand.
struct Difference : Estimate {
  double p = NAN, p_holm = NAN;
};

/// What is compared for each class of a study with more than two.
template <class Value>
struct ClassResult {
  std::string name;            ///< "macro": means over the classes
  std::vector<Value> metrics;  ///< one per Comparison::class_metrics
};

struct ArmResult {
  std::string arm;
  std::vector<Estimate> metrics;               ///< of the rare class, one per Comparison::metrics
  std::vector<ClassResult<Estimate>> classes;  ///< empty with two classes
};

/// How well the evidence of an arm's classifiers lies in the boxes of the rare class: means over
/// its cells, see Classifier::localisation().
struct LocalisationResult {
  std::string arm;
  double images = NAN, pointing = NAN, chance = NAN, energy = NAN, box_area = NAN;
};

struct PairResult {
  std::string first, second;
  bool primary = false;  ///< the contrast named beforehand
  std::vector<Difference> metrics;
  std::vector<ClassResult<Difference>> classes;  ///< empty with two classes
};

struct Comparison {
  /// The values that are compared (see metric.hpp), the one that decides first; never empty.
  std::vector<std::string> metrics;
  std::vector<std::string> class_metrics;  ///< those that are given for each class
  std::vector<ArmResult> arms;
  std::vector<PairResult> differences;
  double detectable = NAN;  ///< true difference that is found with a power of 80 %
  double test_images = NAN, groups = NAN, draws = NAN;
  double test_known = NAN, test_positives = NAN;  ///< images with a known label of the rare class
  std::string caution;                            ///< about intervals from few groups; empty: none
  int64_t without_threshold = 0;  ///< classifiers without a threshold from validation

  /// Returns the title of the value that decides.
  std::string lead() const { return metric_title(metrics.at(0)); }
};

/// The comparison on the test images that match a condition on their metadata, or that do not.
struct PartialComparison {
  std::string condition;
  int64_t left_out = 0;  ///< images
  Comparison comparison;
};

/// Counts by name, in the order of the file.
using Counts = std::vector<std::pair<std::string, double>>;
/// Returns the count of a name; 0 if the name is missing.
double count_of(const Counts& counts, const std::string& name);

/// The logistic regression on the metadata columns, measured on the test part.
struct MetadataBaseline {
  std::vector<std::string> columns;
  Estimate auroc;
};

struct FoldFacts {
  std::vector<std::pair<std::string, Counts>> parts;  ///< part -> images per class
  std::vector<std::pair<std::string, Counts>> boxes;  ///< part -> boxes per class
  std::string store;                                  ///< content digest of the store
  std::optional<MetadataBaseline> baseline;           ///< nullopt: no metadata columns
};

/// Facts about the images.
struct DataFacts {
  std::string source, licence;
  std::string grouping;  ///< what is known of patients and what stays together in one part
  double images = NAN, height_px = NAN, width_px = NAN, median_box_side_px = NAN;
  std::vector<std::string> class_names, shortcuts;
  Counts findings, left_out;  ///< by kind
  std::vector<FoldFacts> folds;
};

/// One trained generator. Values are NaN if its class had too few images for them.
struct GeneratorResult {
  std::string class_name;
  int64_t seed = 0;
  int fold = 0;
  std::string variant;  ///< the arm that it belongs to; empty: shared
  double best_kimg = NAN, kimg = NAN, images = NAN;
  double swd = NAN, swd_floor = NAN, msssim = NAN, msssim_real = NAN;
  double nearest_ratio = NAN, authentic = NAN, near_copies = NAN;
  Estimate origin;      ///< AUROC of a network that separates synthetic from real images
  std::string verdict;  ///< usable, weak or not usable yet; empty: none
};

/// How well a small network tells places where an arm pasted something from others (AUROC).
struct SeamResult {
  std::string arm, source;
  Estimate negatives, lesions;  ///< against untouched places, and against real lesions
  std::optional<bool> visible;  ///< empty: too few images
};

/// How an arm's training part was filled, in the first seed and fold.
struct BalanceResult {
  std::string arm;
  std::vector<std::pair<std::string, Counts>> after;     ///< class -> rows by origin, and "total"
  std::vector<std::pair<std::string, Counts>> rejected;  ///< gate -> images by reason
  Counts missing;                                        ///< rows by class that were not filled
};

/// A generator or cell that failed.
struct Failure {
  std::string id, message;
  bool again = false;  ///< the same command may succeed later
};

struct StudyResult {
  std::string task;  ///< "classify" or "detect"
  std::string rare_class, contrast, policy;
  /// The contrast as it was named, if it left the choice of arms to validation; else empty.
  std::string named_contrast;
  int64_t seeds = 0, folds = 0;  ///< folds 0: one split
  double max_synthetic = NAN;
  std::string device, precision;
  int64_t threads = 0;
  std::vector<Arm> own_arms;  ///< those of [[study.arm]]
  DataFacts data;
  Comparison comparison;
  std::optional<PartialComparison> without;       ///< nullopt: study.without is empty
  std::vector<PartialComparison> subgroups;       ///< of study.subgroups
  std::vector<LocalisationResult> localisations;  ///< empty: the test part has no boxes
  std::vector<GeneratorResult> generators;
  std::vector<SeamResult> seams;
  std::vector<BalanceResult> balances;
  std::vector<Failure> failed;
  std::string label_arm;  ///< the arm that checked the labels; empty: they were not checked
  int64_t label_images = 0, label_suspects = 0;
  double label_auroc = NAN;  ///< of its scores for the labels, mean over classes
  /// Arm -> settings that trials on validation chose, per fold; empty: study.tuned is off.
  std::vector<std::pair<std::string, std::vector<std::string>>> tuned;
  std::vector<std::string> warnings;  ///< what was known before the study began

  bool detects() const { return task == "detect"; }

  /// Whether any failure may not happen again.
  bool retry_helps() const;

  /// Returns an arm of the study, built-in or own. If there is none, only the name is set.
  Arm arm_named(const std::string& name) const;
  /// Returns the index of the arm's colour, which is the same in all charts.
  size_t colour_of(const std::string& arm) const;
  /// Returns how the arm's training part was filled; nullptr if it was not.
  const BalanceResult* balance_of(const std::string& arm) const;
  /// Returns where the evidence of the arm's classifiers lies; nullptr if it is not known.
  const LocalisationResult* localisation_of(const std::string& arm) const;
  /// Returns the contrast named beforehand; nullptr unless both of its arms are done.
  const PairResult* primary() const;
};

/// Parses summary.json. Parts may be missing or null, as in a study that is not finished; they are
/// read as empty. Throws 65 for a part of another type, naming its place
/// ("/comparison/arms/0/arm").
StudyResult parse_study_result(const Json& summary);

}  // namespace evenray
