// SPDX-License-Identifier: Apache-2.0
#include "metrics/auroc_covariance.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "core/rng.hpp"
#include "metrics/stats.hpp"
#include "tests/fixture.hpp"

using namespace evenray;

namespace {

using Doubles = std::vector<double>;
using Labels = std::vector<uint8_t>;

Approx covariance_near(double value) { return Approx(value).epsilon(1e-11).margin(1e-15); }

void check_pair(const AurocPair& pair, const Json& expected) {
  CHECK(pair.first.auroc == covariance_near(expected["first"]));
  CHECK(pair.second.auroc == covariance_near(expected["second"]));
  CHECK(pair.first.variance == covariance_near(expected["covariance"][0][0]));
  CHECK(pair.second.variance == covariance_near(expected["covariance"][1][1]));
  CHECK(pair.covariance == covariance_near(expected["covariance"][0][1]));
  CHECK(pair.difference_variance == covariance_near(expected["variance"]));
  const double difference = pair.first.auroc - pair.second.auroc;
  const NormalTest test = normal_test(difference, pair.difference_variance);
  CHECK(test.error == covariance_near(expected["error"]));
  CHECK(test.interval.low == covariance_near(expected["low"]));
  CHECK(test.interval.high == covariance_near(expected["high"]));
  CHECK(test.p == covariance_near(expected["p"]));
}

}  // namespace

TEST_CASE("DeLong and Obuchowski agree with their definitions, published code and scikit-learn") {
  const Json golden = golden_json("metrics/comparison_tests.json");
  for (const auto& one : golden["cases"]) {
    INFO(one["name"]);
    const auto first = one["first"].get<Doubles>(), second = one["second"].get<Doubles>();
    const auto labels = one["labels"].get<Labels>();
    const auto groups = one["groups"].get<std::vector<std::string>>();
    check_pair(delong(first, second, labels), one["delong"]);
    check_pair(obuchowski(first, second, labels, groups), one["obuchowski"]);
    CHECK(delong(second, labels).variance == covariance_near(one["delong"]["covariance"][1][1]));
    const AurocEstimate single = obuchowski(second, labels, groups);
    CHECK(single.auroc == covariance_near(one["obuchowski"]["second"]));
    CHECK(single.variance == covariance_near(one["obuchowski"]["covariance"][1][1]));
  }
}

TEST_CASE("the worked example of Obuchowski's paper, to the printed digits") {
  // 65 renal arteries of 36 patients, two readers.
  const Json golden = golden_json("metrics/comparison_tests.json");
  const Json &example = golden["cases"][0], &printed = example["printed"];
  REQUIRE(example["name"] == "published");
  const auto pair = obuchowski(example["first"].get<Doubles>(),
                               example["second"].get<Doubles>(),
                               example["labels"].get<Labels>(),
                               example["groups"].get<std::vector<std::string>>());
  const auto rounded = [](double value) { return Approx(value).epsilon(0).margin(5.1e-5); };
  CHECK(pair.first.auroc == rounded(printed["first"]));
  CHECK(pair.second.auroc == rounded(printed["second"]));
  CHECK(std::sqrt(pair.first.variance) == rounded(printed["first_error"]));
  CHECK(std::sqrt(pair.second.variance) == rounded(printed["second_error"]));
  const double difference = pair.first.auroc - pair.second.auroc;
  const NormalTest test = normal_test(difference, pair.difference_variance);
  CHECK(difference == rounded(printed["difference"]));
  CHECK(test.error == rounded(printed["error"]));
  CHECK(test.interval.low == rounded(printed["low"]));
  CHECK(test.interval.high == rounded(printed["high"]));
  CHECK(test.p == rounded(printed["p"]));
  // The printed sums S10, S01 and S11 give the covariances to 10 digits after the point.
  const double m = 29, n = 36;
  const auto covariance = [&](size_t i, size_t j) {
    const auto sum = [&](const char* key, size_t a, size_t b) {
      return printed[key][a][b].get<double>();
    };
    return sum("s10", i, j) / m + sum("s01", i, j) / n +
           (sum("s11", i, j) + sum("s11", j, i)) / (m * n);
  };
  CHECK(pair.first.variance == Approx(covariance(0, 0)).epsilon(0).margin(1e-11));
  CHECK(pair.second.variance == Approx(covariance(1, 1)).epsilon(0).margin(1e-11));
  CHECK(pair.covariance == Approx(covariance(0, 1)).epsilon(0).margin(1e-11));
}

