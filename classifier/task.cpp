// SPDX-License-Identifier: Apache-2.0
// The classifier as the task of a study, which compares the scores for the rare class.
#include <algorithm>
#include <array>
#include <cmath>

#include "classifier/classifier.hpp"
#include "core/text.hpp"
#include "metrics/panel.hpp"
#include "metrics/thresholds.hpp"

namespace evenray {
namespace {

/// Returns the columns of the rare class in a table of cells. The column of the prevalence, which
/// is equal in all cells, is replaced by the threshold.
std::vector<std::string> class_columns() {
  std::vector<std::string> columns(kClassMetrics.begin(), kClassMetrics.end());
  std::replace(columns.begin(), columns.end(), std::string("prevalence"), std::string("threshold"));
  return columns;
}
constexpr std::array kOverallColumns{"balanced_accuracy", "accuracy"};
constexpr std::array kLocalisationColumns{"pointing", "energy"};

class ClassifyTask final : public Task {
 public:
  ClassifyTask(const ClassifyOptions& options,
               const std::string& rare_class,
               const std::vector<Path>& features)
      : options_(options), rare_class_(rare_class), features_(features) {}

  std::string run_name() const override { return "classifier"; }
  void fields(Fields& f) override { f.section("classify", options_); }
  int64_t steps() const override { return options_.steps; }
  StepTime image_time(const Compute& compute, int height, int width) const override {
    return options_.tune == "head" ? feature_time(options_, height, width, compute) : StepTime{};
  }
  TimedNetwork timed(int height, int width) const override {
    return timed_classifier(options_, height, width);
  }

  void prepare(const Store& store, const Runtime& runtime) const override {
    if (options_.tune == "head") keep_features(store, options_, make_compute(runtime));
  }

  void train(const Store& store, const Runtime& runtime, RunFolder& run) const override {
    train_classifier(store, options_, runtime, run, features_);
  }

  void test(const Path& cell,
            const Store& store,
            const std::string& part,
            const Runtime& runtime) const override {
    const Classifier classifier(cell / run_name(), make_compute(runtime));
    const Predictions predictions = classifier.predict(store, part);
    write_predictions(cell / "predictions.csv", predictions);
    MetricOptions options;
    options.thresholds = classifier.thresholds();
    options.temperature = classifier.temperature();
    options.split = part;
    options.bootstrap_draws = options_.bootstrap;
    options.threads = runtime.thread_count();
    Json found = metrics(predictions, options);
    const Json located = classifier.localisation(store, part, "grad-cam");
    if (!located["classes"].empty()) found["localisation"] = located;
    write_json(cell / "metrics.json", found);
  }

  double validation(const Path& cell) const override {
    const Json best = read_json(cell / run_name() / "metrics.json").at("best_val_auprc");
    return best.is_number() ? best.get<double>() : NAN;
  }

  Scored scored(const std::vector<Path>& cells,
                const std::set<std::string>& left_out) const override {
    ClassRows rows;
    std::vector<size_t> columns;  // the rare class, then the others if there are several
    int64_t without_threshold = 0;
    for (const auto& cell : cells) {
      const Predictions predictions = read_predictions(cell / "predictions.csv");
      const Thresholds thresholds = read_thresholds(cell / run_name() / "thresholds.json");
      without_threshold += thresholds.empty();
      const Decisions decisions = decide(predictions, thresholds);
      if (columns.empty()) {
        columns = compared_classes(predictions);
        for (const size_t c : columns) rows.classes.push_back({.name = predictions.class_names[c]});
      }
      for (size_t i = 0; i < predictions.rows(); ++i) {
        if (left_out.contains(predictions.ids[i])) continue;
        rows.ids.push_back(predictions.ids[i]);
        rows.groups.push_back(predictions.groups[i]);
        for (size_t k = 0; k < columns.size(); ++k) {
          const size_t c = columns[k];
          rows.classes[k].labels.push_back(predictions.labels[i][c]);
          rows.classes[k].scores.push_back(predictions.probabilities[i][c]);
          rows.classes[k].predicted.push_back(decisions.predicted[i][c]);
        }
      }
    }
    if (columns.empty()) rows.classes.emplace_back();
    Scored out = score_classes(std::move(rows));
    out.without_threshold = without_threshold;
    return out;
  }

  std::vector<std::string> columns() const override {
    std::vector<std::string> names{"n"};
    for (const auto& column : class_columns()) names.push_back(column);
    names.insert(names.end(), kOverallColumns.begin(), kOverallColumns.end());
    names.insert(names.end(), kLocalisationColumns.begin(), kLocalisationColumns.end());
    return names;
  }

  std::vector<std::string> row(const Path& cell) const override {
    const auto text = [](const Json& value) {
      return value.is_null() ? std::string() : value.dump();
    };
    const Json metrics = read_json(cell / "metrics.json");
    std::vector<std::string> values{text(metrics.at("n"))};
    for (const auto& entry : metrics.at("classes")) {
      if (entry.at("name") != rare_class_) continue;
      for (const auto& column : class_columns()) values.push_back(text(entry.at(column)));
    }
    for (const char* column : kOverallColumns) values.push_back(text(metrics.at(column)));
    const Json located = metrics.value("localisation", Json{{"classes", Json::array()}});
    Json of_rare = Json::object();
    for (const auto& entry : located.at("classes"))
      if (entry.at("name") == rare_class_) of_rare = entry;
    for (const char* column : kLocalisationColumns)
      values.push_back(text(of_rare.value(column, Json())));
    return values;
  }

 private:
  /// Returns the rare class, and after it the others. Of two classes that exclude each other, the
  /// other one says nothing new.
  std::vector<size_t> compared_classes(const Predictions& predictions) const {
    std::vector<size_t> out{predictions.class_index(rare_class_)};
    if (predictions.class_names.size() > 2 || !predictions.one_hot())
      for (size_t c = 0; c < predictions.class_names.size(); ++c)
        if (c != out[0]) out.push_back(c);
    return out;
  }

  ClassifyOptions options_;
  std::string rare_class_;
  std::vector<Path> features_;
};

}  // namespace

std::unique_ptr<Task> classify_task(const ClassifyOptions& options,
                                    const std::string& rare_class,
                                    const std::vector<Path>& features) {
  return std::make_unique<ClassifyTask>(options, rare_class, features);
}

}  // namespace evenray
