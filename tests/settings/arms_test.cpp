// SPDX-License-Identifier: Apache-2.0
#include "settings/arms.hpp"

#include <fstream>

#include "settings/config.hpp"
#include "tests/fixture.hpp"
#include "tests/torch_catch.hpp"

using namespace evenray;

namespace {

using Names = std::vector<std::string>;

/// The study's configuration with one arm more, checked as a study does.
Config with_arm(const std::string& arm) {
  const ScratchFolder scratch;
  std::ofstream(scratch / "a.toml") << "[[study.arm]]\n" << arm;
  const Config config = Settings(scratch / "a.toml", {}).load();
  config.check_study();
  return config;
}

Error refused(const std::string& arm) {
  return error_of([&] { with_arm(arm); });
}

}  // namespace

TEST_CASE("the built-in arms and what each does") {
  const auto arms = builtin_arms("xray");
  Names names{
      "real", "weighted", "oversample", "autoaugment", "gan", "gan+autoaugment", "gan-both"};
  CHECK(default_arm_names() == names);
  names.insert(names.end(),
               {"feature-smote",
                "real-resampled",
                "repeat",
                "autoaugment-online",
                "lesion",
                "lesion-residual",
                "lesion-gan",
                "lesion-both",
                "lesion-identity",
                "lesion-healthy"});
  CHECK(builtin_arm_names() == names);
  // balanced, augmented, synthetic, replaces, has settings of its own
  const std::vector<std::vector<bool>> does{{0, 0, 0, 0, 0},
                                            {0, 0, 0, 0, 1},
                                            {1, 0, 0, 0, 0},
                                            {1, 1, 0, 0, 0},
                                            {1, 0, 1, 0, 0},
                                            {1, 1, 1, 0, 0},
                                            {1, 0, 1, 1, 0},
                                            {0, 0, 0, 0, 1},
                                            {1, 0, 0, 0, 0},
                                            {0, 0, 0, 0, 1},
                                            {0, 0, 0, 0, 1},
                                            {1, 0, 1, 0, 0},
                                            {1, 0, 1, 0, 0},
                                            {1, 0, 1, 0, 0},
                                            {1, 0, 1, 0, 0},
                                            {1, 0, 1, 0, 0},
                                            {1, 0, 1, 0, 0}};
  for (size_t i = 0; i < does.size(); ++i) {
    const Arm& arm = arms.at(i);
    CAPTURE(arm.name);
    CHECK(
        std::vector<bool>{
            arm.balanced(), arm.augmented(), arm.synthetic(), arm.replace > 0, !arm.set.empty()} ==
        does[i]);
    CHECK_FALSE(arm.meaning.empty());
  }
  CHECK(arms[3].sources == Names{"augment:xray"});
  const Error error = error_of([] { StudyOptions{}.arm_named("over-sample"); });
  CHECK(error.code() == Exit::config);
  CHECK(contains(error.what(), "unknown arm 'over-sample'"));
  CHECK(contains(error.what(), "gan-both"));
}

TEST_CASE("a contrast names two different arms") {
  CHECK(parse_contrast("gan vs real") == std::pair<std::string, std::string>{"gan", "real"});
  CHECK(parse_contrast(" gan-both  vs  oversample ").second == "oversample");
  for (const char* wrong : {"gan", "gan vs", "gan versus real", "gan vs gan", ""}) {
    CAPTURE(wrong);
    CHECK(error_of([&] { parse_contrast(wrong); }).code() == Exit::config);
  }
}

TEST_CASE("arms that paste lesions") {
  const auto arms = builtin_arms("xray");
  const auto named = [&](const std::string& name) {
    return *std::find_if(
        arms.begin(), arms.end(), [&](const Arm& arm) { return arm.name == name; });
  };
  CHECK(named("lesion").pastes());
  CHECK(named("lesion").shows_lesions());
  CHECK_FALSE(named("lesion").generated());
  CHECK(named("lesion-both").draws_patches());
  CHECK(named("lesion-both").generated());
  CHECK(named("lesion-healthy").pastes());
  CHECK_FALSE(named("lesion-healthy").shows_lesions());
  CHECK_FALSE(named("gan").pastes());
  CHECK(named("lesion-identity").is_control());
  CHECK(named("lesion-healthy").is_control());
  CHECK_FALSE(stands_for(kBestGan, named("lesion-healthy")));
  CHECK(stands_for(kBestGan, named("lesion")));
}

