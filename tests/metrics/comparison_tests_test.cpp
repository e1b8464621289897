// SPDX-License-Identifier: Apache-2.0
#include "metrics/comparison_tests.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "core/rng.hpp"
#include "metrics/auroc_covariance.hpp"
#include "metrics/paired_decisions.hpp"
#include "metrics/stats.hpp"
#include "tests/fixture.hpp"

using namespace evenray;

namespace {

/// One class in groups of `group_size` rows; `skill` separates its rows from the others.
Predictions predictions_of(size_t rows, double skill, size_t group_size, uint64_t seed = 1) {
  Predictions out;
  out.class_names = {"lesion", "device"};
  const Rng truth(7), noise(seed);
  for (size_t i = 0; i < rows; ++i) {
    Rng label = truth.fork("label", i), score = noise.fork("score", i);
    const bool lesion = label.chance(.3), device = label.chance(.1);
    const auto probability = [&](bool present) {
      return 1 / (1 + std::exp(-(score.normal() + skill * present - 1)));
    };
    out.ids.push_back(cat("r", i));
    out.groups.push_back(group_size == 1 ? "" : cat("g", i / group_size));
    out.labels.push_back({lesion, device});
    const double of_lesion = probability(lesion), of_device = probability(device);
    out.probabilities.push_back({of_lesion, of_device});
  }
  return out;
}

Json tests_of(const Predictions& first, const Predictions& second, int64_t draws = 200) {
  MetricOptions options;
  options.bootstrap_draws = draws;
  return compare_metrics(first, second, options)["tests"];
}

}  // namespace

TEST_CASE("one image a group: DeLong and McNemar") {
  const auto good = predictions_of(300, 2, 1), bad = predictions_of(300, .7, 1, 2);
  const Json tests = tests_of(good, bad);
  CHECK(tests["clustered"] == false);
  const Json& one = tests["classes"][0];
  CHECK(one["name"] == "lesion");
  CHECK(one["auroc"]["test"] == "delong");
  CHECK(one["decisions"]["test"] == "mcnemar");
  CHECK(one["decisions"]["metric"] == "accuracy");
  std::vector<double> first, second;
  std::vector<uint8_t> labels;
  int64_t first_only = 0, second_only = 0;
  for (size_t i = 0; i < good.rows(); ++i) {
    first.push_back(good.probabilities[i][0]);
    second.push_back(bad.probabilities[i][0]);
    labels.push_back(good.labels[i][0]);
    const bool first_right = (first.back() >= .5) == labels.back(),
               second_right = (second.back() >= .5) == labels.back();
    first_only += first_right && !second_right;
    second_only += !first_right && second_right;
  }
  const AurocPair pair = delong(first, second, labels);
  const double difference = pair.first.auroc - pair.second.auroc;
  const NormalTest test = normal_test(difference, pair.difference_variance);
  CHECK(one["auroc"]["difference"] == difference);
  CHECK(one["auroc"]["standard_error"] == test.error);
  CHECK(one["auroc"]["ci"] == Json{test.interval.low, test.interval.high});
  CHECK(one["auroc"]["p"] == test.p);
  CHECK(one["auroc"]["first_standard_error"] == std::sqrt(pair.first.variance));
  CHECK(one["auroc"]["permutation_p"].get<double>() < .05);
  CHECK(one["decisions"]["first_only"] == first_only);
  CHECK(one["decisions"]["second_only"] == second_only);
  CHECK(one["decisions"]["p"] == mcnemar_p(first_only, second_only));
  CHECK(one["decisions"]["difference"].get<double>() ==
        Approx(static_cast<double>(first_only - second_only) / 300));
}

