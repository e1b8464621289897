// SPDX-License-Identifier: Apache-2.0
#include "metrics/metrics.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "core/error.hpp"
#include "core/text.hpp"
#include "metrics/calibration.hpp"
#include "metrics/comparison_tests.hpp"
#include "metrics/decision_curve.hpp"
#include "metrics/panel.hpp"
#include "metrics/resampling.hpp"
#include "metrics/support.hpp"

namespace evenray {
namespace {

Resampling resampling_of(const MetricOptions& options) {
  return {options.bootstrap_draws, options.confidence, options.seed, options.threads};
}

/// The groups behind each key of a panel.
class Supports {
 public:
  explicit Supports(const Predictions& predictions) : names_(predictions.class_names) {
    names_.insert(names_.end(), {"macro", "micro", "balanced_accuracy", "accuracy"});
    std::vector<uint8_t> all;
    std::vector<std::string> all_groups;
    Support rarest;  // of the classes that have both kinds of rows
    for (size_t c = 0; c < predictions.class_names.size(); ++c) {
      std::vector<uint8_t> labels;
      std::vector<std::string> groups;
      for (size_t row = 0; row < predictions.rows(); ++row) {
        if (predictions.labels[row][c] < 0) continue;
        labels.push_back(predictions.labels[row][c] == 1);
        // Rows without a group must stay one group when the classes are pooled.
        groups.push_back(predictions.groups[row].empty() ? cat("row ", row)
                                                         : cat("group ", predictions.groups[row]));
      }
      const Support& one = supports_.emplace_back(support_of(labels, groups));
      // Of two exclusive classes, both have the same groups: take the one whose positives are few.
      const bool rarer = one.least() < rarest.least() ||
                         (one.least() == rarest.least() && one.positive < rarest.positive);
      if (one.least() > 0 && (rarest.least() == 0 || rarer)) rarest = one;
      all.insert(all.end(), labels.begin(), labels.end());
      all_groups.insert(all_groups.end(), groups.begin(), groups.end());
    }
    const Support pooled = support_of(all, all_groups);
    // Accuracy counts rows of all classes alike.
    const int64_t groups = support_of(std::vector<uint8_t>(all.size(), 1), all_groups).positive;
    supports_.insert(supports_.end(), {rarest, pooled, rarest, {groups, groups}});
  }

  /// `key`: index into Panel::keys().
  const Support& of(size_t key) const {
    const size_t sections = names_.size() - 2, in_sections = sections * kClassMetrics.size();
    return supports_[key < in_sections ? key / kClassMetrics.size()
                                       : sections + (key - in_sections)];
  }

  Json cautions() const {
    Cautions found;
    for (size_t i = 0; i < names_.size(); ++i) found.add(names_[i], supports_[i]);
    return found.json();
  }

