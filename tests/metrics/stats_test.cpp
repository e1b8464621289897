// SPDX-License-Identifier: Apache-2.0
#include "metrics/stats.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <set>

#include "tests/fixture.hpp"

using namespace evenray;

namespace {

using Doubles = std::vector<double>;
using Labels = std::vector<uint8_t>;

Approx near(double value) { return Approx(value).epsilon(1e-12).margin(1e-14); }

}  // namespace

TEST_CASE("the area under the ROC curve by hand") {
  // Pairs (positive, negative): .8>.3, .8>.5, .5>.3, .5=.5: (3 + 1/2) / 4.
  CHECK(auroc(Doubles{.8, .5, .5, .3}, Labels{1, 1, 0, 0}) == near(3.5 / 4));
  CHECK(auroc(Doubles{1, 1, 1}, Labels{1, 0, 0}) == near(.5));
  CHECK(std::isnan(auroc(Doubles{1, 2}, Labels{1, 1})));
  CHECK(std::isnan(auroc(Doubles{}, Labels{})));
}

TEST_CASE("average precision by hand") {
  // Positives at ranks 1 and 3: (1/1 + 2/3) / 2.
  CHECK(average_precision(Doubles{.9, .8, .7, .1}, Labels{1, 0, 1, 0}) == near(5.0 / 6));
  CHECK(average_precision(Doubles{1, 1, 1, 1}, Labels{1, 0, 0, 0}) == near(.25));
  CHECK(std::isnan(average_precision(Doubles{1}, Labels{0})));
}

TEST_CASE("rankings agree with scikit-learn, ties and weights included") {
  const Json cases = golden_json("metrics/stats.json")["rankings"];
  for (const auto& one : cases) {
    const auto scores = one["scores"].get<Doubles>(), weights = one["weights"].get<Doubles>();
    const auto labels = one["labels"].get<Labels>();
    CHECK(auroc(scores, labels) == near(one["auroc"]));
    CHECK(auroc(scores, labels, weights) == near(one["weighted_auroc"]));
    CHECK(average_precision(scores, labels) == near(one["ap"]));
    CHECK(average_precision(scores, labels, weights) == near(one["weighted_ap"]));

    const auto roc = roc_curve(scores, labels);
    REQUIRE(roc.size() == one["fpr"].size());
    CHECK(std::isinf(roc[0].threshold));
    for (size_t i = 0; i < roc.size(); ++i) {
      CHECK(roc[i].x == near(one["fpr"][i]));
      CHECK(roc[i].y == near(one["tpr"][i]));
      if (i) CHECK(roc[i].threshold == one["roc_threshold"][i - 1].get<double>());
    }
    // scikit-learn stops at full recall with the same thresholds; the curve here goes on to the
    // last score.
    const auto curve = precision_recall_curve(scores, labels);
    REQUIRE(curve.size() >= one["recall"].size());
    for (size_t i = 0; i < one["recall"].size(); ++i) {
      CHECK(curve[i].x == near(one["recall"][i]));
      CHECK(curve[i].y == near(one["precision"][i]));
      CHECK(curve[i].threshold == one["pr_threshold"][i].get<double>());
    }
  }
}

TEST_CASE("weights of whole numbers are repeated rows") {
  const RankedScores ranked(Doubles{.9, .4, .4, .2}, Labels{0, 1, 0, 1});
  const Doubles weights{0, 2, 3, 1};
  const Doubles scores{.4, .4, .4, .4, .4, .2};
  const Labels labels{1, 1, 0, 0, 0, 1};
  CHECK(ranked.auroc(weights) == near(auroc(scores, labels)));
  CHECK(ranked.average_precision(weights) == near(average_precision(scores, labels)));
  CHECK(std::isnan(ranked.auroc(Doubles{1, 0, 1, 0})));
}

TEST_CASE("curves of one class only are empty") {
  CHECK(roc_curve(Doubles{1, 2}, Labels{0, 0}).empty());
  CHECK(precision_recall_curve(Doubles{1, 2}, Labels{0, 0}).empty());
}

TEST_CASE("mean, deviation and quantiles") {
  const auto expected = golden_json("metrics/stats.json")["quantiles"];
  const auto values = expected["values"].get<Doubles>();
  CHECK(mean(values) == near(expected["mean"]));
  CHECK(standard_deviation(values) == near(expected["deviation"]));
  for (size_t i = 0; i < expected["q"].size(); ++i) {
    CHECK(quantile(values, expected["q"][i]) == near(expected["expected"][i]));
  }
  CHECK(quantile({3}, .7) == 3);
  CHECK(std::isnan(mean({})));
  CHECK(std::isnan(standard_deviation(Doubles{1})));
  CHECK(std::isnan(quantile({}, .5)));
}

TEST_CASE("the binomial's upper tail") {
  const Json cases = golden_json("metrics/stats.json")["binomial"];
  for (const auto& one : cases) {
    CHECK(binomial_upper_tail(one[0], one[1], one[2]) ==
          Approx(one[3].get<double>()).epsilon(1e-9));
  }
  CHECK(binomial_upper_tail(3, 2, .5) == 0);
  CHECK(binomial_upper_tail(1, 2, 0) == 0);
  CHECK(binomial_upper_tail(2, 2, 1) == 1);
}

TEST_CASE("Holm's adjustment") {
  const auto expected = golden_json("metrics/stats.json")["holm"];
  const auto adjusted = holm(expected["p"].get<Doubles>());
  for (size_t i = 0; i < adjusted.size(); ++i) CHECK(adjusted[i] == near(expected["expected"][i]));
  const auto with_gap = holm({.02, std::nan(""), .03});
  CHECK(with_gap[0] == near(.04));
  CHECK(std::isnan(with_gap[1]));
  CHECK(with_gap[2] == near(.04));
}