TEST_CASE("an arm of one's own joins those that are compared") {
  const Config config = with_arm(
      "name = 'half'\nmeaning = 'half a dose'\nsources = ['gan:rare@.5', 'augment:xray']\n"
      "dose = 0.5\ngates = ['memorised']\nset = ['classify.lr=1e-3']\n"
      "generator = ['gan.preset=strong', 'gan.total_kimg=2']\n");
  const auto arms = config.study.compared();
  REQUIRE(arms.size() == 8);
  CHECK(arms[7].name == "half");
  const Config own = config.for_arm(arms[7]);
  CHECK(own.balance.max_synthetic == .5);
  CHECK(own.balance.memorised);
  CHECK(own.classify.lr == 1e-3);
  const GanOptions generator = config.generator_of(arms[7]);
  CHECK(generator.dcgan.residual);
  CHECK(generator.total_kimg == 2);
  // The others keep the study's settings.
  CHECK_FALSE(config.for_arm(arms[0]).balance.memorised);
  CHECK(config.for_arm(arms[1]).classify.loss_weights == "inverse");
  CHECK_FALSE(config.generator_of(arms[4]).dcgan.residual);
}

TEST_CASE("the generators of a study draw images or patches") {
  const auto refused_among = [](std::vector<std::string> arms, Arm own) {
    Config config;
    config.data.path = "set";
    config.study.arms = std::move(arms);
    config.study.arm = {std::move(own)};
    config.study.contrast = cat(config.study.arms[0], " vs ", config.study.arm[0].name);
    const Error error = error_of([&] { config.check_study(); });
    CHECK(error.code() == Exit::config);
    CHECK(contains(error.what(), "a study with lesion:gan cannot have gan:..."));
  };
  refused_among({"real", "gan"}, {.name = "a", .sources = {"lesion:gan"}});
  refused_among({"real"}, {.name = "a", .sources = {"gan:rare@.5", "lesion:gan@.5"}});
  refused_among({"real"}, {.name = "a", .sources = {"lesion:gan"}, .pretrain = {"gan:rare"}});
}

TEST_CASE("an arm that cannot be is refused with its name") {
  for (const auto& [arm, word] : std::vector<std::pair<std::string, std::string>>{
           {"name = 'a'\nsources = ['copies']\n", "did you mean 'copy'"},
           {"name = 'a'\nsources = ['augment:xry']\n", "did you mean 'xray'"},
           {"name = 'a'\nsources = ['copy@.5']\n", "shares"},
           {"name = 'a'\nsources = ['lesion:outside']\n", "unknown source lesion: 'outside'"},
           {"name = 'a'\nsources = ['lesion:real']\nset = ['lesion.context=3']\n",
            "may not differ in lesion.context"},
           {"name = 'a'\nsources = ['lesion:real']\ngates = ['memorised']\n", "remove gates"},
           {"name = 'a'\nsources = ['lesion:real@.5', 'lesion:healthy@.5']\n",
            "lesion:healthy is a control without lesions"},
           {"name = 'a'\nsources = ['lesion:real']\nset = ['gan.lr_g=1']\n",
            "known: keys of classify, lesion, balance that"},
           {"name = 'a'\nsources = ['copy']\ndose = -2\n", "dose must lie in"},
           {"name = 'a'\ndose = 1\n", "require sources"},
           {"name = 'a'\nsources = ['copy']\nreplace = 1\n", "replace requires"},
           {"name = 'a'\nresampled = true\n", "resampled requires study.generator_size"},
           {"name = 'a'\nsources = ['copy']\ngates = ['memorized']\n", "did you mean 'memorised'"},
           {"name = 'a'\nset = ['classify.lrr=1']\n", "did you mean 'classify.lr'"},
           {"name = 'a'\nset = ['classify.steps=1']\n", "may not differ in classify.steps"},
           {"name = 'a'\nset = ['data.path=x']\n", "may not differ in data.path"},
           {"name = 'a'\nset = ['classify.lr=-1']\n", "classify.lr must not be negative"},
           {"name = 'a'\ngenerator = ['gan.loss=hinge']\n", "generator requires"},
           {"name = 'a'\nsources = ['gan:rare']\ngenerator = ['gan.los=hinge']\n", "gan.loss"},
           {"name = 'a'\nsources = ['gan:rare']\ngenerator = ['gan.preset=best']\n", "best"}}) {
    CAPTURE(arm);
    const Error error = refused(arm);
    CHECK(error.code() == Exit::config);
    CHECK(contains(error.what(), "study.arm 'a'"));
    CHECK(contains(error.what(), word));
  }
  CHECK(contains(refused("name = 'gan'\n").what(), "twice: 'gan'"));
  CHECK(contains(refused("name = 'a'\n[[study.arm]]\nname = 'a'\n").what(), "twice: 'a'"));
  CHECK(contains(refused("meaning = 'x'\n").what(), "must not be empty"));
  CHECK(contains(refused("name = 'a'\nsource = ['copy']\n").what(), "did you mean 'sources'"));
}
