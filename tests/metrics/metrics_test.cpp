// SPDX-License-Identifier: Apache-2.0
#include "metrics/metrics.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "core/rng.hpp"
#include "metrics/stats.hpp"
#include "tests/fixture.hpp"

using namespace evenray;

namespace {

/// Rare "b" at one in five, two rows a group; `skill` shifts its scores.
Predictions drawn(size_t rows, double skill, uint64_t seed = 1) {
  Predictions out;
  out.class_names = {"a", "b"};
  const Rng truth(7), noise(seed);
  for (size_t i = 0; i < rows; ++i) {
    Rng label = truth.fork("label", i), score = noise.fork("score", i);
    const bool rare = label.chance(.2);
    const double p = 1 / (1 + std::exp(-(score.normal() + skill * rare - 1)));
    out.ids.push_back(cat("r", i));
    out.groups.push_back(cat("g", i / 2));
    out.labels.push_back({static_cast<int8_t>(!rare), static_cast<int8_t>(rare)});
    out.probabilities.push_back({1 - p, p});
  }
  return out;
}

MetricOptions draws(int64_t count) {
  MetricOptions options;
  options.bootstrap_draws = count;
  return options;
}

}  // namespace

TEST_CASE("the panel's JSON has the promised keys in order") {
  auto options = draws(20);
  options.split = "test";
  options.thresholds = {{"b", .4}};
  const Json json = metrics(drawn(100, 2), options);
  std::vector<std::string> keys, class_keys;
  for (const auto& [key, value] : json.items()) keys.push_back(key);
  CHECK(keys == std::vector<std::string>{"schema",
                                         "n",
                                         "split",
                                         "classes",
                                         "macro",
                                         "micro",
                                         "balanced_accuracy",
                                         "accuracy",
                                         "confusion",
                                         "baselines",
                                         "decision_curve",
                                         "bootstrap",
                                         "ci",
                                         "cautions"});
  for (const auto& [key, value] : json["classes"][1].items()) class_keys.push_back(key);
  CHECK(class_keys == std::vector<std::string>{"name",
                                               "positives",
                                               "known",
                                               "auroc",
                                               "auprc",
                                               "prevalence",
                                               "threshold",
                                               "sensitivity",
                                               "specificity",
                                               "ppv",
                                               "npv",
                                               "f1",
                                               "mcc",
                                               "brier",
                                               "ece"});
  CHECK(json["n"] == 100);
  CHECK(json["split"] == "test");
  CHECK(json["classes"][0]["threshold"].is_null());
  CHECK(json["classes"][1]["threshold"] == .4);
  for (const char* key :
       {"a.auroc", "b.ece", "macro.auroc", "micro.f1", "balanced_accuracy", "accuracy"}) {
    INFO(key);
    REQUIRE(json["ci"][key].size() == 2);
    CHECK(json["ci"][key][0] <= json["ci"][key][1]);
  }
  CHECK(metrics(drawn(100, 2), draws(0))["ci"].empty());
}

TEST_CASE("confusions agree with scikit-learn") {
  for (const auto& one : golden_json("metrics/metrics.json")) {
    INFO(one["name"]);
    Predictions predictions;
    predictions.class_names = one["classes"].get<std::vector<std::string>>();
    predictions.labels = one["labels"].get<std::vector<std::vector<int8_t>>>();
    predictions.probabilities = one["probabilities"].get<std::vector<std::vector<double>>>();
    for (size_t i = 0; i < predictions.labels.size(); ++i)
      predictions.ids.push_back(std::to_string(i));
    predictions.groups.resize(predictions.ids.size());
    auto options = draws(0);
    options.thresholds = one["thresholds"].get<Thresholds>();
    using Matrix = std::vector<std::vector<double>>;
    const Json confusion = metrics(predictions, options)["confusion"],
               &expected = one["unweighted"]["confusion"];
    if (predictions.one_hot()) {
      CHECK(confusion.get<Matrix>() == expected.get<Matrix>());
    } else {
      CHECK(confusion.get<std::vector<Matrix>>() == expected.get<std::vector<Matrix>>());
    }
  }
}