TEST_CASE("groups of one row give DeLong's values exactly") {
  Rng rng(5);
  Doubles first, second;
  Labels labels;
  std::vector<std::string> groups;
  for (int i = 0; i < 300; ++i) {
    labels.push_back(rng.chance(.3));
    first.push_back(std::round(10 * (rng.normal() + labels.back())));
    second.push_back(rng.normal() + labels.back());
    groups.push_back(i % 2 ? "" : cat("g", i));
  }
  const AurocPair rows = delong(first, second, labels),
                  clusters = obuchowski(first, second, labels, groups);
  CHECK(rows.first.variance == clusters.first.variance);
  CHECK(rows.covariance == clusters.covariance);
  CHECK(rows.difference_variance == clusters.difference_variance);
  CHECK(rows.difference_variance ==
        Approx(rows.first.variance + rows.second.variance - 2 * rows.covariance).epsilon(1e-10));
  // The same rows twice: pairs of equal rows are no new information.
  for (const auto& all : {&first, &second})
    all->insert(all->end(), all->begin(), all->begin() + 300);
  labels.insert(labels.end(), labels.begin(), labels.begin() + 300);
  groups.clear();
  for (int i = 0; i < 600; ++i) groups.push_back(cat("g", i % 300));
  const AurocPair twice = obuchowski(first, second, labels, groups);
  CHECK(twice.first.auroc == covariance_near(rows.first.auroc));
  CHECK(twice.difference_variance == covariance_near(rows.difference_variance));
  CHECK(delong(first, second, labels).difference_variance < .6 * rows.difference_variance);
}

TEST_CASE("without two groups of each label there is no variance") {
  const Doubles scores{1, 2, 3, 4};
  CHECK(std::isnan(delong(scores, Labels{0, 0, 0, 1}).variance));
  CHECK(delong(scores, Labels{0, 0, 0, 1}).auroc == 1);
  CHECK(std::isnan(obuchowski(scores, Labels{0, 1, 0, 1}, {"a", "b", "a", "c"}).variance));
  const Doubles six{.1, .3, .2, .6, .5, .4};
  CHECK(std::isnan(
      obuchowski(six, Labels{1, 0, 1, 0, 1, 0}, {"a", "b", "a", "c", "a", "d"}).variance));
  CHECK(std::isnan(delong(scores, Labels{0, 0, 0, 0}).auroc));
  CHECK(std::isnan(delong(Doubles{}, Labels{}).variance));
  // Perfect models, and models that rank alike: the difference has no variance.
  CHECK(delong(scores, Labels{0, 0, 1, 1}).variance == 0);
  const Doubles scaled{10, 30, 35, 70};
  const AurocPair alike = delong(scores, scaled, Labels{0, 1, 0, 1});
  CHECK(alike.difference_variance == 0);
  CHECK(alike.first.variance > 0);
}

TEST_CASE("Obuchowski's error covers differences of dependent rows, DeLong's does not") {
  // Groups of 8 rows with one label: two equally good models differ by chance from group to group.
  int covered = 0, covered_by_rows = 0;
  for (uint64_t trial = 0; trial < 200; ++trial) {
    Rng rng = Rng(3).fork("trial", trial);
    Doubles first, second;
    Labels labels;
    std::vector<std::string> groups;
    for (int group = 0; group < 60; ++group) {
      const bool positive = rng.chance(.5);
      const double shift_first = rng.normal(), shift_second = rng.normal();
      for (int i = 0; i < 8; ++i) {
        labels.push_back(positive);
        groups.push_back(cat("g", group));
        first.push_back(positive + shift_first + .5 * rng.normal());
        second.push_back(positive + shift_second + .5 * rng.normal());
      }
    }
    const AurocPair pair = obuchowski(first, second, labels, groups);
    const double difference = pair.first.auroc - pair.second.auroc;
    covered += normal_test(difference, pair.difference_variance).p > .05;
    covered_by_rows +=
        normal_test(difference, delong(first, second, labels).difference_variance).p > .05;
  }
  CHECK(covered >= 180);
  CHECK(covered <= 198);
  CHECK(covered_by_rows < 140);
}
