// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "augment/policy.hpp"
#include "core/error.hpp"
#include "core/text.hpp"
#include "dataset/split.hpp"
#include "study/arms.hpp"
#include "study/study.hpp"

namespace evenray {

void DataOptions::fields(Fields& f) {
  f("path", path, "folder with the images, or phantom:images=600,...");
  read.fields(f);
  pack.fields(f);
  f("ratios", ratios, "shares of train, val and test, without folds");
  f("hold_out", hold_out, "with folds: share of a locked test that no fold sees");
  f("group", group, "what must stay together: auto, patient, none");
}

void DataOptions::check() const {
  read.check();
  pack.check();
  SplitOptions{ratios, hold_out > 0 ? 3 : 0, hold_out, group, 0}.check();
}

void StudyOptions::fields(Fields& f) {
  f("arms", arms, "what is compared: " + join(arm_names()));
  f("seeds", seeds, "repetitions of everything that is random but the split");
  f("folds", folds, "cross-validation folds; 0: one split by data.ratios");
  f("rare_class",
    rare_class,
    "class that is synthesised; empty: the one with the fewest training images");
  f("policy", policy, "policy of the autoaugment arms");
  f("contrast",
    contrast,
    "the one comparison named beforehand: 'ARM vs ARM'; all others are exploratory");
  f("bootstrap", bootstrap, "draws behind each interval");
  f("judge_images", judge_images, "at most so many drawn images to judge a generator by");
  f("origin_steps",
    origin_steps,
    "training steps of the net that tries to tell synthetic from real");
  f("keep_stores", keep_stores, "keep each cell's balanced.h5 when the cell is done");
}

void StudyOptions::check() const {
  evenray::check(!arms.empty(), Exit::config, "study.arms must name an arm");
  for (const auto& arm : arms) arm_named(arm);
  auto sorted = arms;
  std::sort(sorted.begin(), sorted.end());
  evenray::check(std::adjacent_find(sorted.begin(), sorted.end()) == sorted.end(),
                 Exit::config,
                 "study.arms names an arm twice");
  evenray::check(seeds > 0 && seeds <= 1000, Exit::config, "study.seeds must be 1 to 1000");
  evenray::check(folds == 0 || (folds >= 3 && folds <= 100),
                 Exit::config,
                 "study.folds must be 0 (one split), or 3 to 100 (one fold tests, one validates, "
                 "the rest train)");
  evenray::check(bootstrap >= 100, Exit::config, "study.bootstrap must be 100 or more");
  evenray::check(judge_images >= 64, Exit::config, "study.judge_images must be 64 or more");
  evenray::check(origin_steps > 0, Exit::config, "study.origin_steps must be above 0");
  try {
    find_policy(policy);
  } catch (const Error& error) {
    throw Error(Exit::config, cat("study.policy: ", error.what()));
  }
  const auto [first, second] = parse_contrast(contrast);
  for (const auto& arm : {first, second}) {
    evenray::check(std::find(arms.begin(), arms.end(), arm) != arms.end(),
                   Exit::config,
                   cat("study.contrast names '",
                       arm,
                       "', which study.arms does not; choose a contrast of two of its arms"));
  }
}

void Config::fields(Fields& f) {
  runtime.fields(f);
  f.section("data", data);
  f.section("gan", gan);
  f.section("balance", balance);
  f.section("classify", classify);
  f.section("study", study);
}

void Config::check() const {
  runtime.check();
  data.check();
  gan.check();
  balance.check();
  classify.check();
  study.check();
}

void Config::check_study() const {
  check();
  const BalanceOptions balance_default;
  const ClassifyOptions classify_default;
  const auto arms_decide = [](bool is_default, const char* key) {
    evenray::check(is_default,
                   Exit::config,
                   cat(key, " is what the arms of a study differ in or share; leave it out"));
  };
  arms_decide(balance.sources == balance_default.sources, "balance.sources");
  arms_decide(balance.max_factor == balance_default.max_factor, "balance.max_factor");
  arms_decide(balance.allow_resize == balance_default.allow_resize, "balance.allow_resize");
  arms_decide(gan.conditioning == GanOptions{}.conditioning, "gan.conditioning");
  evenray::check(gan.preset != kAutoPreset,
                 Exit::config,
                 "gan.preset auto plans for one class of a store, a study trains several; name "
                 "another preset");
  arms_decide(classify.loss_weights == classify_default.loss_weights, "classify.loss_weights");
  arms_decide(classify.sampling == classify_default.sampling, "classify.sampling");
  arms_decide(classify.patience == classify_default.patience, "classify.patience");
}

void apply_config(Config& config, const Path& file, const std::vector<std::string>& sets) {
  const Visit visit = [&](Fields& f) { config.fields(f); };
  read_config(visit, file, sets);
  config.gan.apply_preset();
  read_config(visit, file, sets);
}

Config load_config(const Path& file, const std::vector<std::string>& sets) {
  Config config;
  apply_config(config, file, sets);
  return config;
}

}  // namespace evenray