TEST_CASE("the bootstrap's p") {
  CHECK(bootstrap_p(Doubles(99, 1.0)) == near(2.0 / 100));
  CHECK(bootstrap_p(Doubles{-1, 1, 1}) == near(2 * 2.0 / 4));
  CHECK(bootstrap_p(Doubles{0, 0}) == 1);
  CHECK(bootstrap_p(Doubles{std::nan(""), 1}) == near(1));
}

TEST_CASE("normal tests agree with scipy") {
  const Json golden = golden_json("metrics/comparison_tests.json");
  for (const auto& one : golden["normal"]) {
    const NormalTest test = normal_test(one[0], one[1], one[2]);
    CHECK(test.error == near(one[3]));
    CHECK(test.interval.low == near(one[4]));
    CHECK(test.interval.high == near(one[5]));
    CHECK(test.p == near(one[6]));
  }
  for (const double variance : {0., -1e-9, 1e-25, std::nan("")}) {
    const NormalTest none = normal_test(.1, variance);
    CHECK(std::isnan(none.error));
    CHECK(std::isnan(none.interval.low));
    CHECK(std::isnan(none.p));
  }
}

TEST_CASE("groups are numbered in the order of their first rows") {
  const GroupIndex index = group_index({"b", "a", "", "b", ""});
  CHECK(index.of_row == std::vector<size_t>{0, 1, 2, 0, 3});
  CHECK(index.count == 4);
}

TEST_CASE("the group bootstrap draws whole groups") {
  const std::vector<std::string> groups{"a", "b", "a", "c", "b", "a", "", ""};
  const GroupBootstrap bootstrap(groups);
  CHECK(bootstrap.groups() == 5);
  const Rng rng(3);
  std::set<Doubles> seen;
  double sum_of_first = 0;
  for (uint64_t draw = 0; draw < 2000; ++draw) {
    const auto weights = bootstrap.row_weights(rng, draw);
    REQUIRE(weights.size() == groups.size());
    CHECK(weights[0] == weights[2]);
    CHECK(weights[0] == weights[5]);
    CHECK(weights[1] == weights[4]);
    CHECK(weights[0] + weights[1] + weights[3] + weights[6] + weights[7] == 5);
    seen.insert(weights);
    sum_of_first += weights[0];
  }
  CHECK(seen.size() > 100);
  CHECK(sum_of_first / 2000 == Approx(1).margin(.1));
  CHECK(bootstrap.row_weights(rng, 7) == bootstrap.row_weights(Rng(3), 7));
  CHECK(bootstrap.row_weights(rng, 7) != bootstrap.row_weights(Rng(4), 7));
}

TEST_CASE("the group bootstrap draws within strata") {
  const std::vector<std::string> groups{"a", "b", "a", "", "c", ""},
      strata{"0", "1", "0", "1", "1", "0"};
  const GroupBootstrap bootstrap(groups, strata);
  CHECK(bootstrap.groups() == 5);
  std::set<Doubles> seen;
  for (uint64_t draw = 0; draw < 3000; ++draw) {
    const auto weights = bootstrap.row_weights(Rng(3), draw);
    CHECK(weights[0] == weights[2]);
    CHECK(weights[0] + weights[5] == 2);
    CHECK(weights[1] + weights[3] + weights[4] == 3);
    seen.insert(weights);
  }
  CHECK(seen.size() == 3 * 10);
}

TEST_CASE("the bootstrap's interval covers as it should") {
  // The mean of 40 normal values in groups of 2: about 95 of 100 intervals hold 0.
  int covered = 0;
  for (uint64_t trial = 0; trial < 100; ++trial) {
    Rng rng = Rng(11).fork("trial", trial);
    Doubles values;
    std::vector<std::string> groups;
    for (int group = 0; group < 40; ++group) {
      const double shared = rng.normal();
      for (int i = 0; i < 2; ++i) {
        values.push_back(shared + .3 * rng.normal());
        groups.push_back(std::to_string(group));
      }
    }
    const GroupBootstrap bootstrap(groups);
    Doubles replicates;
    for (uint64_t draw = 0; draw < 300; ++draw) {
      const auto weights = bootstrap.row_weights(rng, draw);
      double sum = 0;
      for (size_t i = 0; i < values.size(); ++i) sum += weights[i] * values[i];
      replicates.push_back(sum / static_cast<double>(values.size()));
    }
    const auto interval = percentile_interval(replicates);
    covered += interval.low <= 0 && 0 <= interval.high;
  }
  CHECK(covered >= 88);
  CHECK(covered <= 99);
}

TEST_CASE("the standard error of an AUROC is that of Hanley and McNeil's example") {
  // 51 abnormal and 58 normal CT images, area .893: standard error .032.
  CHECK(hanley_mcneil_error(.893, 51, 58) == Approx(.0325).margin(5e-5));
  CHECK(hanley_mcneil_error(.5, 1, 1) == Approx(.5));
}

TEST_CASE("percentile intervals leave out what is not finite") {
  Doubles replicates{std::nan("")};
  for (int i = 0; i <= 100; ++i) replicates.push_back(i);
  const auto interval = percentile_interval(replicates, .9);
  CHECK(interval.low == near(5));
  CHECK(interval.high == near(95));
  CHECK(std::isnan(percentile_interval({}).low));
}
