// SPDX-License-Identifier: Apache-2.0
#include "settings/config.hpp"

#include <fstream>

#include "settings/flags.hpp"
#include "tests/fixture.hpp"
#include "tests/torch_catch.hpp"

using namespace evenray;

namespace {

Config loaded(const Path& file, const std::vector<std::string>& sets) {
  return Settings(file, sets).load();
}

}  // namespace

TEST_CASE("settings that no study can have") {
  const auto refused = [](const std::string& set) { return error_of([&] { loaded("", {set}); }); };
  for (const auto& [set, word] : std::vector<std::pair<std::string, std::string>>{
           {"study.arms=[]", "must name an arm"},
           {"study.arms=['reel']", "'reel'"},
           {"study.arms=['gan','gan']", "twice"},
           {"study.seeds=0", "study.seeds"},
           {"study.folds=2", "study.folds"},
           {"study.bootstrap=99", "study.bootstrap"},
           {"balance.sources=['augment:nope']", "balance: unknown policy 'nope'"},
           {"balance.sources=['vae:x']", "balance: unknown source 'vae:x'"},
           {"study.policy=imagnet", "study.policy"},
           {"study.contrast=gan", "ARM vs ARM"},
           {"study.arms=['real','gan']", "'gan+autoaugment', which is not an arm of the study"},
           {"study.contrast=best gan vs reel", "'reel', which is not an arm"},
           {"study.judge_images=1", "judge_images"},
           {"study.origin_steps=0", "origin_steps"},
           {"tune.trials=0", "tune.trials"},
           {"tune.sampler=grid", "'grid'"},
           {"tune.space=['gan.lr_g=1e-4..1e-2']", "trials may not differ in gan.lr_g"},
           {"tune.space=['classify.steps=1..9 whole']", "may not differ in classify.steps"},
           {"tune.space=['classify.lrr=1..9']", "'classify.lr'"},
           {"tune.space=['classify.minibatch=8.5..9']", "classify.minibatch"},
           {"tune.space=['classify.minibatch=1..64 whole']", "minibatch must be 2 or more"},
           {"tune.space=['classify.policy=none|trivialaugmnt']", "trivialaugmnt"},
           {"study.subgroups=['']", "empty condition"},
           {"classify.start_scale=0", "start_scale"},
           {"study.generator_size=[64]", "must be [height, width]"},
           {"study.armz=1", "'study.arms'"},
           {"seeds=1", "unknown key 'seeds'"}}) {
    CAPTURE(set);
    CHECK(refused(set).code() == Exit::config);
    CHECK(contains(refused(set).what(), word));
  }
  CHECK(refused("study.folds=3").code() == Exit::done);
  CHECK(refused("study.contrast=best gan vs best real").code() == Exit::done);
  const Error no_gan = error_of([] {
    loaded("", {"study.arms=['real','oversample']", "study.contrast=best gan vs best real"});
  });
  CHECK(contains(no_gan.what(), "'best gan', which is not an arm of the study"));
}

TEST_CASE("a generator of patches learns the squares that lesions are cut in") {
  Config config;
  config.study.arms = {"real", "lesion-gan"};
  config.data.pack.patches = "boxes";
  config.data.pack.patch_side_px = 224;
  config.data.pack.patch_negatives = 3;
  config.lesion.context = 2.5;
  const PackOptions pack = config.generator_pack();
  CHECK(pack.patch_context == 2.5);
  CHECK(pack.patch_side_px == 0);
  CHECK(pack.patch_negatives == 0);
}

TEST_CASE("defaults < preset < file < sets") {
  const ScratchFolder scratch;
  std::ofstream(scratch / "a.toml") << "[gan]\npreset = \"reference\"\nngf = 24\n";
  GanOptions reference;
  reference.preset = "reference";
  reference.apply_preset();
  const Config config = loaded(scratch / "a.toml", {"gan.dcgan.ngf=32", "gan.latent=7"});
  CHECK(config.gan.dcgan.ngf == 32);
  CHECK(config.gan.latent == 7);
  CHECK(config.gan.augment == reference.augment);
  CHECK(config.gan.minibatch == reference.minibatch);
  CHECK(loaded(scratch / "a.toml", {}).gan.dcgan.ngf == 24);
  CHECK(loaded(scratch / "a.toml", {"gan.preset=small"}).gan.augment != reference.augment);
}

TEST_CASE("the task of a study decides its default arms") {
  const ScratchFolder scratch;
  std::ofstream(scratch / "a.toml") << "[study]\ntask = \"detect\"\nseeds = 2\n";
  const Config config = loaded(scratch / "a.toml", {});
  CHECK(config.study.arms == std::vector<std::string>{"real", "autoaugment-online"});
  CHECK(config.study.contrast == "autoaugment-online vs real");
  CHECK(config.study.seeds == 2);
  config.check_study();
  CHECK(loaded(scratch / "a.toml", {"study.arms=[\"real\", \"repeat\", \"autoaugment-online\"]"})
            .study.arms.size() == 3);
  CHECK(loaded(scratch / "a.toml", {"study.task=classify"}).study.arms == default_arm_names());
}

