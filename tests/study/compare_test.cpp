// SPDX-License-Identifier: Apache-2.0
#include "study/compare.hpp"

#include "core/rng.hpp"
#include "tests/fixture.hpp"
#include "tests/torch_catch.hpp"

using namespace evenray;

namespace {

/// 120 rows in groups of two, a third of them of the rare class.
ClassRows rows() {
  ClassRows rows;
  rows.classes.resize(1);
  for (int i = 0; i < 120; ++i) {
    rows.ids.push_back(cat("row", i));
    rows.groups.push_back(cat("patient", i / 2));
    rows.classes[0].labels.push_back(i % 6 < 2);
  }
  return rows;
}

ComparisonInput input_of(std::vector<ArmRuns> arms) {
  return {.arms = std::move(arms), .contrast = "gan vs oversample", .draws = 400};
}

/// Scores that follow the labels by `signal` beside normal noise, a seed each.
ArmRuns arm(const ClassRows& rows,
            const std::string& name,
            const std::vector<double>& signals,
            uint64_t noise = 1) {
  ArmRuns runs{name, {}};
  for (size_t s = 0; s < signals.size(); ++s) {
    Rng rng = Rng(noise).fork("scores", s);
    ClassRows seed = rows;
    ClassScores& of_class = seed.classes[0];
    for (const int8_t label : of_class.labels) {
      of_class.scores.push_back(signals[s] * label + rng.normal());
      of_class.predicted.push_back(of_class.scores.back() > signals[s] / 2);
    }
    runs.seeds.push_back(score_classes(std::move(seed)));
  }
  return runs;
}

const Json& difference(const Json& out, const std::string& first, const std::string& second) {
  for (const auto& entry : out["differences"])
    if (entry["first"] == first && entry["second"] == second) return entry;
  throw std::runtime_error("no difference " + first + " - " + second);
}

}  // namespace

TEST_CASE("groups are drawn within their strata") {
  // The value is the share of stratum "a" in the draw, which resampling within strata leaves alone.
  ArmRuns runs{"real", {}};
  Scored& scored = runs.seeds.emplace_back();
  scored.rows = {"1", "2", "3", "4", "5", "6"};
  scored.groups = {"1", "2", "3", "4", "5", "6"};
  scored.strata = {"a", "a", "b", "b", "b", "b"};
  scored.keys = {"share"};
  scored.supports = {{6, 6}};
  scored.values = [](std::span<const double> weights) {
    if (weights.empty()) return std::vector<double>{1. / 3};
    double sum = 0;
    for (const double weight : weights) sum += weight;
    return std::vector<double>{(weights[0] + weights[1]) / sum};
  };
  ComparisonInput input;
  input.contrast = "gan vs real";
  input.draws = 100;
  input.arms = {runs};
  const auto interval = [&] {
    return compare_arms(input, 1)["arms"][0]["metrics"]["share"]["ci"].get<std::vector<double>>();
  };
  CHECK(interval()[0] == Approx(1. / 3));
  CHECK(interval()[1] == Approx(1. / 3));
  input.arms[0].seeds[0].strata.clear();
  CHECK(interval()[0] < .3);
  CHECK(interval()[1] > .4);
}

TEST_CASE("means over seeds by hand") {
  const auto scored = [](std::vector<double> scores, std::vector<uint8_t> predicted) {
    return score_classes(
        {{"1", "2", "3", "4"}, {"a", "b", "c", "d"}, {{"rare", {0, 0, 1, 1}, scores, predicted}}});
  };
  ComparisonInput input;
  input.contrast = "gan vs real";
  input.draws = 100;
  input.arms = {
      {"real", {scored({.1, .6, .5, .9}, {0, 1, 1, 1}), scored({.1, .2, .3, .4}, {0, 0, 0, 1})}},
      {"gan", {scored({.9, .2, .5, .6}, {1, 0, 0, 1}), scored({.4, .3, .2, .1}, {1, 1, 0, 0})}}};
  const Json out = compare_arms(input, 1);
  const auto of = [&](size_t a, const char* metric) { return out["arms"][a]["metrics"][metric]; };
  CHECK(of(0, "auroc")["seeds"] == Json{.75, 1.});
  CHECK(of(0, "auroc")["value"] == Approx(.875));
  CHECK(of(0, "auprc")["seeds"][0].get<double>() == Approx((1 + 2. / 3) / 2));
  CHECK(of(0, "sensitivity")["seeds"] == Json{1., .5});
  CHECK(of(0, "specificity")["seeds"] == Json{.5, 1.});
  CHECK(of(0, "balanced_accuracy")["value"] == Approx(.75));
  CHECK(of(1, "auroc")["seeds"] == Json{.5, 0.});
  CHECK(out["differences"].size() == 1);
  CHECK(difference(out, "gan", "real")["metrics"]["auroc"]["value"] == Approx(.25 - .875));
  CHECK(out["groups"] == 4);
  CHECK(out["metrics"] ==
        Json{"auroc", "auprc", "sensitivity", "specificity", "balanced_accuracy"});
}

