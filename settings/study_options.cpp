// SPDX-License-Identifier: Apache-2.0
#include "settings/study_options.hpp"

#include <algorithm>

#include "augment/policy.hpp"
#include "core/error.hpp"
#include "core/text.hpp"
#include "dataset/where.hpp"

namespace evenray {

void StudyOptions::fields(Fields& f) {
  f("task",
    task,
    "what is trained and compared: classify, or detect (boxes); arms, policy and contrast have "
    "other defaults with detect: real and autoaugment-online; det_v0-radiograph; "
    "autoaugment-online vs real");
  f("arms", arms, "arms to compare: " + join(builtin_arm_names()));
  f("seeds", seeds, "repetitions of everything that is random, except the split");
  f("folds", folds, "cross-validation folds; 0: one split by data.ratios");
  f("generator_size",
    generator_size,
    "height and width in px of the images that generators are trained on, of the same aspect "
    "ratio; their images are enlarged to data.size_px; empty: data.size_px; with lesion:gan, those "
    "of the patches; empty: 64 and 64");
  f("rare_class",
    rare_class,
    "class to synthesise; empty: the class with the fewest training images");
  f("policy", policy, "augmentation policy of the autoaugment arms");
  f("contrast",
    contrast,
    "the one comparison named beforehand: 'ARM vs ARM'; all others are exploratory; 'best gan' and "
    "'best real' are the arms with and without synthetic rows that are best on validation");
  f("without",
    without,
    "compare the arms a second time, without the test images whose metadata match, such as "
    "hardware=1");
  f("subgroups",
    subgroups,
    "compare the arms again on the test images whose metadata match, for each condition, such as "
    "hand=1");
  f("bootstrap", bootstrap, "bootstrap draws per interval");
  f("judge_images", judge_images, "maximum number of drawn images to evaluate a generator with");
  f("origin_steps",
    origin_steps,
    "training steps of the network that learns to separate synthetic from real images");
  f("tuned",
    tuned,
    "choose the settings of [tune] for each arm and fold by trials on its validation images, with "
    "the same number of trials for all");
  f("keep_stores", keep_stores, "keep each cell's balanced.h5 when the cell is done");
  f.list("arm", arm);
}

void StudyOptions::apply_task() {
  const StudyOptions of_classifiers;
  arms = of_classifiers.arms;
  policy = of_classifiers.policy;
  contrast = of_classifiers.contrast;
  if (!detects()) return;
  arms = {"real", "autoaugment-online"};
  policy = "det_v0-radiograph";
  contrast = "autoaugment-online vs real";
}

bool StudyOptions::draws_patches() const {
  const auto arms_of = compared();
  return std::any_of(
      arms_of.begin(), arms_of.end(), [](const Arm& one) { return one.draws_patches(); });
}

void StudyOptions::check() const {
  evenray::check(task == "classify" || task == "detect",
                 Exit::config,
                 unknown_name("study.task", task, {"classify", "detect"}));
  evenray::check(!arms.empty() || !arm.empty(), Exit::config, "study.arms must name an arm");
  for (const auto& own : arm)
    evenray::check(
        !own.name.empty() && own.name.find_first_of("/@ ") == std::string::npos,
        Exit::config,
        cat("study.arm '", own.name, "': a name must not be empty or contain blanks, '/' or '@'"));
  const auto compared_arms = compared();
  std::vector<std::string> names;
  for (const auto& one : compared_arms) names.push_back(one.name);
  auto sorted = names;
  std::sort(sorted.begin(), sorted.end());
  const auto twice = std::adjacent_find(sorted.begin(), sorted.end());
  evenray::check(twice == sorted.end(),
                 Exit::config,
                 twice == sorted.end() ? "" : cat("study.arms names an arm twice: '", *twice, "'"));
  for (const auto& own : arm)
    for (const auto& builtin : builtin_arm_names())
      evenray::check(
          own.name != builtin,
          Exit::config,
          cat("study.arm '", own.name, "': a built-in arm has that name; choose another"));
  evenray::check(seeds > 0 && seeds <= 1000, Exit::config, "study.seeds must be 1 to 1000");
  evenray::check(folds == 0 || (folds >= 3 && folds <= 100),
                 Exit::config,
                 "study.folds must be 0 (one split), or 3 to 100 (one fold tests, one validates, "
                 "the rest train)");
  evenray::check(generator_size.empty() ||
                     (generator_size.size() == 2 && generator_size[0] > 0 && generator_size[1] > 0),
                 Exit::config,
                 "study.generator_size must be [height, width] in px");
  evenray::check(bootstrap >= 100, Exit::config, "study.bootstrap must be 100 or more");
  evenray::check(judge_images >= 64, Exit::config, "study.judge_images must be 64 or more");
  evenray::check(origin_steps > 0, Exit::config, "study.origin_steps must be above 0");
  try {
    find_policy(policy);
  } catch (const Error& error) {
    throw Error(Exit::config, cat("study.policy: ", error.what()));
  }
  Where::parse(without);
  for (const auto& condition : subgroups) {
    Where::parse(condition);
    evenray::check(!condition.empty(), Exit::config, "study.subgroups has an empty condition");
  }
  const auto contrasted = parse_contrast(contrast);
  for (const bool first : {true, false}) {
    const std::string& one = first ? contrasted.first : contrasted.second;
    const std::string& other = first ? contrasted.second : contrasted.first;
    const bool known = std::any_of(compared_arms.begin(), compared_arms.end(), [&](const Arm& arm) {
      return stands_for(one, arm) && arm.name != other;
    });
    evenray::check(known,
                   Exit::config,
                   cat("study.contrast names '",
                       one,
                       "', which is not an arm of the study; choose two of its arms"));
  }
}

std::vector<Arm> StudyOptions::compared() const {
  const auto builtin = builtin_arms(policy);
  std::vector<Arm> out;
  for (const auto& name : arms) {
    const auto found = std::find_if(
        builtin.begin(), builtin.end(), [&](const Arm& known) { return known.name == name; });
    if (found == builtin.end())
      throw Error(Exit::config, unknown_name("arm", name, builtin_arm_names()));
    out.push_back(*found);
  }
  out.insert(out.end(), arm.begin(), arm.end());
  return out;
}

Arm StudyOptions::arm_named(const std::string& name) const {
  std::vector<std::string> names;
  for (auto& one : compared()) {
    if (one.name == name) return one;
    names.push_back(one.name);
  }
  throw Error(Exit::config, unknown_name("arm", name, names));
}

}  // namespace evenray
