// SPDX-License-Identifier: Apache-2.0
#include "study/preflight.hpp"

#include "core/error.hpp"
#include "study/preparation.hpp"
#include "tests/fixture.hpp"
#include "tests/torch_catch.hpp"

using namespace evenray;

namespace {

/// Facts of one split: images of "Common" and "Rare" in train, val and test, and test groups.
Json facts_of(std::array<int64_t, 3> common,
              std::array<int64_t, 3> rare,
              int64_t common_groups,
              int64_t rare_groups) {
  Json counts;
  constexpr std::array kNames{"train", "val", "test"};
  for (size_t p = 0; p < 3; ++p) counts[kNames[p]] = {{"Common", common[p]}, {"Rare", rare[p]}};
  return {{"class_names", {"Common", "Rare"}},
          {"rare_class", "Rare"},
          {"median_box_side_px", 0.},
          {"folds",
           {{{"counts", counts},
             {"generator_images", counts["train"]},
             {"test_groups", {{"rare", rare_groups}, {"other", common_groups}}}}}}};
}

Json plenty() { return facts_of({900, 100, 300}, {100, 30, 60}, 280, 55); }

Config study_of(const std::vector<std::string>& arms) {
  Config config;
  config.data.path = "images";
  config.study.arms = arms;
  return config;
}

StudyPlan plan_with(const Config& config) {
  return make_study_plan(config, {"Common", "Rare"}, "Rare");
}

Json preflight_of(const Config& config, const Json& facts) {
  return preflight_json(config, plan_with(config), facts);
}

std::vector<std::string> kinds(const Json& preflight) {
  std::vector<std::string> out;
  for (const auto& warning : preflight["warnings"]) out.push_back(warning["kind"]);
  return out;
}

void check_differ(const Config& config, const Json& facts) {
  check_arms_differ(config, plan_with(config), facts);
}

}  // namespace

TEST_CASE("the built-in arms differ where the classes do") {
  const Config config;
  REQUIRE_NOTHROW(check_differ(config, plenty()));
}

TEST_CASE("arms that would train on the same rows with the same settings end with 78") {
  const auto fault = [](const Config& config, const Json& facts) {
    const Error error = error_of([&] { check_differ(config, facts); });
    CHECK(error.code() == Exit::config);
    return std::string(error.what());
  };
  // Classes of equal size need no filling and no weights.
  const Json even = facts_of({100, 30, 60}, {100, 30, 60}, 60, 60);
  CHECK(contains(fault(study_of({"real", "oversample"}), even),
                 "arms 'real' and 'oversample' would be equal"));
  CHECK(contains(fault(study_of({"real", "weighted"}), even), "'real' and 'weighted'"));
  CHECK(contains(fault(study_of({"oversample", "autoaugment"}), even), "would be equal"));
  // The same in other words.
  Config config = study_of({"oversample", "autoaugment"});
  config.study.arm = {{.name = "again", .sources = {"copy@1"}}};
  CHECK(contains(fault(config, plenty()), "'oversample' and 'again'"));
  config.study.arm = {{.name = "policy", .sources = {"augment:imagenet"}}};
  CHECK(contains(fault(config, plenty()), "'autoaugment' and 'policy'"));
  config.study.arm[0].sources = {"augment:xray"};
  CHECK_NOTHROW(check_differ(config, plenty()));
  config = study_of({"gan"});
  config.study.arm = {{.name = "dose", .sources = {"gan:Rare@1", "copy@0"}, .dose = 1}};
  CHECK(contains(fault(config, plenty()), "'gan' and 'dose'"));
  config.study.arm[0].dose = 2;
  CHECK_NOTHROW(check_differ(config, plenty()));
  config.study.arm[0].dose = -1;
  config.study.arm[0].generator = {"gan.lr_g=1e-5"};
  CHECK_NOTHROW(check_differ(config, plenty()));
  config = study_of({"real"});
  config.study.arm = {{.name = "slow", .set = {"classify.lr=1e-5"}}};
  CHECK_NOTHROW(check_differ(config, plenty()));
}

TEST_CASE("a test part without the rare class ends with 65, except of phantoms") {
  Config config = study_of({"real", "oversample"});
  const Json none = facts_of({900, 100, 300}, {100, 30, 0}, 280, 0);
  const Error error = error_of([&] { check_rare_images(config, plan_with(config), none); });
  CHECK(error.code() == Exit::bad_data);
  CHECK(contains(error.what(), "the test part has no image of Rare"));
  CHECK_NOTHROW(check_rare_images(config, plan_with(config), plenty()));
  config.data.path = "phantom:images=100";
  CHECK_NOTHROW(check_rare_images(config, plan_with(config), none));
  const Json preflight = preflight_of(config, none);
  CHECK(preflight["can_show"].is_null());
  CHECK(kinds(preflight) == std::vector<std::string>{"few_test_groups"});
}