TEST_CASE("the majority baseline exposes accuracy") {
  const auto predictions = drawn(200, 2);
  double common = 0;
  for (const auto& labels : predictions.labels) common += labels[0];
  const Json majority = metrics(predictions, draws(0))["baselines"]["majority"];
  CHECK(majority["class"] == "a");
  CHECK(majority["accuracy"].get<double>() == Approx(common / 200));
  CHECK(majority["balanced_accuracy"] == .5);
  CHECK(majority["macro"]["auroc"] == .5);
  CHECK(majority["macro"]["mcc"] == 0);

  auto labels = predictions;
  labels.labels[0] = {1, 1};
  const Json each = metrics(labels, draws(0))["baselines"]["majority"];
  CHECK(each["class"].is_null());
  CHECK(each["balanced_accuracy"] == .5);
}

TEST_CASE("intervals depend on seed and draws, not on threads") {
  const auto predictions = drawn(150, 1);
  auto options = draws(60);
  const std::string one = json_text(metrics(predictions, options));
  options.threads = 3;
  CHECK(json_text(metrics(predictions, options)) == one);
  options.seed = 2;
  CHECK(json_text(metrics(predictions, options)) != one);
}

TEST_CASE("an interval is as wide as theory says") {
  // AUROC's standard error by Hanley and McNeil 1982, which holds as the rows of a group are drawn
  // apart.
  const auto predictions = drawn(600, 1.5);
  const Json json = metrics(predictions, draws(500));
  const double area = json["classes"][1]["auroc"], positives = json["classes"][1]["positives"],
               negatives = 600 - positives;
  const double error = hanley_mcneil_error(area, positives, negatives);
  const auto& interval = json["ci"]["b.auroc"];
  CHECK((interval[1].get<double>() - interval[0].get<double>()) / (2 * 1.96 * error) ==
        Approx(1).margin(.2));
  CHECK(interval[0] < area);
  CHECK(interval[1] > area);
}

TEST_CASE("undefined values are null") {
  auto predictions = drawn(20, 1);
  for (auto& labels : predictions.labels) labels = {1, 0};
  const Json json = metrics(predictions, draws(10));
  CHECK(json["classes"][1]["auroc"].is_null());
  CHECK(json["ci"]["b.auroc"].is_null());
  CHECK_FALSE(contains(json_text(json), "nan"));
  for (auto& labels : predictions.labels) labels = {-1, -1};
  CHECK(metrics(predictions, draws(5))["accuracy"].is_null());
}

TEST_CASE("metrics by a column are those of the rows alone") {
  const Predictions all = drawn(120, 1);
  std::vector<std::string> values(all.rows());
  Predictions odd{all.class_names, {}, {}, {}, {}};
  for (size_t row = 0; row < all.rows(); ++row) {
    values[row] = row % 4 == 3 ? "" : row % 2 == 1 ? "odd" : "even";
    if (values[row] != "odd") continue;
    odd.ids.push_back(all.ids[row]);
    odd.groups.push_back(all.groups[row]);
    odd.labels.push_back(all.labels[row]);
    odd.probabilities.push_back(all.probabilities[row]);
  }
  const Json by = metrics_by(all, "side", values, draws(50));
  CHECK(by["column"] == "side");
  REQUIRE(by["values"].size() == 3);
  Json expected = metrics(odd, draws(50));
  expected["value"] = "odd";
  CHECK(by["values"][2] == expected);
  const std::string text = metrics_by_text(by);
  CHECK(contains(text, "\nside is empty: n 30"));
  CHECK(contains(text, "\nside = even: n 60"));

  const Error many = error_of([&] { metrics_by(all, "id", all.ids); });
  CHECK(many.code() == Exit::bad_data);
  CHECK(contains(many.what(), "column id has 120 different values, more than 20"));
}

TEST_CASE("rows of several labels stay such, also where each of them has one") {
  Predictions all{{"a", "b"},
                  {"1", "2", "3"},
                  {"1", "2", "3"},
                  {{1, 0}, {0, 1}, {1, 1}},
                  {{.9, .8}, {.7, .6}, {.9, .9}}};
  const Json by = metrics_by(all, "kind", {"one", "one", "two"}, draws(0));
  // Each class is decided on its own; classes that exclude each other would have one matrix.
  CHECK(by["values"][0]["confusion"] == Json{{{0, 1}, {0, 1}}, {{0, 1}, {0, 1}}});
}

