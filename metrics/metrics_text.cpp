// SPDX-License-Identifier: Apache-2.0
#include "core/text.hpp"
#include "metrics/metrics.hpp"
#include "metrics/resampling.hpp"
#include "metrics/text.hpp"

namespace evenray {
namespace {

using Row = std::vector<std::string>;

std::string with_counts(const Json& value, int64_t part, int64_t whole) {
  return cat(short_number(value), " (", part, "/", whole, ")");
}

struct NamedCounts {
  int64_t tp = 0, fp = 0, fn = 0, tn = 0;
};

/// Returns the counts of class c from either form of the confusion matrix.
NamedCounts counts_of(const Json& confusion, size_t c) {
  if (confusion[0][0].is_array()) {
    const auto& matrix = confusion[c];
    return {matrix[1][1], matrix[0][1], matrix[1][0], matrix[0][0]};
  }
  NamedCounts counts;
  for (size_t truth = 0; truth < confusion.size(); ++truth) {
    for (size_t predicted = 0; predicted < confusion.size(); ++predicted) {
      const auto rows = confusion[truth][predicted].get<int64_t>();
      (truth == c ? (predicted == c ? counts.tp : counts.fn)
                  : (predicted == c ? counts.fp : counts.tn)) += rows;
    }
  }
  return counts;
}

std::string ranking_table(const Json& metrics) {
  std::vector<Row> rows{{"class", "positives", "AUROC", "AUPRC", "chance", "Brier", "ECE"}};
  const auto add = [&](const std::string& name, const std::string& positives, const Json& one) {
    rows.push_back({name,
                    positives,
                    with_interval(metrics, name + ".auroc", one["auroc"]),
                    with_interval(metrics, name + ".auprc", one["auprc"]),
                    short_number(one["prevalence"]),
                    short_number(one["brier"]),
                    short_number(one["ece"])});
  };
  for (const auto& one : metrics["classes"]) {
    add(one["name"], cat(one["positives"].get<int64_t>(), "/", one["known"].get<int64_t>()), one);
  }
  add("macro", "", metrics["macro"]);
  add("micro", "", metrics["micro"]);
  return aligned_table(rows);
}

std::string decision_table(const Json& metrics) {
  std::vector<Row> rows{
      {"class", "threshold", "sensitivity", "specificity", "PPV", "NPV", "F1", "MCC"}};
  for (size_t c = 0; c < metrics["classes"].size(); ++c) {
    const auto& one = metrics["classes"][c];
    const NamedCounts n = counts_of(metrics["confusion"], c);
    rows.push_back({one["name"],
                    short_number(one["threshold"]),
                    with_counts(one["sensitivity"], n.tp, n.tp + n.fn),
                    with_counts(one["specificity"], n.tn, n.tn + n.fp),
                    with_counts(one["ppv"], n.tp, n.tp + n.fp),
                    with_counts(one["npv"], n.tn, n.tn + n.fn),
                    short_number(one["f1"]),
                    short_number(one["mcc"])});
  }
  for (const char* name : {"macro", "micro"}) {
    const auto& one = metrics[name];
    Row row{name, ""};
    for (const char* key : {"sensitivity", "specificity", "ppv", "npv", "f1", "mcc"})
      row.push_back(short_number(one[key]));
    rows.push_back(row);
  }
  return aligned_table(rows);
}

std::string overall_table(const Json& metrics) {
  const auto& majority = metrics["baselines"]["majority"];
  const std::string always = majority["class"].is_string()
                                 ? cat("always ", majority["class"].get<std::string>())
                                 : "majority";
  return aligned_table(
      {{"", "balanced accuracy", "accuracy"},
       {"these predictions",
        with_interval(metrics, "balanced_accuracy", metrics["balanced_accuracy"]),
        with_interval(metrics, "accuracy", metrics["accuracy"])},
       {always, short_number(majority["balanced_accuracy"]), short_number(majority["accuracy"])}});
}

/// Returns the confusion matrix of exclusive classes; empty for other classes, whose counts are in
/// decision_table().
std::string confusion_table(const Json& metrics) {
  const auto& confusion = metrics["confusion"];
  if (confusion[0][0].is_array()) return "";
  std::vector<Row> rows{{"true \\ predicted"}};
  for (const auto& one : metrics["classes"]) rows[0].push_back(one["name"]);
  for (size_t c = 0; c < confusion.size(); ++c) {
    Row row{metrics["classes"][c]["name"]};
    for (const auto& count : confusion[c]) row.push_back(std::to_string(count.get<int64_t>()));
    rows.push_back(row);
  }
  return cat("\n", aligned_table(rows));
}

std::string heading(const Json& json) {
  return cat("n ",
             json["n"].get<int64_t>(),
             json["split"].is_string() ? cat(", ", json["split"].get<std::string>()) : "",
             resampling_text(json["bootstrap"]),
             "\n",
             cautions_text(json["cautions"]),
             "\n");
}

/// Where explanations of positive images lie; empty without any.
std::string localisation_table(const Json& metrics) {
  if (!metrics.contains("localisation") || metrics["localisation"]["classes"].empty()) return "";
  const Json& found = metrics["localisation"];
  std::vector<Row> rows{{found["method"],
                         "images with boxes",
                         "pointing game",
                         "by chance",
                         "energy in boxes",
                         "area of boxes"}};
  for (const auto& entry : found["classes"])
    rows.push_back({entry["name"],
                    entry["images"].dump(),
                    short_number(entry["pointing"]),
                    short_number(entry["chance"]),
                    short_number(entry["energy"]),
                    short_number(entry["box_area"])});
  return "\n" + aligned_table(rows);
}

/// Net benefit of the model, and of treating all rows in brackets, at a few thresholds; empty
/// without a temperature, because net benefit means little for probabilities that are not
/// calibrated.
std::string decision_curve_table(const Json& metrics) {
  if (!metrics.contains("calibration")) return "";
  const Json& curve = metrics["decision_curve"];
  std::vector<Row> rows{{"net benefit (of treating all) at"}};
  std::vector<size_t> shown;
  for (size_t i = 0; i < curve["thresholds"].size(); ++i) {
    const double threshold = curve["thresholds"][i];
    for (const double wanted : {.05, .1, .2, .5}) {
      if (threshold == wanted) shown.push_back(i);
    }
  }
  for (const size_t i : shown) rows[0].push_back(short_number(curve["thresholds"][i]));
  for (const auto& one : curve["classes"]) {
    Row row{one["name"]};
    for (const size_t i : shown)
      row.push_back(cat(short_number(one["model"][i]), " (", short_number(one["all"][i]), ")"));
    rows.push_back(row);
  }
  return aligned_table(rows) + "\n";
}

/// Calibration before and after temperature scaling; empty without a temperature.
std::string calibration_table(const Json& metrics) {
  if (!metrics.contains("calibration")) return "";
  const Json& calibration = metrics["calibration"];
  std::vector<Row> rows{{cat("temperature ", short_number(calibration["temperature"])),
                         "Brier",
                         "calibrated",
                         "ECE",
                         "calibrated"}};
  for (const auto& entry : calibration["classes"])
    rows.push_back({entry["name"],
                    short_number(entry["brier"]),
                    short_number(entry["brier_calibrated"]),
                    short_number(entry["ece"]),
                    short_number(entry["ece_calibrated"])});
  return aligned_table(rows) + "\n";
}

std::string difference_text(const Json& test) {
  return short_number(test["difference"]) +
         (test["difference"].is_number() ? interval(test["ci"]) : "");
}

std::string tests_tables(const Json& tests) {
  std::vector<Row> areas{{"AUROC", "test", "difference", "standard error", "p", "permutation p"}};
  std::vector<Row> decisions{
      {"decisions", "test", "metric", "difference", "first only", "second only", "p"}};
  for (const auto& one : tests["classes"]) {
    const Json &area = one["auroc"], &decision = one["decisions"];
    areas.push_back({one["name"],
                     area["test"],
                     difference_text(area),
                     short_number(area["standard_error"]),
                     short_number(area["p"]),
                     short_number(area["permutation_p"])});
    decisions.push_back({one["name"],
                         decision["test"],
                         decision["metric"],
                         difference_text(decision),
                         decision["first_only"].dump(),
                         decision["second_only"].dump(),
                         short_number(decision["p"])});
  }
  return aligned_table(areas) + "\n" + aligned_table(decisions);
}

}  // namespace

std::string metrics_text(const Json& metrics) {
  return heading(metrics) + ranking_table(metrics) + "\n" + calibration_table(metrics) +
         decision_curve_table(metrics) + decision_table(metrics) + "\n" + overall_table(metrics) +
         confusion_table(metrics) + localisation_table(metrics);
}

std::string metrics_by_text(const Json& by) {
  std::string text;
  for (const auto& one : by["values"]) {
    const std::string value = one["value"];
    text += cat("\n",
                by["column"].get<std::string>(),
                value.empty() ? " is empty" : " = " + value,
                ": ",
                heading(one),
                ranking_table(one),
                "\n",
                decision_table(one));
  }
  return text;
}

std::string comparison_text(const Json& comparison) {
  std::vector<Row> rows{{"metric", "first", "second", "difference", "p"}};
  const bool drawn = comparison["bootstrap"]["draws"].get<int64_t>() > 0;
  for (const auto& [key, one] : comparison["differences"].items()) {
    if (key.ends_with(".prevalence")) continue;  // always equal: the rows are the same
    rows.push_back({key,
                    short_number(one["first"]),
                    short_number(one["second"]),
                    short_number(one["difference"]) +
                        (one["difference"].is_number() && drawn ? interval(one["ci"]) : ""),
                    short_number(one["p"])});
  }
  return heading(comparison) + aligned_table(rows) + "\n" + tests_tables(comparison["tests"]);
}

}  // namespace evenray