TEST_CASE("settings cannot be chosen on validation parts without the rare class") {
  Config config = study_of({"real", "oversample"});
  const Json none = facts_of({900, 100, 300}, {100, 0, 60}, 280, 60);
  CHECK_NOTHROW(check_rare_images(config, plan_with(config), none));
  config.study.tuned = true;
  const Error error = error_of([&] { check_rare_images(config, plan_with(config), none); });
  CHECK(error.code() == Exit::bad_data);
  CHECK(contains(error.what(), "so study.tuned cannot choose settings by it"));
  CHECK_NOTHROW(check_rare_images(config, plan_with(config), plenty()));
}

TEST_CASE("a study that can answer has no warnings, and says what it can show") {
  const Json preflight = preflight_of(study_of({"oversample", "gan", "autoaugment"}), plenty());
  CHECK(preflight["warnings"].empty());
  CHECK(preflight["policy"] == "imagenet");
  CHECK(preflight["generators"] == Json{{{"class", "Rare"}, {"images", 100}, {"needed", 50}}});
  // Hanley and McNeil's standard error at .75 from 55 and 280 groups is .03999.
  CHECK(preflight["can_show"]["half_width"].get<double>() == Approx(1.96 * .03999).margin(1e-4));
  CHECK(preflight["can_show"]["difference"].get<double>() == Approx(2.8 * .03999).margin(1e-4));
  CHECK(preflight_of(study_of({"oversample", "gan"}), plenty())["policy"].is_null());
}

TEST_CASE("a study that cannot answer is warned, the most important thing first") {
  Config config = study_of({"oversample", "gan"});
  Json small = facts_of({400, 30, 60}, {20, 0, 4}, 50, 4);
  small["median_box_side_px"] = 5.;
  Json preflight = preflight_of(config, small);
  CHECK(kinds(preflight) ==
        std::vector<std::string>{
            "no_rare_validation", "few_training_images", "few_test_groups", "small_boxes"});
  const Json& warnings = preflight["warnings"];
  CHECK(warnings[1]["text"] ==
        "Rare has 20 training images, and a generator takes 50 or more: its generators and these "
        "arms will fail: gan");
  CHECK(contains(warnings[2]["text"].get<std::string>(), "4 groups of Rare, fewer than 20"));
  CHECK(contains(warnings[3]["change"].get<std::string>(), "data.size_px = [160, 128]"));
  config.gan.allow_few = true;
  preflight = preflight_of(config, small);
  CHECK(contains(preflight["warnings"][1]["text"].get<std::string>(), "observed to do harm"));
  // All of one fold's own.
  Json folds = small;
  folds["folds"].push_back(plenty()["folds"][0]);
  preflight = preflight_of(config, folds);
  CHECK(preflight["test_groups"] == Json{{"rare", 59}, {"other", 330}});
  CHECK(preflight["generators"][0]["images"] == 20);
}

TEST_CASE("what the labels alone show is known before the images are read") {
  Config config = study_of({"oversample", "gan"});
  Manifest manifest;
  manifest.class_names = {"Common", "Rare"};
  for (int i = 0; i < 200; ++i) {
    Sample sample;
    sample.labels = {int8_t(i >= 40), int8_t(i < 40)};
    manifest.samples.push_back(sample);
  }
  const auto warned = [&] { return kinds(preflight_of(config, expected_facts(config, manifest))); };
  config.data.ratios = {.6, .15, .25};
  const Json facts = expected_facts(config, manifest);
  CHECK(facts["rare_class"] == "Rare");
  CHECK(facts["folds"][0]["counts"]["train"] == Json{{"Common", 96}, {"Rare", 24}});
  CHECK(facts["folds"][0]["test_groups"] == Json{{"rare", 10}, {"other", 40}});
  CHECK(warned() == std::vector<std::string>{"few_training_images", "few_test_groups"});
  config.study.folds = 5;
  CHECK(warned() == std::vector<std::string>{"few_training_images"});
  config.study.folds = 0;
  // Parts that the source fixes are kept; a validation part is taken from train.
  for (size_t i = 0; i < manifest.samples.size(); ++i)
    manifest.samples[i].part = i >= 40 && i < 60 ? "test" : "train";
  const Json fixed = expected_facts(config, manifest)["folds"][0]["counts"];
  CHECK(fixed["train"] == Json{{"Common", 140}, {"Rare", 40}});
  CHECK(fixed["val"] == Json{{"Common", 21}, {"Rare", 6}});
  CHECK(fixed["test"] == Json{{"Common", 20}, {"Rare", 0}});
}
