// SPDX-License-Identifier: Apache-2.0
#include "results/study_result.hpp"

#include "tests/fixture.hpp"
#include "tests/torch_catch.hpp"

using namespace evenray;

TEST_CASE("an empty summary is a study of which nothing is known") {
  const StudyResult result = parse_study_result(Json::object());
  CHECK(result.rare_class.empty());
  CHECK(result.seeds == 0);
  CHECK(std::isnan(result.max_synthetic));
  CHECK(result.primary() == nullptr);
  CHECK(result.balance_of("gan") == nullptr);
  CHECK(result.comparison.arms.empty());
}

TEST_CASE("the values of a summary reach the struct") {
  const StudyResult result = parse_study_result(Json::parse(R"({
    "rare_class": "Rare", "policy": "xray", "folds": 3,
    "computed": {"threads": 2, "device": "cpu", "precision": "fp32"},
    "arms": [{"name": "half", "meaning": "m", "sources": ["gan:rare"], "replace": 1}],
    "data": {
      "size_px": [80, 64], "findings": {"truncated": 4},
      "folds": [{"counts": {"train": {"Rare": 10}}, "store": "abc",
                 "metadata_baseline": {"columns": ["age"], "auroc": 0.7, "ci": [0.6, 0.8]}}]},
    "comparison": {
      "metrics": ["auroc", "auprc", "A.b.auroc"],
      "arms": [{"arm": "half", "metrics": {"auroc": {"value": 0.8, "ci": [0.7, 0.9]},
                                           "A.b.auroc": {"value": 0.6}}}],
      "differences": [{"first": "half", "second": "real", "primary": true,
                       "metrics": {"auroc": {"value": 0.1, "ci": [0, 0.2], "p": 0.04}}}],
      "detectable": {"auroc": 0.05}, "test": {"images": 50, "positives": 9}},
    "generators": [{"class": "Rare", "seed": 1, "fold": 2, "variant": "half",
                    "swd": {"mean": 20, "floor": {"mean": 8}}, "origin": null}],
    "balance": {"half": {"after": {"Rare": {"real": 10}}, "missing": {"Rare": 3}}},
    "labels": {"arm": "real", "auroc": 0.75, "images": 50, "suspects": 4},
    "failed": [{"id": "gan-s0-f0", "message": "no"}]})"));
  CHECK(result.folds == 3);
  CHECK(result.threads == 2);
  CHECK(result.data.height_px == 80);
  CHECK(count_of(result.data.findings, "truncated") == 4);
  CHECK(count_of(result.data.findings, "blank") == 0);
  REQUIRE(result.data.folds.size() == 1);
  CHECK(count_of(result.data.folds[0].parts[0].second, "Rare") == 10);
  REQUIRE(result.data.folds[0].baseline);
  CHECK(result.data.folds[0].baseline->auroc.high == .8);
  CHECK(result.task == "classify");
  CHECK(result.comparison.metrics == std::vector<std::string>{"auroc", "auprc"});
  CHECK(result.comparison.lead() == "AUROC");
  REQUIRE(result.comparison.arms[0].metrics.size() == 2);
  CHECK(result.comparison.arms[0].metrics[0].low == .7);
  CHECK(std::isnan(result.comparison.arms[0].metrics[1].value));
  REQUIRE(result.comparison.arms[0].classes.size() == 1);
  CHECK(result.comparison.arms[0].classes[0].name == "A.b");
  CHECK(result.comparison.arms[0].classes[0].metrics[0].value == .6);
  REQUIRE(result.primary());
  CHECK(result.primary()->metrics[0].p == .04);
  CHECK(result.comparison.detectable == .05);
  CHECK(result.generators[0].variant == "half");
  CHECK(result.generators[0].swd_floor == 8);
  CHECK(std::isnan(result.generators[0].origin.value));
  REQUIRE(result.balance_of("half"));
  CHECK(count_of(result.balance_of("half")->missing, "Rare") == 3);
  CHECK(result.failed[0].message == "no");
  CHECK(result.label_arm == "real");
  CHECK(result.label_images == 50);
  CHECK(result.label_suspects == 4);
  CHECK(result.label_auroc == .75);
  CHECK(result.arm_named("half").replace == 1);
  CHECK(result.arm_named("autoaugment").sources == std::vector<std::string>{"augment:xray"});
  CHECK(result.colour_of("real") == 0);
  CHECK(result.colour_of("half") == builtin_arm_names().size());
}

TEST_CASE("a part of another type is refused with its place") {
  const auto refused = [](const char* summary, const std::string& place) {
    const Error error = error_of([&] { parse_study_result(Json::parse(summary)); });
    CHECK(error.code() == Exit::bad_data);
    CHECK(contains(error.what(), place));
  };
  refused("[]", "summary.json: it is not an object");
  refused(R"({"rare_class": 3})", "/rare_class is not a text");
  refused(R"({"seeds": "3"})", "/seeds is not a number");
  refused(R"({"comparison": {"arms": [{"arm": 1}]}})", "/comparison/arms/0/arm is not a text");
  refused(R"({"failed": "x"})", "/failed is not a list");
}