TEST_CASE("two images in any group: Obuchowski and permutation for all classes") {
  auto good = predictions_of(300, 2, 1), bad = predictions_of(300, .7, 1, 2);
  good.groups[10] = good.groups[200] = "patient";
  const Json one_pair = tests_of(good, bad);
  for (const auto& one : one_pair["classes"]) {
    CHECK(one["auroc"]["test"] == "obuchowski");
    CHECK(one["decisions"]["test"] == "permutation");
    CHECK(one["decisions"]["metric"] == "balanced_accuracy");
  }
  const auto grouped = predictions_of(300, 2, 5), other = predictions_of(300, .7, 5, 2);
  const Json tests = tests_of(grouped, other);
  CHECK(tests["clustered"] == true);
  CHECK(tests["draws"] == 200);
  for (const char* key : {"auroc", "decisions"}) {
    const Json& one = tests["classes"][0][key];
    CHECK(one["difference"].get<double>() > 0);
    CHECK(one["ci"][0].get<double>() < one["difference"].get<double>());
    CHECK(one["ci"][1].get<double>() > one["difference"].get<double>());
    CHECK(one["p"].get<double>() < .05);
  }
  // More than 12 groups and no draws: the closed forms remain.
  const Json undrawn = tests_of(grouped, other, 0)["classes"][0];
  CHECK(undrawn["auroc"]["p"].is_number());
  CHECK(undrawn["auroc"]["permutation_p"].is_null());
  CHECK(undrawn["decisions"]["p"].is_null());
  CHECK(undrawn["decisions"]["ci"].is_array());
}

TEST_CASE("tests without variance or from few groups are null") {
  const auto some = predictions_of(200, 1, 2);
  const Json alike = tests_of(some, some);
  for (const auto& one : alike["classes"]) {
    for (const char* key : {"auroc", "decisions"}) {
      CHECK(one[key]["difference"] == 0);
      CHECK(one[key]["standard_error"].is_null());
      CHECK(one[key]["ci"].is_null());
      CHECK(one[key]["p"].is_null());
    }
    CHECK(one["auroc"]["permutation_p"].is_null());
    CHECK(one["auroc"]["first_standard_error"].is_number());
  }
  for (const size_t group_size : {1, 2}) {
    auto first = predictions_of(200, 1, group_size), second = predictions_of(200, 2, group_size, 3);
    int kept = 0;
    for (auto& labels : first.labels) {
      if (labels[0] == 1 && ++kept > 2) labels[0] = 0;  // two positive groups remain
    }
    second.labels = first.labels;
    const Json tests = tests_of(first, second);
    const Json& lesion = tests["classes"][0];
    CHECK(lesion["auroc"]["difference"].is_number());
    CHECK(lesion["auroc"]["first_standard_error"].is_null());
    CHECK(lesion["auroc"]["permutation_p"].is_null());
    for (const char* key : {"auroc", "decisions"}) {
      CHECK(lesion[key]["standard_error"].is_null());
      CHECK(lesion[key]["p"].is_null());
    }
    CHECK(tests["classes"][1]["auroc"]["p"].is_number());
    MetricOptions options;
    options.bootstrap_draws = 20;
    const std::string text = comparison_text(compare_metrics(first, second, options));
    CHECK(contains(text, "\nAUROC   test"));
    CHECK(contains(text, group_size == 1 ? "lesion  delong" : "lesion  obuchowski"));
    CHECK(contains(text, group_size == 1 ? "lesion     mcnemar" : "lesion     permutation"));
  }
  // A class whose label is nowhere known.
  auto unknown = some;
  for (auto& labels : unknown.labels) labels[1] = -1;
  const Json none = tests_of(unknown, unknown)["classes"][1];
  CHECK(none["auroc"]["difference"].is_null());
  CHECK(none["decisions"]["difference"].is_null());
}

TEST_CASE("tests depend on the seed, not on threads") {
  const auto first = predictions_of(200, 1, 2), second = predictions_of(200, 1.2, 2, 5);
  MetricOptions options;
  options.bootstrap_draws = 100;
  const Json one = compare_metrics(first, second, options)["tests"];
  options.threads = 3;
  CHECK(compare_metrics(first, second, options)["tests"] == one);
  options.seed = 9;
  CHECK(compare_metrics(first, second, options)["tests"] != one);
}
