// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "app/trials.hpp"
#include "augment/written_policy.hpp"
#include "classifier/classifier.hpp"
#include "core/error.hpp"
#include "core/log.hpp"
#include "core/number.hpp"
#include "core/text.hpp"
#include "search/search.hpp"

namespace evenray {
namespace {

struct PolicySearchFlags {
  std::string store, out, sampling = "torchvision";
  int64_t sub_policies = 3, repeats = 3;
};

std::vector<std::string> setting_of(const std::string& policy) {
  return {"classify.policy=" + policy};
}

/// Returns a policy of the space that no score had a part in.
std::string random_policy(const SearchOptions& options, uint64_t seed, Sampling sampling) {
  Rng rng = Rng(seed).fork("random policy");
  std::vector<Dimension> space;
  Point point;
  for (const auto& text : options.space) {
    space.push_back(parse_dimension(text));
    point.push_back(space.back().draw(rng));
  }
  return policy_at(settings_of(space, point), sampling);
}

/// Returns the scores that `file` has of exactly these policies, else `compared` as it is.
Json kept_scores(const Path& file, const Json& compared) {
  if (!std::filesystem::exists(file)) return compared;
  const Json kept = read_json(file);
  if (!kept.is_array() || kept.size() != compared.size()) return compared;
  for (size_t i = 0; i < kept.size(); ++i) {
    if (!kept[i].is_object() || !kept[i].contains("val_auprc")) return compared;
    Json known = kept[i];
    known["val_auprc"] = Json::array();
    if (known != compared[i] || !kept[i]["val_auprc"].is_array()) return compared;
  }
  return kept;
}

/// Trains with each policy, from other seeds than the search. Keeps the scores in `file`, so that
/// an interrupted comparison goes on. `compared`: [{"name","policy","val_auprc":[]}]; returns it
/// with the scores.
Json compare(const Config& config,
             const Store& store,
             const Json& compared,
             int64_t repeats,
             const Path& out) {
  const Path file = out / "comparison.json";
  Json list = kept_scores(file, compared);
  for (int64_t repeat = 0; repeat < repeats; ++repeat) {
    Config own = config;
    own.runtime.seed += 1 + repeat;
    for (auto& entry : list) {
      Json& scores = entry["val_auprc"];
      if (std::ssize(scores) > repeat) continue;
      const std::string folder = cat(entry["name"].get<std::string>(), "-", repeat);
      const double score = try_settings(
          own, store, setting_of(entry["policy"]), /*share=*/1, out / "trials" / folder);
      scores.push_back(std::isnan(score) ? Json() : Json(score));
      write_json(file, list);
    }
  }
  return list;
}

std::string compared_text(const Json& comparison) {
  std::string text = "AUPRC on val, mean of all trainings (least to most):\n";
  for (const auto& entry : comparison) {
    std::vector<double> scores;
    for (const auto& score : entry.at("val_auprc"))
      if (score.is_number()) scores.push_back(score);
    const std::string name = entry.at("name");
    text += name + std::string(10 - name.size(), ' ');
    if (scores.empty()) {
      text += "all trainings failed\n";
      continue;
    }
    double sum = 0;
    for (const double score : scores) sum += score;
    const auto [least, most] = std::minmax_element(scores.begin(), scores.end());
    text += cat(fixed(sum / static_cast<double>(scores.size()), 3),
                " (",
                fixed(*least, 3),
                " to ",
                fixed(*most, 3),
                ", ",
                counted(std::ssize(scores), "training"),
                ")\n");
  }
  return text;
}

int search_policy(const Cli& cli, const PolicySearchFlags& flags) {
  Config config = cli.load();
  check(config.tune.space == SearchOptions().space,
        Exit::config,
        "tune.space cannot be set here, because policies are what is searched; remove it");
  const Sampling sampling = parse_sampling(flags.sampling);
  check(sampling != Sampling::detection,
        Exit::usage,
        "--sampling takes torchvision or radiograph, not detection");
  config.for_trial(setting_of("imagenet"), 1);  // throws where no policy can be used
  SearchOptions options = config.tune;
  options.space = policy_dimensions(flags.sub_policies);
  const auto seed = static_cast<uint64_t>(config.runtime.seed);
  Json compared = Json::array();
  for (const auto& [name, policy] : std::vector<std::pair<std::string, std::string>>{
           {"found", ""},
           {"imagenet", "imagenet"},
           {"random", random_policy(options, seed, sampling)},
           {"none", "none"}})
    compared.push_back({{"name", name}, {"policy", policy}, {"val_auprc", Json::array()}});
  const Store store(flags.store);
  check_trials(config, store);
  if (cli.dry_run) {
    print_trials_plan(cli, config, store, std::ssize(compared) * flags.repeats);
    return 0;
  }
  const TimedNetwork network =
      timed_classifier(config.classify, store.info().height, store.info().width);
  const Path out(flags.out);
  const auto precision = decide_precision(config.runtime, network, out);
  RunFolder run(out, /*resume=*/true, [&](Fields& f) { config.fields(f); });
  if (precision) log_info(precision->text());
  const SearchResult result = run_search(
      options,
      seed,
      Json{{"store", store.content_digest()}, {"sampling", flags.sampling}},
      out / "journal.jsonl",
      [&](const std::string& name, const std::vector<std::string>& settings, double share) {
        return try_settings(
            config, store, setting_of(policy_at(settings, sampling)), share, out / "trials" / name);
      });
  const std::string found = policy_at(result.best_settings(), sampling);
  compared[0]["policy"] = found;
  const Json comparison = compare(config, store, compared, flags.repeats, out);
  Config best = config;
  best.classify.policy = found;
  write_atomic(out / "best.toml",
               write_config([&](Fields& f) { f.section("classify", best.classify); }));
  const Json json{{"schema", "evenray-policy-search-1"},
                  {"policy", found},
                  {"search", result.json()},
                  {"comparison", comparison}};
  write_json(out / "policy.json", json);
  run.finish();
  print_result(
      cli,
      json,
      cat(compared_text(comparison),
          "val chose the policy that was found, so its figures favour it. To compare policies on "
          "test images, give them to a study (study.policy, or arms with "
          "classify.policy).\npolicy: ",
          found,
          "\nsettings: ",
          (out / "best.toml").string(),
          ", for `evenray classify train --config`\n"));
  return 0;
}

}  // namespace

void add_policy_search_command(CLI::App& augment, Cli& cli) {
  auto flags = std::make_shared<PolicySearchFlags>();
  Takes takes = kTraining;
  takes.short_spins = false;
  auto* command =
      add_command(&augment,
                  cli,
                  "search",
                  "search for a policy of AutoAugment's kind by trials on the val part; resumes",
                  takes,
                  [&cli, flags] { return search_policy(cli, *flags); });
  command->add_option("STORE", flags->store, "store")->required();
  command->add_option("--out", flags->out, "folder for the journal and the policy")->required();
  command->add_option("--sub-policies", flags->sub_policies, "sub-policies of two operations each")
      ->check(CLI::Range(1, 25))
      ->capture_default_str();
  command
      ->add_option("--repeats",
                   flags->repeats,
                   "trainings with the found policy, imagenet, a random policy and none, to "
                   "compare them on val")
      ->check(at_least(1))
      ->capture_default_str();
  command
      ->add_option("--sampling",
                   flags->sampling,
                   "torchvision (nearest, empty areas are 0) or radiograph (bilinear, border "
                   "median)")
      ->capture_default_str();
}

}  // namespace evenray
