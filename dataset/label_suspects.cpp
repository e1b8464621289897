// SPDX-License-Identifier: Apache-2.0
#include "dataset/label_suspects.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>

#include "core/error.hpp"
#include "core/text.hpp"
#include "metrics/confident_learning.hpp"
#include "metrics/stats.hpp"

namespace evenray {
namespace {

/// Probabilities of 14 classes that were rounded to three digits miss 1 by less than this.
constexpr double kSumTolerance = .01;

constexpr int kSuspectCell_px = 192;

/// Returns the mean over the classes that have present and absent labels; NaN if there are none.
double mean_auroc(const Predictions& predictions) {
  std::vector<double> values;
  for (size_t c = 0; c < predictions.class_names.size(); ++c) {
    const auto [scores, labels] = known_scores(predictions, c);
    if (const double value = auroc(scores, labels); std::isfinite(value)) values.push_back(value);
  }
  return mean(values);
}

/// Returns the class whose label is 1 if there is exactly one; -1 otherwise.
int only_class(const std::vector<int8_t>& labels) {
  return std::count(labels.begin(), labels.end(), 1) == 1
             ? static_cast<int>(std::find(labels.begin(), labels.end(), 1) - labels.begin())
             : -1;
}

/// Adds the suspects and thresholds of classes that exclude each other.
void add_suspects(const std::vector<std::string>& ids,
                  const std::vector<std::string>& names,
                  const std::vector<int>& labels,
                  const std::vector<std::vector<double>>& probabilities,
                  LabelReview& review) {
  const auto found = confident_learning(labels, probabilities);
  for (size_t c = 0; c < names.size(); ++c)
    review.thresholds[names[c]] =
        std::isfinite(found.thresholds[c]) ? Json(found.thresholds[c]) : Json();
  for (const auto& suspect : found.suspects) {
    const auto& p = probabilities[suspect.row];
    Finding finding{kLabelSuspect,
                    {ids[suspect.row]},
                    cat("labelled ",
                        names[suspect.given],
                        " (p ",
                        fixed(p[suspect.given], 3),
                        "), suggested ",
                        names[suspect.suggested],
                        " (p ",
                        fixed(p[suspect.suggested], 3),
                        "), score ",
                        fixed(suspect.score, 3))};
    finding.given = names[suspect.given];
    finding.suggested = names[suspect.suggested];
    finding.score = suspect.score;
    review.suspects.push_back(std::move(finding));
  }
}

void review_exclusive(const Predictions& predictions, LabelReview& review) {
  std::vector<int> labels;
  for (const auto& row : predictions.labels) labels.push_back(only_class(row));
  review.unlabelled = std::count(labels.begin(), labels.end(), -1);
  add_suspects(predictions.ids, predictions.class_names, labels, predictions.probabilities, review);
}

void review_each_class(const Predictions& predictions, LabelReview& review) {
  for (const auto& row : predictions.labels)
    review.unlabelled += std::count(row.begin(), row.end(), -1) == std::ssize(row);
  for (size_t c = 0; c < predictions.class_names.size(); ++c) {
    std::vector<int> labels;
    std::vector<std::vector<double>> probabilities;
    for (size_t i = 0; i < predictions.rows(); ++i) {
      labels.push_back(predictions.labels[i][c]);
      const double p = predictions.probabilities[i][c];
      probabilities.push_back({1 - p, p});
    }
    const std::string& name = predictions.class_names[c];
    add_suspects(predictions.ids, {"no " + name, name}, labels, probabilities, review);
  }
  std::stable_sort(review.suspects.begin(),
                   review.suspects.end(),
                   [](const Finding& a, const Finding& b) { return a.score > b.score; });
}

/// Returns for each class of the collection its index in the predictions.
std::vector<size_t> matched_classes(const Manifest& manifest, const LabelScores& scores) {
  const auto& have = scores.predictions.class_names;
  const std::set<std::string> wanted(manifest.class_names.begin(), manifest.class_names.end());
  if (std::set<std::string>(have.begin(), have.end()) != wanted)
    throw Error(Exit::bad_data,
                cat(scores.from,
                    " scores the classes ",
                    join(have),
                    ", but ",
                    manifest.source,
                    " has ",
                    join(manifest.class_names)));
  std::vector<size_t> out;
  for (const auto& name : manifest.class_names) out.push_back(scores.predictions.class_index(name));
  return out;
}

void check_ids(const std::map<std::string, size_t>& row_of_id,
               const Manifest& manifest,
               const LabelScores& scores) {
  const auto& ids = scores.predictions.ids;
  std::vector<std::string> unknown;
  for (const auto& id : ids)
    if (!row_of_id.contains(id)) unknown.push_back(id);
  if (unknown.empty()) return;
  const std::string known =
      unknown.size() == ids.size()
          ? "none of its ids is"
          : cat("only ", ids.size() - unknown.size(), " of its ", ids.size(), " ids are");
  throw Error(Exit::bad_data,
              cat(scores.from,
                  ": ",
                  known,
                  " in ",
                  manifest.source,
                  ", '",
                  unknown[0],
                  "' is not; give the collection that was scored, read in the same way"));
}

void check_sum(const LabelScores& scores, size_t row) {
  const auto& p = scores.predictions.probabilities[row];
  const double sum = std::accumulate(p.begin(), p.end(), 0.);
  if (std::abs(sum - 1) <= kSumTolerance) return;
  throw Error(Exit::bad_data,
              cat(scores.from,
                  ": the probabilities of '",
                  scores.predictions.ids[row],
                  "' sum to ",
                  fixed(sum, 3),
                  "; the classes exclude each other, so they must sum to 1"));
}

}  // namespace

LabelScores read_label_scores(const Path& path) {
  LabelScores scores{read_predictions(path), path.string()};
  const Path metrics = path.parent_path() / "metrics.json";
  if (!std::filesystem::exists(metrics)) return scores;
  const Json beside = Json::parse(read_file(metrics), nullptr, /*allow_exceptions=*/false);
  const bool of_training =
      beside.is_object() && beside.contains("split") && beside["split"] == "train";
  check(!of_training,
        Exit::bad_data,
        cat(path.string(),
            ": predictions of the training part (",
            metrics.filename().string(),
            "), whose labels the model has learnt; give predictions of models that did not see the "
            "images, or --study"));
  return scores;
}

std::string LabelReview::text() const {
  std::string out = cat("labels checked with ", from, ": ", scored, " of ", scored + unscored);
  if (unscored > 0) out += cat("; ", unscored, " without a score");
  if (unlabelled > 0) out += cat("; ", unlabelled, " of the scored without a label");
  if (relabelled > 0)
    out += cat("; ", relabelled, " have another label there, the labels of this collection count");
  return cat(out, "; AUROC of the scores ", fixed(auroc, 3));
}

Json LabelReview::json() const {
  return {{"text", text()},
          {"from", from},
          {"auroc", std::isfinite(auroc) ? Json(auroc) : Json()},
          {"scored", scored},
          {"unscored", unscored},
          {"unlabelled", unlabelled},
          {"relabelled", relabelled},
          {"thresholds", thresholds}};
}

LabelReview review_labels(const Predictions& predictions, bool exclusive) {
  LabelReview review;
  review.thresholds = Json::object();
  review.auroc = mean_auroc(predictions);
  review.scored = static_cast<int64_t>(predictions.rows());
  exclusive ? review_exclusive(predictions, review) : review_each_class(predictions, review);
  return review;
}

LabelReview review_labels(const Manifest& manifest, const LabelScores& scores) {
  const bool exclusive = !manifest.multi_label;
  const auto classes = matched_classes(manifest, scores);
  check(!exclusive || classes.size() > 1,
        Exit::bad_data,
        cat(manifest.source, " has one class only: there is no other label to suggest"));
  std::map<std::string, size_t> sample_of_id;
  for (size_t i = 0; i < manifest.samples.size(); ++i) sample_of_id[manifest.samples[i].id] = i;
  check_ids(sample_of_id, manifest, scores);
  Predictions joined;
  joined.class_names = manifest.class_names;
  int64_t relabelled = 0;
  for (size_t i = 0; i < scores.predictions.rows(); ++i) {
    if (exclusive) check_sum(scores, i);
    const auto& id = scores.predictions.ids[i];
    const auto& labels = manifest.samples[sample_of_id[id]].labels;
    joined.ids.push_back(id);
    joined.groups.push_back(scores.predictions.groups[i]);
    joined.labels.push_back(labels);
    auto& probabilities = joined.probabilities.emplace_back();
    bool differs = false;
    for (size_t c = 0; c < classes.size(); ++c) {
      probabilities.push_back(scores.predictions.probabilities[i][classes[c]]);
      const int8_t there = scores.predictions.labels[i][classes[c]];
      differs |= there != -1 && labels[c] != -1 && there != labels[c];
    }
    relabelled += differs;
  }
  LabelReview review = review_labels(joined, exclusive);
  check(review.unlabelled < review.scored,
        Exit::bad_data,
        cat(manifest.source, ": no image that ", scores.from, " scores has a label"));
  review.from = scores.from;
  review.unscored = std::ssize(manifest.samples) - review.scored;
  review.relabelled = relabelled;
  return review;
}

cv::Mat draw_suspects(const std::vector<Finding>& suspects,
                      const std::function<SheetItem(const std::string& id)>& item_of) {
  std::vector<SheetItem> items;
  for (size_t i = 0; i < std::min(suspects.size(), kShownSuspects); ++i) {
    const Finding& suspect = suspects[i];
    SheetItem item = item_of(suspect.ids[0]);
    item.caption = cat(suspect.ids[0],
                       "\nlabelled ",
                       suspect.given,
                       "\nsuggested ",
                       suspect.suggested,
                       " ",
                       fixed(suspect.score, 2));
    items.push_back(std::move(item));
  }
  SheetOptions options;
  options.cell_px = kSuspectCell_px;
  options.boxes = true;
  return draw_sheet(items, options);
}

}  // namespace evenray