TEST_CASE("the demos' settings hold") {
  for (const bool quick : {false, true}) {
    const Config config = demo_config(quick);
    config.check();
    CHECK(config.study.arms == default_arm_names());
    CHECK(config.data.path.starts_with("phantom:"));
  }
}

TEST_CASE("keys at their old place count") {
  const ScratchFolder scratch;
  std::ofstream(scratch / "old.toml") << "[gan]\nngf = 24\nfmap_base = 512\nada_kimg = 300.0\n"
                                         "transfer = \"majority\"\nfreeze_d = 1\n";
  const Config config = loaded(scratch / "old.toml", {"gan.stage_kimg=2"});
  CHECK(config.gan.dcgan.ngf == 24);
  CHECK(config.gan.pggan.fmap_base == 512);
  CHECK(config.gan.pggan.stage_kimg == 2);
  CHECK(config.gan.ada.kimg == 300);
  CHECK(config.gan.transfer.from == "majority");
  CHECK(config.gan.transfer.freeze_d == 1);
}

TEST_CASE("flags lie above --set; their errors are those of usage") {
  const auto with = [](const std::string& key, const std::string& word) {
    return Settings("", {"seed=3", "gan.latent=50"}, {{"--flag", key, {word}}}).load();
  };
  CHECK(with("seed", "4").runtime.seed == 4);
  const Config strong = with("gan.preset", "strong");
  CHECK(strong.gan.dcgan.residual);
  CHECK(strong.gan.latent == 50);  // the preset's 128 lies below --set
  CHECK(with("gan.family", "pggan").gan.r1_gamma == 1);
  for (const auto& [key, word] : std::vector<std::pair<std::string, std::string>>{
           {"gan.family", "vae"}, {"gan.preset", "smal"}, {"seed", "x"}, {"seed", "-1"}}) {
    CAPTURE(key, word);
    CHECK(error_of([&] { with(key, word); }).code() == Exit::usage);
  }
  // A flag may complete what --set begins.
  const std::vector<std::string> head{"classify.tune=head"};
  CHECK_NOTHROW(Settings("", head, {{"--weights", "classify.weights", {"imagenet"}}}).load());
  CHECK(error_of([&] {
          Settings("", head, {{"--seed", "seed", {"4"}}}).load();
        }).code() == Exit::config);
  CHECK(error_of([&] {
          Settings("",
                   head,
                   {{"--weights", "classify.weights", {"imagenet"}},
                    {"--arch", "classify.arch", {"none"}}})
              .load();
        }).code() == Exit::usage);
  const Settings settings("", {}, {{"--ratios", "data.ratios", {".5", ".25", ".25"}}});
  CHECK(settings.given("data.ratios"));
  CHECK_FALSE(settings.given("data.hold_out"));
  CHECK(settings.load().data.ratios == std::vector<double>{.5, .25, .25});
}

TEST_CASE("each flag of the table sets a key that is there") {
  Config config;
  const Visit visit = [&](Fields& f) { config.fields(f); };
  for (const char* command : {"data inspect",
                              "data audit",
                              "data view",
                              "data split",
                              "data pack",
                              "data export",
                              "gan train",
                              "balance",
                              "classify train",
                              "study plan",
                              "study run"}) {
    CAPTURE(command);
    CHECK_FALSE(flags_of(command).empty());
    for (const FlagKey* flag : flags_of(command)) {
      CAPTURE(flag->flag);
      CHECK_FALSE(field_help(visit, std::string(flag->key)).empty());
    }
  }
  for (const char* flag : {"--seed", "--threads", "--device", "--precision"})
    CHECK(shared_flag(flag).flag == flag);
}

TEST_CASE("flags with a spelling of their own") {
  const auto values = [](std::string_view name, const std::vector<std::string>& words) {
    for (const char* command : {"data pack", "balance"})
      for (const FlagKey* flag : flags_of(command))
        if (flag->flag == name) return flag_values(*flag, words);
    throw Error(Exit::failed, "no such flag");
  };
  CHECK(values("--size", {"80x64"})[0].words == std::vector<std::string>{"80", "64"});
  CHECK(values("--size", {"64"})[0].words == std::vector<std::string>{"64", "64"});
  CHECK(values("--compress", {"none"})[0].words == std::vector<std::string>{"-1"});
  CHECK(values("--compress", {"gzip:4"})[0].words == std::vector<std::string>{"4"});
  const auto gates = values("--gate", {"near-duplicate:.9", "memorised"});
  REQUIRE(gates.size() == 2);
  CHECK(gates[0].key == "balance.near_duplicate");
  CHECK(gates[1].key == "balance.memorised");
  for (const auto& [flag, word] : std::vector<std::pair<std::string, std::string>>{
           {"--size", "10by10"}, {"--compress", "zip"}, {"--gate", "nope"}}) {
    CAPTURE(flag);
    CHECK(error_of([&] { values(flag, {word}); }).code() == Exit::usage);
  }
}