 private:
  std::vector<std::string> names_;
  std::vector<Support> supports_;
};

Json confusion(const Predictions& predictions, const Decisions& decisions) {
  const size_t classes = predictions.class_names.size(), size = decisions.exclusive ? classes : 2;
  using Matrix = std::vector<std::vector<int64_t>>;
  const Matrix empty(size, std::vector<int64_t>(size));
  std::vector<Matrix> matrices(decisions.exclusive ? 1 : classes, empty);
  for (size_t row = 0; row < predictions.rows(); ++row) {
    const auto& labels = predictions.labels[row];
    for (size_t c = 0; c < classes; ++c) {
      if (labels[c] < 0) continue;
      if (!decisions.exclusive) {
        ++matrices[c][static_cast<size_t>(labels[c])][decisions.predicted[row][c]];
      } else if (labels[c] == 1) {
        for (size_t predicted = 0; predicted < classes; ++predicted)
          matrices[0][c][predicted] += decisions.predicted[row][predicted];
      }
    }
  }
  return decisions.exclusive ? Json(matrices[0]) : Json(matrices);
}

/// Returns {"auroc": ...} for one section of `values`: a class, macro or micro.
Json section_json(const std::vector<double>& values, size_t section) {
  Json out = Json::object();
  for (size_t m = 0; m < kClassMetrics.size(); ++m) {
    out[std::string(kClassMetrics[m])] = number_json(values[section * kClassMetrics.size() + m]);
  }
  return out;
}

Json class_json(const Predictions& predictions,
                const Panel& panel,
                const std::vector<double>& values,
                size_t c) {
  const auto& threshold = panel.decisions().thresholds[c];
  Json out{{"name", predictions.class_names[c]},
           {"positives", panel.positives(c)},
           {"known", panel.known(c)}};
  const Json section = section_json(values, c);
  for (const auto& [key, value] : section.items()) {
    out[key] = value;
    if (key == "prevalence") out["threshold"] = threshold ? Json(*threshold) : Json(nullptr);
  }
  return out;
}

/// Metrics of a constant classifier: always the most frequent class, or the more frequent label of
/// each class if classes are not exclusive.
Json majority_json(const Predictions& predictions) {
  const size_t classes = predictions.class_names.size();
  const bool exclusive = predictions.one_hot();
  std::vector<int64_t> surplus(classes);
  bool known = false;
  for (const auto& labels : predictions.labels) {
    for (size_t c = 0; c < classes; ++c) {
      known |= labels[c] >= 0;
      surplus[c] += labels[c] < 0 ? 0 : (labels[c] == 1 ? 1 : -1);
    }
  }
  const auto most =
      static_cast<size_t>(std::max_element(surplus.begin(), surplus.end()) - surplus.begin());
  std::vector<double> always(classes);
  for (size_t c = 0; c < classes; ++c) always[c] = exclusive ? c == most : surplus[c] > 0;
  Predictions constant = predictions;
  constant.probabilities.assign(predictions.rows(), always);
  const auto values = Panel(constant, {}).values();
  return {{"class", exclusive && known ? Json(predictions.class_names[most]) : Json(nullptr)},
          {"accuracy", number_json(values.back())},
          {"balanced_accuracy", number_json(values[values.size() - 2])},
          {"macro", section_json(values, classes)}};
}

/// Adds Brier score, calibration error and reliability of each class, with this ending of the keys.
void add_calibration(const Predictions& predictions, const std::string& ending, Json& classes) {
  for (size_t c = 0; c < predictions.class_names.size(); ++c) {
    const auto [scores, labels] = known_scores(predictions, c);
    const auto bins = reliability(RankedScores(scores, labels), scores, labels);
    Json curve = Json::array();
    for (const auto& bin : bins)
      curve.push_back(
          {{"predicted", bin.predicted}, {"observed", bin.observed}, {"rows", bin.weight}});
    classes[c]["brier" + ending] = number_json(brier_score(scores, labels));
    classes[c]["ece" + ending] = number_json(calibration_error(bins));
    classes[c]["reliability" + ending] = curve;
  }
}

Json calibration_json(const Predictions& predictions,
                      const Predictions& calibrated,
                      const Temperature& temperature) {
  Json classes = Json::array();
  for (const auto& name : predictions.class_names) classes.push_back({{"name", name}});
  add_calibration(predictions, "", classes);
  add_calibration(calibrated, "_calibrated", classes);
  return {
      {"temperature", temperature.value},
      {"nll", number_json(negative_log_likelihood(predictions, temperature.exclusive))},
      {"nll_calibrated", number_json(negative_log_likelihood(calibrated, temperature.exclusive))},
      {"classes", classes}};
}

/// Returns `other` with rows and classes in the order of `wanted`.
Predictions aligned(const Predictions& other, const Predictions& wanted) {
  std::map<std::string, size_t> row_of_id;
  for (size_t row = 0; row < other.rows(); ++row) row_of_id[other.ids[row]] = row;
  check(other.rows() == wanted.rows() && other.class_names.size() == wanted.class_names.size(),
        Exit::bad_data,
        cat("cannot compare: the first predictions have ",
            wanted.rows(),
            " rows and ",
            wanted.class_names.size(),
            " classes, the second ",
            other.rows(),
            " rows and ",
            other.class_names.size(),
            " classes; both need the same rows and classes"));
  std::vector<size_t> classes;
  for (const auto& name : wanted.class_names) classes.push_back(other.class_index(name));
  Predictions out = wanted;
  for (size_t row = 0; row < wanted.rows(); ++row) {
    const auto found = row_of_id.find(wanted.ids[row]);
    if (found == row_of_id.end()) {
      throw Error(
          Exit::bad_data,
          cat("cannot compare: id '", wanted.ids[row], "' is missing from the second predictions"));
    }
    for (size_t c = 0; c < classes.size(); ++c) {
      if (other.labels[found->second][classes[c]] != wanted.labels[row][c]) {
        throw Error(Exit::bad_data,
                    cat("cannot compare: the labels of id '",
                        wanted.ids[row],
                        "' differ between the first and the second predictions"));
      }
      out.probabilities[row][c] = other.probabilities[found->second][classes[c]];
    }
  }
  return out;
}

}  // namespace

Json metrics(const Predictions& predictions, const MetricOptions& options) {
  const Panel panel(predictions, options.thresholds);
  const auto values = panel.values();
  const size_t classes = predictions.class_names.size();
  Json out{{"schema", "evenray-metrics-1"},
           {"n", predictions.rows()},
           {"split", options.split.empty() ? Json(nullptr) : Json(options.split)},
           {"classes", Json::array()}};
  for (size_t c = 0; c < classes; ++c)
    out["classes"].push_back(class_json(predictions, panel, values, c));
  out["macro"] = section_json(values, classes);
  out["micro"] = section_json(values, classes + 1);
  out["balanced_accuracy"] = number_json(values[values.size() - 2]);
  out["accuracy"] = number_json(values.back());
  out["confusion"] = confusion(predictions, panel.decisions());
  out["baselines"] = {{"majority", majority_json(predictions)}};
  Predictions calibrated = predictions;
  if (options.temperature) {
    calibrated.probabilities = options.temperature->apply(predictions.probabilities);
    out["calibration"] = calibration_json(predictions, calibrated, *options.temperature);
  }
  out["decision_curve"] = decision_curve_json(calibrated, options.temperature.has_value());
  out["bootstrap"] = resampling_json(predictions.groups, resampling_of(options));
  out["ci"] = Json::object();
  out["cautions"] = Json::array();
  if (options.bootstrap_draws <= 0) return out;
  const Supports supports(predictions);
  out["cautions"] = supports.cautions();
  const auto replicates =
      resample(predictions.groups, resampling_of(options), values.size(), [&](auto weights) {
        return panel.values(weights);
      });
  for (size_t k = 0; k < values.size(); ++k) {
    out["ci"][panel.keys()[k]] =
        std::isnan(values[k]) ? Json(nullptr)
                              : interval_json(replicates[k], supports.of(k), options.confidence);
  }
  return out;
}

Json compare_metrics(const Predictions& first,
                     const Predictions& second,
                     const MetricOptions& options,
                     const Thresholds& second_thresholds) {
  const Predictions other = aligned(second, first);
  const Panel a(first, options.thresholds), b(other, second_thresholds);
  const auto of_first = a.values(), of_second = b.values();
  const auto replicates =
      resample(first.groups, resampling_of(options), of_first.size(), [&](auto weights) {
        auto values = a.values(weights);
        const auto others = b.values(weights);
        for (size_t k = 0; k < values.size(); ++k) values[k] -= others[k];
        return values;
      });
  const Supports supports(first);
  Json differences = Json::object();
  for (size_t k = 0; k < of_first.size(); ++k) {
    differences[a.keys()[k]] = difference_json(of_first[k],
                                               of_second[k],
                                               of_first[k] - of_second[k],
                                               replicates[k],
                                               supports.of(k),
                                               options.confidence);
  }
  return {{"schema", "evenray-comparison-1"},
          {"n", first.rows()},
          {"split", options.split.empty() ? Json(nullptr) : Json(options.split)},
          {"bootstrap", resampling_json(first.groups, resampling_of(options))},
          {"cautions", options.bootstrap_draws > 0 ? supports.cautions() : Json::array()},
          {"differences", std::move(differences)},
          {"tests", comparison_tests(first, other, a.decisions(), b.decisions(), options)}};
}

}  // namespace evenray
