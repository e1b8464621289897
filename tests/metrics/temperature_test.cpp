// SPDX-License-Identifier: Apache-2.0
#include "metrics/temperature.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "metrics/metrics.hpp"
#include "tests/fixture.hpp"

using namespace evenray;

namespace {

Predictions predictions_of_entry(const Json& entry) {
  Predictions out;
  const size_t classes = entry["probabilities"][0].size();
  for (size_t c = 0; c < classes; ++c) out.class_names.push_back(cat("class", c));
  out.probabilities = entry["probabilities"].get<std::vector<std::vector<double>>>();
  for (const int label : entry["labels"]) {
    out.labels.emplace_back(classes, 0);
    out.labels.back()[static_cast<size_t>(label)] = 1;
    out.ids.push_back(cat("row", out.ids.size()));
    out.groups.emplace_back();
  }
  return out;
}

}  // namespace

TEST_CASE("temperature and log loss are scikit-learn's") {
  const Json golden = golden_json("metrics/temperature.json");
  for (const auto& entry : golden) {
    Predictions predictions = predictions_of_entry(entry);
    const Temperature found = fit_temperature(predictions, /*exclusive=*/true);
    // scikit-learn stops its search at 1e-5 of the logarithm.
    CHECK(found.value == Approx(entry["temperature"].get<double>()).epsilon(1e-4));
    CHECK(negative_log_likelihood(predictions, true) ==
          Approx(entry["nll"].get<double>()).epsilon(1e-9));
    const Json json = temperature_json(found, predictions);
    CHECK(json["nll_calibrated"] == Approx(entry["nll_calibrated"].get<double>()).epsilon(1e-9));
    predictions.probabilities = found.apply(predictions.probabilities);
    for (const auto& row : predictions.probabilities) {
      double sum = 0;
      for (const double p : row) sum += p;
      CHECK(sum == Approx(1));
    }
    CHECK(fit_temperature(predictions, true).value == Approx(1).epsilon(1e-5));
  }
}

TEST_CASE("labels that are not exclusive share one temperature, and unknown ones have no say") {
  // Logits of 2 and -2, right in three of four rows: the best probability is .75, of logit log 3.
  Predictions predictions;
  predictions.class_names = {"a", "b"};
  const double sure = 1 / (1 + std::exp(-2.));
  for (int i = 0; i < 8; ++i) {
    const bool right = i % 4 != 0;
    const int8_t label = static_cast<int8_t>(right);
    predictions.ids.push_back(cat(i));
    predictions.groups.emplace_back();
    predictions.labels.push_back({label, static_cast<int8_t>(i < 4 ? -1 : label)});
    predictions.probabilities.push_back({sure, i < 4 ? .01 : sure});
  }
  const Temperature found = fit_temperature(predictions, /*exclusive=*/false);
  CHECK(found.value == Approx(2 / std::log(3.)).epsilon(1e-6));
  CHECK(found.apply({{sure, .5}})[0][0] == Approx(.75));
  CHECK(found.apply({{sure, .5}})[0][1] == Approx(.5));
  CHECK(found.apply_to_threshold(sure) == Approx(.75));
  for (auto& row : predictions.labels) row = {-1, -1};
  CHECK(fit_temperature(predictions, false).value == 1);
}

TEST_CASE("metrics tell calibration before and after") {
  const Json golden = golden_json("metrics/temperature.json");
  const Predictions predictions = predictions_of_entry(golden[0]);
  MetricOptions options;
  options.bootstrap_draws = 0;
  CHECK_FALSE(metrics(predictions, options).contains("calibration"));
  options.temperature = fit_temperature(predictions, true);
  const Json found = metrics(predictions, options);
  const Json& calibration = found["calibration"];
  CHECK(calibration["temperature"] == options.temperature->value);
  CHECK(calibration["nll_calibrated"] < calibration["nll"]);
  for (size_t c = 0; c < 2; ++c) {
    const Json& entry = calibration["classes"][c];
    CHECK(entry["brier"] == Approx(found["classes"][c]["brier"].get<double>()));
    CHECK(entry["ece"] == found["classes"][c]["ece"]);
    CHECK(entry["brier_calibrated"] < entry["brier"]);
    double rows = 0;
    for (const auto& bin : entry["reliability_calibrated"]) rows += bin["rows"].get<double>();
    CHECK(rows == 60);
  }
  CHECK(contains(metrics_text(found), "temperature 2.82"));
}

TEST_CASE("a calibration file that is no calibration") {
  ScratchFolder folder;
  const Path path = folder.path() / "calibration.json";
  for (const auto& text :
       {"{}", "[1]", R"({"schema":"evenray-calibration-1","temperature":0,"exclusive":true})"}) {
    write_atomic(path, text);
    CHECK(error_of([&] { read_temperature(path); }).code() == Exit::bad_data);
  }
  CHECK(error_of([&] { read_temperature(folder.path() / "none.json"); }).code() ==
        Exit::missing_input);
}
