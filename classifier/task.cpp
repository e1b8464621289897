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
    int64_t without_threshold = 0;
    for (const auto& cell : cells) {
      const Predictions predictions = read_predictions(cell / "predictions.csv");
      const Thresholds thresholds = read_thresholds(cell / run_name() / "thresholds.json");
      without_threshold += thresholds.empty();
      const Decisions decisions = decide(predictions, thresholds);
      const size_t rare = predictions.class_index(rare_class_);
      for (size_t i = 0; i < predictions.rows(); ++i) {
        if (left_out.contains(predictions.ids[i])) continue;
        rows.ids.push_back(predictions.ids[i]);
        rows.groups.push_back(predictions.groups[i]);
        rows.labels.push_back(predictions.labels[i][rare] == 1);
        rows.scores.push_back(predictions.probabilities[i][rare]);
        rows.predicted.push_back(decisions.predicted[i][rare]);
      }
    }
    Scored out = score_class(std::move(rows));
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