TEST_CASE("a test part of 2 positive groups gives values without intervals, tests and detectable") {
  ClassRows few = rows();
  auto& labels = few.classes[0].labels;
  for (size_t i = 0; i < labels.size(); ++i) labels[i] = i < 4;
  const Json out = compare_arms(input_of({arm(few, "oversample", {1}), arm(few, "gan", {3})}), 1);
  const Json auroc = difference(out, "gan", "oversample")["metrics"]["auroc"];
  CHECK(auroc["value"].is_number());
  CHECK(auroc["ci"].is_null());
  CHECK(Json::parse(auroc["p"].dump()).is_null());
  CHECK(out["arms"][0]["metrics"]["auroc"]["ci"].is_null());
  CHECK(out["detectable"].is_null());
  CHECK(out["caution"] == "only 2 positive groups (fewer than 3), so there are no intervals");
}

TEST_CASE("equal arms differ by nothing at all") {
  ComparisonInput input =
      input_of({arm(rows(), "oversample", {1, .5, .2}), arm(rows(), "gan", {1, .5, .2})});
  const Json out = compare_arms(input, 2);
  for (const auto& [name, metric] : difference(out, "gan", "oversample")["metrics"].items()) {
    CAPTURE(name);
    CHECK(metric["value"] == 0.);
    CHECK(metric["ci"] == Json{0., 0.});
    CHECK(metric["p"] == 1.);
    CHECK(metric["standard_error"] == 0.);
    CHECK(out["detectable"][name] == 0.);
  }
}

TEST_CASE("an arm that is clearly better has its interval above 0") {
  ComparisonInput input = input_of({arm(rows(), "real", {.4, .4}, 1),
                                    arm(rows(), "oversample", {.5, .5}, 2),
                                    arm(rows(), "gan", {3, 3}, 3)});
  const Json out = compare_arms(input, 1);
  for (const char* metric : {"auroc", "auprc", "balanced_accuracy"}) {
    CAPTURE(metric);
    const Json found = difference(out, "gan", "oversample")["metrics"][metric];
    CHECK(found["value"] > .15);
    CHECK(found["ci"][0] > 0);
    CHECK(found["ci"][0] < found["value"]);
    CHECK(found["ci"][1] > found["value"]);
    CHECK(found["p"].get<double>() == Approx(2. / 401));
    CHECK(out["detectable"][metric].get<double>() ==
          Approx(2.8 * found["standard_error"].get<double>()));
  }
  const Json null = difference(out, "real", "oversample")["metrics"]["auroc"];
  CHECK(null["ci"][0] < 0);
  CHECK(null["ci"][1] > 0);
}

TEST_CASE("the contrast comes first, all others are exploratory and adjusted") {
  ComparisonInput input = input_of({arm(rows(), "real", {.4, .6}, 1),
                                    arm(rows(), "oversample", {.5, .4}, 2),
                                    arm(rows(), "autoaugment", {1.5, 1.2}, 3),
                                    arm(rows(), "gan", {3, 2}, 4)});
  const Json out = compare_arms(input, 2);
  std::vector<std::string> compared;
  for (const auto& entry : out["differences"])
    compared.push_back(cat(entry["first"].get<std::string>(),
                           " - ",
                           entry["second"].get<std::string>(),
                           entry["primary"].get<bool>() ? "!" : ""));
  CHECK(compared == std::vector<std::string>{"gan - oversample!",
                                             "real - oversample",
                                             "autoaugment - oversample",
                                             "autoaugment - real",
                                             "gan - real"});
  for (const char* metric : {"auroc", "specificity"}) {
    double smallest = 1;
    for (size_t i = 0; i < compared.size(); ++i) {
      const Json found = out["differences"][i]["metrics"][metric];
      CHECK(found.contains("p_holm") == (i > 0));
      if (i == 0) continue;
      CHECK(found["p_holm"] >= found["p"]);
      smallest = std::min(smallest, found["p"].get<double>());
    }
    // Holm: the smallest of four counts fourfold.
    bool seen = false;
    for (size_t i = 1; i < compared.size(); ++i) {
      const Json found = out["differences"][i]["metrics"][metric];
      seen |= found["p"] == smallest && found["p_holm"] == Approx(std::min(1., 4 * smallest));
    }
    CHECK(seen);
  }
}