TEST_CASE("a comparison is paired") {
  const auto good = drawn(300, 2), bad = drawn(300, .5, 2);
  const Json json = compare_metrics(good, bad, draws(200));
  const auto& auroc = json["differences"]["b.auroc"];
  CHECK(auroc["first"].get<double>() - auroc["second"].get<double>() ==
        Approx(auroc["difference"].get<double>()));
  CHECK(auroc["ci"][0] > 0);
  CHECK(auroc["p"] < .05);
  // Against itself, in another order of rows and classes, nothing differs in any draw.
  Predictions turned;
  turned.class_names = {"b", "a"};
  for (size_t i = good.rows(); i-- > 0;) {
    turned.ids.push_back(good.ids[i]);
    turned.groups.push_back(good.groups[i]);
    turned.labels.push_back({good.labels[i][1], good.labels[i][0]});
    turned.probabilities.push_back({good.probabilities[i][1], good.probabilities[i][0]});
  }
  const Json same = compare_metrics(good, turned, draws(50));
  for (const auto& [key, one] : same["differences"].items()) {
    INFO(key);
    CHECK(one["difference"] == 0);
    CHECK(one["ci"] == Json::array({0.0, 0.0}));
    CHECK(one["p"] == 1);
  }
  const Json plain = compare_metrics(good, bad, draws(0));
  CHECK(plain["differences"]["b.auroc"]["ci"].is_null());
}

TEST_CASE("what cannot be compared ends with 65") {
  const auto one = drawn(20, 1);
  const auto fault = [&](auto change) {
    auto other = one;
    change(other);
    const Error error = error_of([&] { compare_metrics(one, other, draws(0)); });
    CHECK(error.code() == Exit::bad_data);
    return std::string(error.what());
  };
  CHECK(contains(fault([](Predictions& p) { p.ids[3] = "x"; }), "id 'r3'"));
  CHECK(contains(fault([](Predictions& p) {
                   p.labels[3] = {-1, -1};
                 }),
                 "labels of id 'r3' differ"));
  CHECK(contains(fault([](Predictions& p) { p.class_names[1] = "c"; }), "unknown class 'b'"));
  CHECK(contains(fault([](Predictions& p) { p.ids.pop_back(); }), "20 rows"));
}

TEST_CASE("the text is aligned, short, and has counts beside rates") {
  Predictions predictions;
  predictions.class_names = {"normal", "Fractured"};
  predictions.ids = {"1", "2", "3", "4", "5", "6"};
  predictions.groups = predictions.ids;
  predictions.labels = {{1, 0}, {1, 0}, {1, 0}, {0, 1}, {0, 1}, {0, 1}};
  predictions.probabilities = {{.9, .1}, {.8, .2}, {.4, .6}, {.3, .7}, {.55, .45}, {.1, .9}};
  auto options = draws(0);
  options.split = "val";
  const std::string text = metrics_text(metrics(predictions, options));
  CHECK(text ==
        "n 6, val\n"
        "\n"
        "class      positives  AUROC  AUPRC  chance  Brier  ECE\n"
        "normal     3/6        .889   .917   .500    .135   .308\n"
        "Fractured  3/6        .889   .917   .500    .135   .308\n"
        "macro                 .889   .917   .500    .135   .308\n"
        "micro                 .889   .911   .500    .135   .308\n"
        "\n"
        "class      threshold  sensitivity  specificity  PPV         NPV         F1    MCC\n"
        "normal     -          .667 (2/3)   .667 (2/3)   .667 (2/3)  .667 (2/3)  .667  .333\n"
        "Fractured  -          .667 (2/3)   .667 (2/3)   .667 (2/3)  .667 (2/3)  .667  .333\n"
        "macro                 .667         .667         .667        .667        .667  .333\n"
        "micro                 .667         .667         .667        .667        .667  .333\n"
        "\n"
        "                   balanced accuracy  accuracy\n"
        "these predictions  .667               .667\n"
        "always normal      .500               .500\n"
        "\n"
        "true \\ predicted  normal  Fractured\n"
        "normal            2       1\n"
        "Fractured         1       2\n");
  const std::string with = metrics_text(metrics(drawn(60, 2), draws(30)));
  CHECK(contains(with, "[95 % interval, 30 draws of 30 groups]"));
  for (const auto& line : split_text(with, '\n')) CHECK(line.size() <= 110);
  auto labels = predictions;
  labels.labels[0] = {1, 1};
  CHECK_FALSE(metrics_text(metrics(labels, draws(0))).empty());
  const std::string comparison =
      comparison_text(compare_metrics(predictions, predictions, draws(9)));
  CHECK(contains(comparison, "balanced_accuracy"));
}
