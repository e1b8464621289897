// SPDX-License-Identifier: Apache-2.0
#include "study/arms.hpp"

#include <fstream>
#include "study/study.hpp"

#include "tests/fixture.hpp"
#include "tests/torch_catch.hpp"

using namespace evenray;

using Names = std::vector<std::string>;

TEST_CASE("the arms and what each does") {
  CHECK(
      arm_names() ==
      Names{"real", "weighted", "oversample", "autoaugment", "gan", "gan+autoaugment", "gan-both"});
  // balanced, weighted, augmented, synthetic, synthetic_both
  const std::vector<std::vector<bool>> does{{0, 0, 0, 0, 0},
                                            {0, 1, 0, 0, 0},
                                            {1, 0, 0, 0, 0},
                                            {1, 0, 1, 0, 0},
                                            {1, 0, 0, 1, 0},
                                            {1, 0, 1, 1, 0},
                                            {1, 0, 0, 1, 1}};
  for (size_t i = 0; i < does.size(); ++i) {
    const Arm& arm = arm_named(arm_names()[i]);
    CAPTURE(arm.name);
    CHECK(std::vector<bool>{
              arm.balanced, arm.weighted, arm.augmented, arm.synthetic, arm.synthetic_both} ==
          does[i]);
    CHECK_FALSE(arm.meaning.empty());
    CHECK(arm_index(arm_names()[i]) == i);
  }
  const Error error = error_of([] { arm_named("over-sample"); });
  CHECK(error.code() == Exit::config);
  CHECK(contains(error.what(), "unknown arm 'over-sample'"));
  CHECK(contains(error.what(), "gan-both"));
}

TEST_CASE("a contrast names two different arms") {
  CHECK(parse_contrast("gan vs real") == std::pair<std::string, std::string>{"gan", "real"});
  CHECK(parse_contrast(" gan-both  vs  oversample ").second == "oversample");
  for (const char* wrong : {"gan", "gan vs", "gan versus real", "gan vs gan", "gan vs vae", ""}) {
    CAPTURE(wrong);
    CHECK(error_of([&] { parse_contrast(wrong); }).code() == Exit::config);
  }
}

TEST_CASE("settings that no study can have") {
  const auto refused = [](const std::string& set) {
    return error_of([&] { load_config("", {set}).check(); });
  };
  for (const auto& [set, word] : std::vector<std::pair<std::string, std::string>>{
           {"study.arms=[]", "must name an arm"},
           {"study.arms=['reel']", "'reel'"},
           {"study.arms=['gan','gan']", "twice"},
           {"study.seeds=0", "study.seeds"},
           {"study.folds=2", "study.folds"},
           {"study.bootstrap=99", "study.bootstrap"},
           {"study.policy=imagnet", "study.policy"},
           {"study.contrast=gan", "ARM vs ARM"},
           {"study.arms=['real','gan']", "'gan+autoaugment', which is not an arm of the study"},
           {"study.judge_images=1", "judge_images"},
           {"study.origin_steps=0", "origin_steps"},
           {"study.armz=1", "'study.arms'"},
           {"seeds=1", "unknown key 'seeds'"}}) {
    CAPTURE(set);
    CHECK(refused(set).code() == Exit::config);
    CHECK(contains(refused(set).what(), word));
  }
  CHECK(refused("study.folds=3").code() == Exit::done);
}

TEST_CASE("defaults < preset < file < sets") {
  const ScratchFolder scratch;
  std::ofstream(scratch / "a.toml") << "[gan]\npreset = \"reference\"\nngf = 24\n";
  GanOptions reference;
  reference.preset = "reference";
  reference.apply_preset();
  const Config config = load_config(scratch / "a.toml", {"gan.dcgan.ngf=32", "gan.latent=7"});
  CHECK(config.gan.dcgan.ngf == 32);
  CHECK(config.gan.latent == 7);
  CHECK(config.gan.augment == reference.augment);
  CHECK(config.gan.minibatch == reference.minibatch);
  CHECK(load_config(scratch / "a.toml", {}).gan.dcgan.ngf == 24);
  CHECK(load_config(scratch / "a.toml", {"gan.preset=small"}).gan.augment != reference.augment);
}

TEST_CASE("the demos' settings hold") {
  for (const bool quick : {false, true}) {
    const Config config = demo_config(quick);
    config.check();
    CHECK(config.study.arms == arm_names());
    CHECK(config.data.path.starts_with("phantom:"));
  }
}