TEST_CASE("a contrast whose arms are not done leaves exploratory differences only") {
  ComparisonInput input =
      input_of({arm(rows(), "real", {.4}, 1), arm(rows(), "oversample", {.5}, 2)});
  const Json out = compare_arms(input, 1);
  CHECK(out["differences"].size() == 1);
  CHECK_FALSE(out["differences"][0]["primary"].get<bool>());
  input.arms.pop_back();
  CHECK(compare_arms(input, 1)["differences"].empty());
  input.arms.clear();
  CHECK(compare_arms(input, 1)["arms"].empty());
  CHECK(compare_arms(input, 1)["detectable"].is_null());
}

TEST_CASE("threads change nothing, the seed does") {
  ComparisonInput input =
      input_of({arm(rows(), "oversample", {.5, .4}, 2), arm(rows(), "gan", {.6, .9}, 4)});
  const std::string one = json_text(compare_arms(input, 1));
  CHECK(one == json_text(compare_arms(input, 2)));
  CHECK(one == json_text(compare_arms(input, 5)));
  input.seed = 2;
  CHECK(one != json_text(compare_arms(input, 2)));
}

TEST_CASE("groups and seeds are both resampled") {
  // All rows of one patient, one seed: there is nothing to resample.
  ClassRows one_patient = rows();
  std::fill(one_patient.groups.begin(), one_patient.groups.end(), "one");
  ComparisonInput input =
      input_of({arm(one_patient, "oversample", {.5}, 2), arm(one_patient, "gan", {1}, 4)});
  Json found = difference(compare_arms(input, 1), "gan", "oversample")["metrics"]["auroc"];
  CHECK(found["standard_error"] == Approx(0).margin(1e-12));
  CHECK(found["ci"].is_null());
  // Better in one seed and worse in the other: the mean says little, the spread tells.
  input.arms = {arm(one_patient, "oversample", {0, 2}, 2), arm(one_patient, "gan", {2, 0}, 4)};
  found = difference(compare_arms(input, 1), "gan", "oversample")["metrics"]["auroc"];
  CHECK(found["standard_error"] > .15);
  CHECK(std::abs(found["value"].get<double>()) < .1);
}

TEST_CASE("a few seeds spread as much as their mean does") {
  ClassRows one_patient = rows();
  std::fill(one_patient.groups.begin(), one_patient.groups.end(), "one");
  ComparisonInput input =
      input_of({arm(one_patient, "oversample", {.5, .5}, 2), arm(one_patient, "gan", {1, 3}, 4)});
  input.draws = 4000;
  const Json found = difference(compare_arms(input, 2), "gan", "oversample")["metrics"]["auroc"];
  const Json out = compare_arms(input, 2);
  const auto seeds = [&](size_t a) { return out["arms"][a]["metrics"]["auroc"]["seeds"]; };
  const double first = seeds(1)[0].get<double>() - seeds(0)[0].get<double>();
  const double second = seeds(1)[1].get<double>() - seeds(0)[1].get<double>();
  REQUIRE(std::abs(first - second) > .02);
  // The standard error of a mean of two.
  CHECK(found["standard_error"].get<double>() == Approx(std::abs(first - second) / 2).epsilon(.05));
}

TEST_CASE("arms that were tested on other rows are not compared") {
  ClassRows other = rows();
  std::swap(other.classes[0].labels[0],
            other.classes[0].labels[5]);  // the same ids with other truths
  const auto input = input_of({arm(rows(), "oversample", {.5}), arm(other, "gan", {.5})});
  const Error error = error_of([&] { compare_arms(input, 1); });
  CHECK(error.code() == Exit::bad_data);
  CHECK(contains(error.what(), "different test rows"));
}
