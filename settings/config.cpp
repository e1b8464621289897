// SPDX-License-Identifier: Apache-2.0
#include "settings/config.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <optional>

#include "augment/gates.hpp"
#include "augment/sources.hpp"
#include "core/error.hpp"
#include "core/log.hpp"
#include "core/text.hpp"
#include "gan/gan.hpp"
#include "lesion/lesion.hpp"

namespace evenray {
namespace {

/// Settings that an arm cannot change: if they differed, the comparison would not be valid.
constexpr std::array kShared{"classify.steps",
                             "classify.patience",
                             "classify.eval_every",
                             "classify.bootstrap",
                             "detect.steps",
                             "detect.eval_every",
                             "detect.bootstrap",
                             "detect.least_score",
                             "detect.nms",
                             "detect.most_boxes",
                             "lesion.context",  // patches of generators have one
                             "balance.sources",
                             "balance.max_synthetic",
                             "balance.memorised",
                             "balance.near_duplicate",
                             "balance.allow_resize"};

Visit visit(Config& config) {
  return [&config](Fields& f) { config.fields(f); };
}

void choose_generator(Config& config, const std::string& key, const std::string& word) {
  const bool family = key == "gan.family";
  const auto known = family ? gan_families() : gan_presets();
  check(std::count(known.begin(), known.end(), word) > 0,
        Exit::usage,
        unknown_name(family ? "family" : "preset", word, known));
  (family ? config.gan.family : config.gan.preset) = word;
}

/// Runs `body` and throws its errors again with the arm's name in front and code 78.
template <class Body>
void with_arm_name(const Arm& arm, const Body& body) {
  try {
    body();
  } catch (const Error& error) {
    throw Error(Exit::config, cat("study.arm '", arm.name, "': ", error.what()));
  }
}

bool is_shared(const std::string& key) {
  return std::find(kShared.begin(), kShared.end(), key) != kShared.end();
}

/// Throws unless `word` sets a key of one of the sections that arms may differ in.
void check_set_key(const std::string& word,
                   const std::vector<std::string>& sections,
                   const char* field) {
  const std::string key = trim(word.substr(0, word.find('=')));
  const bool known = std::any_of(sections.begin(), sections.end(), [&](const auto& one) {
    return key.starts_with(one + ".");
  });
  check(known && !is_shared(key),
        Exit::config,
        cat(field,
            " '",
            word,
            "': arms may not differ in ",
            key,
            " (known: keys of ",
            join(sections),
            " that do not decide how long an arm is trained, or how it is filled or measured)"));
}

/// Throws unless the sources lesion:... are words: a generator that the study did not train may
/// have seen its test images.
void check_lesion_sources(const std::vector<ParsedSource>& sources) {
  constexpr std::string_view kPastes = kLesionSource;
  for (const auto& [name, share] : sources) {
    if (!name.starts_with(kPastes)) continue;
    const std::string word = name.substr(kPastes.size());
    std::vector<std::string> known(kLesionWords.begin(), kLesionWords.end());
    known.emplace_back("gan");
    check(std::count(known.begin(), known.end(), word) > 0,
          Exit::config,
          unknown_name("source lesion:", word, known));
  }
}

void check_arm(const Config& config, const Arm& arm) {
  with_arm_name(arm, [&] {
    check(arm.dose == -1 || (arm.dose >= 0 && arm.dose <= 1e9),
          Exit::config,
          cat("dose must lie in 0..1e9, or be -1 for balance.max_synthetic, not ", arm.dose));
    check(arm.replace >= 0 && arm.replace <= 100,
          Exit::config,
          cat("replace must lie in 0..100, not ", arm.replace));
    check(arm.replace == 0 || (arm.generated() && !arm.pastes()),
          Exit::config,
          "replace requires a source gan:...");
    check(arm.generator.empty() || arm.generated(),
          Exit::config,
          "generator requires a source gan:... or lesion:gan");
    check(!arm.sources.empty() || (arm.dose == -1 && arm.gates.empty()),
          Exit::config,
          "dose and gates require sources");
    check(arm.gates.empty() || !arm.pastes(),
          Exit::config,
          "gates compare whole images, so they do nothing in pasted ones: remove gates or the "
          "sources lesion:...");
    const auto first = parse_sources(arm.pretrain);
    check(std::all_of(first.begin(),
                      first.end(),
                      [](const auto& source) { return source.name.starts_with(kGanSource); }),
          Exit::config,
          "pretrain takes sources gan:... only");
    if (!first.empty()) source_shares(first);
    check(!arm.resampled || !config.study.generator_size.empty(),
          Exit::config,
          "resampled requires study.generator_size");
    check(!arm.resampled || !arm.synthetic(),
          Exit::config,
          "resampled excludes sources gan:... and lesion:...");
    if (!arm.sources.empty()) {
      const auto parsed = parse_sources(arm.sources);
      source_shares(parsed);
      check_sources(parsed, every_source_kind());
      check_lesion_sources(parsed);
      const bool healthy = std::any_of(parsed.begin(), parsed.end(), [](const auto& source) {
        return source.name == cat(kLesionSource, "healthy");
      });
      check(!healthy || !arm.shows_lesions(),
            Exit::config,
            "lesion:healthy is a control without lesions: it cannot be mixed with other sources "
            "lesion:...");
    }
    const Config own = config.for_arm(arm);
    own.balance.check();
    own.classify.check();
    own.detect.check();
    own.lesion.check();
    check(!config.study.detects() || !arm.draws_images(),
          Exit::config,
          "a detector cannot learn from images of gan:..., because their findings have no boxes");
    config.generator_of(arm).check();
  });
}

/// Checks that both ends of every range, and all choices, are settings that can be tried.
void check_space(const Config& config) {
  config.tune.check();
  for (const auto& text : config.tune.space) {
    const Dimension dimension = parse_dimension(text);
    check(dimension.key.starts_with("classify.") && !is_shared(dimension.key),
          Exit::config,
          cat("tune.space: '",
              text,
              "': trials may not differ in ",
              dimension.key,
              " (known: keys of classify that do not decide how long it is trained or how it is "
              "measured)"));
    std::vector<double> values{dimension.low, dimension.high};
    if (!dimension.choices.empty()) {
      values.resize(dimension.choices.size());
      std::iota(values.begin(), values.end(), 0.);
    }
    for (const double value : values) {
      try {
        config.for_trial(settings_of({dimension}, {value}), 1);
      } catch (const Error& error) {
        throw Error(Exit::config, cat("tune.space: '", text, "': ", error.what()));
      }
    }
  }
}

}  // namespace

void Config::fields(Fields& f) {
  runtime.fields(f);
  f.section("data", data);
  f.section("gan", gan);
  f.section("balance", balance);
  f.section("lesion", lesion);
  f.section("classify", classify);
  f.section("detect", detect);
  f.section("tune", tune);
  f.section("study", study);
}

PackOptions Config::generator_pack() const {
  PackOptions pack = data.pack;
  if (study.draws_patches()) {
    pack.size_px = {64, 64};
    pack.patches = "boxes";
    pack.patch_context = lesion.context;
    pack.patch_side_px = 0;
    pack.patch_negatives = 0;
  }
  if (!study.generator_size.empty()) pack.size_px = study.generator_size;
  return pack;
}

void Config::check() const {
  runtime.check();
  data.check();
  gan.check();
  balance.check();
  lesion.check();
  try {
    check_sources(parse_sources(balance.sources), every_source_kind());
  } catch (const Error& error) {
    throw Error(Exit::config, cat("balance: ", error.what()));
  }
  classify.check();
  detect.check();
  check_space(*this);
  study.check();
}

void Config::check_study() const {
  check();
  const BalanceOptions balance_default;
  const ClassifyOptions classify_default;
  const auto arms_decide = [](bool is_default, const char* key) {
    evenray::check(is_default,
                   Exit::config,
                   cat(key, " cannot be set in a study, because the arms decide it; remove it"));
  };
  arms_decide(balance.sources == balance_default.sources, "balance.sources");
  arms_decide(balance.max_factor == balance_default.max_factor, "balance.max_factor");
  arms_decide(balance.allow_resize == balance_default.allow_resize, "balance.allow_resize");
  evenray::check(balance.allow_weak == balance_default.allow_weak,
                 Exit::config,
                 "balance.allow_weak cannot be set in a study, because a study uses its generators "
                 "whatever their verdict; remove it");
  arms_decide(gan.conditioning == GanOptions{}.conditioning, "gan.conditioning");
  evenray::check(gan.preset != kAutoPreset,
                 Exit::config,
                 "gan.preset auto plans for one class of a store, but a study trains generators of "
                 "several; choose another preset");
  arms_decide(classify.loss_weights == classify_default.loss_weights, "classify.loss_weights");
  arms_decide(classify.sampling == classify_default.sampling, "classify.sampling");
  arms_decide(classify.patience == classify_default.patience, "classify.patience");
  if (study.detects()) {
    arms_decide(detect.sampling == DetectOptions{}.sampling, "detect.sampling");
    arms_decide(detect.policy == DetectOptions{}.policy, "detect.policy");
    evenray::check(!study.tuned,
                   Exit::config,
                   "study.tuned chooses settings of classifiers; set it to false with study.task "
                   "detect");
  }
  for (const auto& text : tune.space) {
    const std::string key = parse_dimension(text).key;
    arms_decide(!study.tuned || (key != "classify.loss_weights" && key != "classify.sampling" &&
                                 key != "classify.features"),
                text.c_str());
    for (const auto& arm : study.compared())
      for (const auto& word : arm.set)
        evenray::check(!study.tuned || trim(word.substr(0, word.find('='))) != key,
                       Exit::config,
                       cat("tune.space: '",
                           text,
                           "' would overwrite what the arm ",
                           arm.name,
                           " sets: ",
                           word));
  }
  const auto size = data.pack.size_px, drawn = generator_pack().size_px;
  for (const auto& arm : study.compared())
    evenray::check(!study.draws_patches() || (!arm.draws_images() && !arm.resampled),
                   Exit::config,
                   cat("study.arm '",
                       arm.name,
                       "': a study with lesion:gan cannot have gan:..., pretrain or resampled, "
                       "because its generators draw patches"));
  evenray::check(
      study.draws_patches() || (drawn[0] * size[1] == drawn[1] * size[0] && drawn[0] <= size[0]),
      Exit::config,
      cat("study.generator_size must have the aspect ratio of data.size_px (",
          size[0],
          "x",
          size[1],
          ") and not be larger"));
  for (const auto& arm : study.compared()) check_arm(*this, arm);
}

Config Config::for_arm(const Arm& arm) const {
  Config out = *this;
  with_arm_name(arm, [&] {
    for (const auto& word : arm.set) check_set_key(word, {study.task, "lesion", "balance"}, "set");
    ConfigText("", arm.set).apply(visit(out));
    if (arm.dose >= 0) out.balance.max_synthetic = arm.dose;
    for (const auto& gate : arm.gates) set_gate(gate, out.balance);
  });
  return out;
}

Config Config::for_trial(const std::vector<std::string>& settings, double share) const {
  Config out = *this;
  ConfigText("", settings).apply(visit(out));
  out.classify.steps =
      std::max<int64_t>(1, std::llround(share * static_cast<double>(classify.steps)));
  out.classify.patience = 0;
  out.classify.check();
  return out;
}

GanOptions Config::generator_of(const Arm& arm) const {
  Config out = *this;
  with_arm_name(arm, [&] {
    for (const auto& word : arm.generator) check_set_key(word, {"gan"}, "generator");
    const ConfigText text("", arm.generator);
    text.apply(visit(out));
    if (out.gan.family == gan.family && out.gan.preset == gan.preset) return;
    // Priority: the study's settings < the arm's own preset < the arm's other settings. The preset
    // has just overwritten the latter, so apply them again.
    out.gan.apply_preset();
    text.apply(visit(out));
  });
  return out.gan;
}

Settings::Settings(const Path& file,
                   const std::vector<std::string>& sets,
                   std::vector<FlagValue> flags)
    : text_(file, sets), flags_(std::move(flags)) {
  Config known;
  for (const auto& line : text_.moved_keys(visit(known))) log_warning(line);
}

Config Settings::load(Config base) const {
  // A preset has lower priority than the file, even if a flag chooses it. So find out which family
  // and preset are chosen, apply the preset, then apply the file and the flags on top. The task of
  // a study chooses defaults in the same way.
  const auto choose = [&](Config& config) {
    for (const auto& flag : flags_)
      if (flag.key == "gan.family" || flag.key == "gan.preset")
        choose_generator(config, flag.key, flag.words.at(0));
  };
  Config chosen = base;
  text_.apply(visit(chosen));
  choose(chosen);
  base.gan.family = chosen.gan.family;
  base.gan.preset = chosen.gan.preset;
  base.gan.apply_preset();
  if (chosen.study.task != base.study.task) {
    base.study.task = chosen.study.task;
    base.study.apply_task();
  }
  text_.apply(visit(base));
  choose(base);
  std::optional<Error> fault;  // of the file or --set, unless a flag mends it
  try {
    base.check();
  } catch (const Error& error) {
    fault = error;
  }
  for (const auto& flag : flags_) set_field(visit(base), flag.key, flag.words, flag.flag);
  try {
    base.check();
  } catch (const Error& error) {
    if (fault && std::string_view(fault->what()) == error.what()) throw *fault;
    throw Error(error.code() == Exit::config ? Exit::usage : error.code(), error.what());
  }
  return base;
}

bool Settings::given(const std::string& key) const {
  return std::any_of(
      flags_.begin(), flags_.end(), [&](const FlagValue& flag) { return flag.key == key; });
}

}  // namespace evenray
