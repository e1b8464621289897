// SPDX-License-Identifier: Apache-2.0
#include "study/preflight.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "core/error.hpp"
#include "core/number.hpp"
#include "core/text.hpp"
#include "metrics/stats.hpp"
#include "study/report_value.hpp"
#include "study/training_part.hpp"

namespace evenray {
namespace {

/// Test groups of the rare class below which a study can show only very large differences.
constexpr int64_t kFewTestGroups = 20;
/// The AUROC for which `can_show` is computed.
constexpr double kAssumedAuroc = .75;
/// The assumed correlation between the AUROC of two arms on the same test images.
constexpr double kAssumedCorrelation = .5;
/// Side in px beyond which a larger data.size_px is not suggested.
constexpr int64_t kLargestSide = 1024;

bool is_phantom(const Config& config) { return config.data.path.starts_with("phantom:"); }

std::vector<int64_t> training_counts(const Json& fold, const StudyPlan& plan) {
  std::vector<int64_t> counts;
  for (const auto& name : plan.class_names)
    counts.push_back(fold.at("counts").at("train").value(name, int64_t{0}));
  return counts;
}

/// Returns "SOURCE ROWS" for each source that gives a class any rows. The sources of a class share
/// the rows as in balance().
std::vector<std::string> filled_rows(const Config& own,
                                     const Arm& arm,
                                     const StudyPlan& plan,
                                     const Plan& rows,
                                     size_t class_index) {
  std::vector<std::string> names;
  std::vector<double> shares;
  std::vector<bool> synthetic;
  double served = 0;
  const auto parsed = parse_sources(arm.sources);
  const auto given = source_shares(parsed);
  for (size_t i = 0; i < parsed.size(); ++i) {
    const auto classes = plan.classes_of(arm, parsed[i].name);
    const bool draws =
        std::find(classes.begin(), classes.end(), plan.class_names[class_index]) != classes.end();
    if (!classes.empty() && !draws) continue;
    names.push_back(draws ? "gan" : parsed[i].name);
    shares.push_back(given[i]);
    synthetic.push_back(draws);
    served += given[i];
  }
  for (size_t s = 0; s < shares.size(); ++s)
    shares[s] = served > 0 ? shares[s] / served : (synthetic[s] ? 0 : 1);
  const Allotment allotment = allot(rows.added[class_index],
                                    shares,
                                    synthetic,
                                    synthetic_rows(own.balance, rows, class_index),
                                    /*derived_cap=*/-1);
  std::vector<std::string> out;
  int64_t copies = allotment.copies;
  for (size_t s = 0; s < names.size(); ++s) {
    if (names[s] == "copy")
      copies += allotment.from[s];
    else if (allotment.from[s] > 0)
      out.push_back(cat(names[s], " ", allotment.from[s]));
  }
  if (copies > 0) out.push_back(cat("copy ", copies));
  return out;
}

/// Returns how many classes have boxes in the training part of the first fold.
int64_t classes_with_boxes(const Json& facts) {
  const Json& fold = facts.at("folds").at(0);
  int64_t classes = 0;
  if (fold.contains("boxes"))
    for (const auto& [name, boxes] : fold["boxes"].at("train").items()) classes += boxes > 0;
  return classes;
}

/// Returns a text that is equal for two arms if they train on the same rows with the same settings.
std::string training_of(const Config& config,
                        const Arm& arm,
                        const StudyPlan& plan,
                        const Json& facts) {
  Config own = config.for_arm(arm);
  std::vector<std::string> rows;
  bool equal_counts = true, synthetic = false;
  for (const auto& fold : facts.at("folds")) {
    const auto counts = training_counts(fold, plan);
    equal_counts &= std::all_of(
        counts.begin(), counts.end(), [&](int64_t count) { return count == counts.front(); });
    if (arm.sources.empty()) continue;
    if (arm.pastes()) {
      const auto pasted = pasted_rows(config, arm, plan, counts);
      rows.push_back(cat(join(arm.sources), " ", pasted.rows));
      synthetic = true;
      continue;
    }
    if (parse_cloning(own.balance.strategy)) {
      rows.push_back(cat(own.balance.strategy, " from ", join(arm.sources)));
      continue;
    }
    const Plan added = make_plan(counts, plan.class_names, own.balance.strategy);
    for (size_t c = 0; c < counts.size(); ++c) {
      const auto filled = filled_rows(own, arm, plan, added, c);
      rows.push_back(join(filled));
      for (const auto& source : filled) synthetic |= source.starts_with("gan ");
    }
  }
  if (std::all_of(rows.begin(), rows.end(), [](const auto& row) { return row.empty(); }))
    rows.clear();
  // One class with boxes is not rarer than others.
  if (own.detect.negatives >= 0 && classes_with_boxes(facts) == 1) own.detect.sampling = "natural";
  // Without differences between the counts, the weights of the loss are equal.
  if (equal_counts && !synthetic && rows.empty()) own.classify.loss_weights = "none";
  std::string out =
      cat(join(rows, "; "), "\n", join(arm.pretrain), "\n", arm.resampled ? "resampled" : "");
  if (synthetic || !arm.pretrain.empty()) {
    GanOptions generator = config.generator_of(arm);
    out += cat("\nreplace ",
               arm.replace,
               ", gates ",
               own.balance.near_duplicate,
               own.balance.memorised ? " memorised" : "",
               "\n",
               write_config([&](Fields& f) { f.section("gan", generator); }));
  }
  if (arm.pastes()) out += write_config([&](Fields& f) { f.section("lesion", own.lesion); });
  const auto task = make_task(own, plan.rare_class);
  return out + write_config([&](Fields& f) { task->fields(f); });
}

/// Whether each validation part has an image of the rare class.
bool every_fold_validates(const StudyPlan& plan, const Json& facts) {
  const Json& folds = facts.at("folds");
  return std::all_of(folds.begin(), folds.end(), [&](const Json& fold) {
    return fold.at("counts").at("val").value(plan.rare_class, int64_t{0}) > 0;
  });
}

/// Sums a count of the test parts of all folds, by class.
int64_t test_groups(const Json& facts, const std::string& kind) {
  int64_t sum = 0;
  for (const auto& fold : facts.at("folds"))
    if (fold.contains("test_groups")) sum += fold["test_groups"].at(kind).get<int64_t>();
  return sum;
}

/// Returns the fewest images (or patches, one for each box) that a generator of the class is
/// trained on, over the folds.
int64_t generator_images(const Config& config, const Json& facts, const std::string& class_name) {
  int64_t fewest = INT64_MAX;
  for (const auto& fold : facts.at("folds")) {
    Json images = fold.value("generator_images", fold.at("counts").at("train"));
    if (config.study.draws_patches() && fold.contains("boxes")) images = fold["boxes"].at("train");
    fewest = std::min(fewest, images.value(class_name, int64_t{0}));
  }
  return fewest;
}

/// What a comparison of AUROC can show; null for detectors, whose AP has no such formula.
Json can_show(const Config& config, int64_t rare, int64_t other) {
  if (config.study.detects() || rare < 1 || other < 1) return nullptr;
  const double error =
      hanley_mcneil_error(kAssumedAuroc, static_cast<double>(rare), static_cast<double>(other));
  return {{"auroc", kAssumedAuroc},
          {"half_width", 1.96 * error},
          {"difference", kPower80 * error * std::sqrt(2 * (1 - kAssumedCorrelation))}};
}

class Warnings {
 public:
  void add(const char* kind, const std::string& text, const std::string& change) {
    list.push_back({{"kind", kind}, {"text", text}, {"change", change}});
  }
  Json list = Json::array();
};

std::vector<std::string> arms_with_generator(const Config& config,
                                             const StudyPlan& plan,
                                             const std::string& class_name) {
  std::vector<std::string> names;
  for (const auto& arm : config.study.compared()) {
    const auto classes = plan.generator_classes(arm);
    if (std::find(classes.begin(), classes.end(), class_name) != classes.end())
      names.push_back(arm.name);
  }
  return names;
}

void warn_of_few_images(Warnings& warnings,
                        const Config& config,
                        const StudyPlan& plan,
                        const Json& generators) {
  for (const auto& one : generators) {
    const int64_t images = one.at("images");
    if (images >= kLeastGanImages) continue;
    const std::string name = one.at("class");
    const std::string has = cat(name, " has ", counted(images, "training image"));
    if (config.gan.allow_few) {
      warnings.add("few_training_images",
                   cat(has,
                       "; from fewer than ",
                       kLeastGanImages,
                       ", synthetic images have been observed to do harm"),
                   "use a set with more images of this class");
    } else {
      warnings.add("few_training_images",
                   cat(has,
                       ", and a generator takes ",
                       kLeastGanImages,
                       " or more: its generators and these arms will fail: ",
                       join(arms_with_generator(config, plan, name))),
                   "remove these arms from study.arms, or set gan.allow_few = true");
    }
  }
}

/// Returns the smallest data.size_px with doubled sides at which the box has kLeastBoxPx.
std::string larger_size(const Config& config, double side_px) {
  int64_t height = config.data.pack.size_px[0], width = config.data.pack.size_px[1];
  while (side_px < kLeastBoxPx && 2 * std::max(height, width) <= kLargestSide) {
    height *= 2;
    width *= 2;
    side_px *= 2;
  }
  return side_px < kLeastBoxPx
             ? "crop the images around the findings before the study"
             : cat("data.size_px = [", height, ", ", width, "], which takes longer");
}

}  // namespace

void check_arms_differ(const Config& config, const StudyPlan& plan, const Json& facts) {
  std::map<std::string, std::string> arm_of;
  for (const auto& arm : config.study.compared()) {
    const auto [found, is_new] = arm_of.emplace(training_of(config, arm, plan, facts), arm.name);
    if (is_new) continue;
    throw Error(Exit::config,
                cat("arms '",
                    found->second,
                    "' and '",
                    arm.name,
                    "' would be equal: they train on the same rows with the same settings; remove "
                    "one of them, or change its sources, its dose or balance.strategy"));
  }
}

void check_rare_images(const Config& config, const StudyPlan& plan, const Json& facts) {
  int64_t images = 0;
  for (const auto& fold : facts.at("folds"))
    images += fold.at("counts").at("test").value(plan.rare_class, int64_t{0});
  check(!plan.tuned || every_fold_validates(plan, facts),
        Exit::bad_data,
        cat("a validation part has no image of ",
            plan.rare_class,
            ", so study.tuned cannot choose settings by it: set fewer study.folds, a larger second "
            "number in data.ratios, or study.tuned = false"));
  check(images > 0 || is_phantom(config),
        Exit::bad_data,
        cat("the test part has no image of ",
            plan.rare_class,
            ", so nothing can be compared: change data.ratios or study.rare_class, or set "
            "study.folds, which tests every image"));
  if (!config.study.detects()) return;
  for (const auto& fold : facts.at("folds"))
    for (const char* part : {"train", "test"})
      check(
          !fold.contains("boxes") || fold["boxes"].at(part).at(plan.rare_class).get<int64_t>() > 0,
          Exit::bad_data,
          cat("no image of part ",
              part,
              " has a box of ",
              plan.rare_class,
              ", which a detector needs: change study.rare_class or data.ratios, or set "
              "study.task = \"classify\""));
}

Json preflight_json(const Config& config, const StudyPlan& plan, const Json& facts) {
  const int64_t rare = test_groups(facts, "rare"), other = test_groups(facts, "other");
  Json out{{"test_groups", {{"rare", rare}, {"other", other}}},
           {"can_show", can_show(config, rare, other)}};
  out["generators"] = Json::array();
  std::vector<std::string> drawn;
  for (const auto& generator : plan.generators) {
    if (std::find(drawn.begin(), drawn.end(), generator.class_name) != drawn.end()) continue;
    drawn.push_back(generator.class_name);
    out["generators"].push_back({{"class", drawn.back()},
                                 {"images", generator_images(config, facts, drawn.back())},
                                 {"needed", kLeastGanImages}});
  }
  const auto arms = config.study.compared();
  const bool augments =
      std::any_of(arms.begin(), arms.end(), [](const Arm& arm) { return arm.augmented(); });
  out["policy"] = augments ? Json(config.study.policy) : Json();
  const double side = facts.value("median_box_side_px", 0.);
  out["median_box_side_px"] = side > 0 ? Json(side) : Json();

  Warnings warnings;
  if (!every_fold_validates(plan, facts))
    warnings.add("no_rare_validation",
                 cat("a validation part has no image of ",
                     plan.rare_class,
                     ", so no threshold and no checkpoint can be chosen by it"),
                 "a larger second number in data.ratios");
  warn_of_few_images(warnings, config, plan, out["generators"]);
  if (rare < kFewTestGroups) {
    const Json& shows = out["can_show"];
    warnings.add("few_test_groups",
                 cat("the test part has ",
                     counted(rare, "group"),
                     " of ",
                     plan.rare_class,
                     ", fewer than ",
                     kFewTestGroups,
                     config.study.detects() ? ": intervals will be wide"
                     : shows.is_null()      ? ": no difference can be shown"
                                            : cat(": no difference below about ",
                                             plain_number(rounded_up(shows["difference"])),
                                             " AUROC can be shown")),
                 config.study.folds > 0 ? "use a set with more images of this class"
                                        : "study.folds = 5, which tests every image, or a larger "
                                          "third number in data.ratios");
  }
  if (side > 0 && side < kLeastBoxPx)
    warnings.add("small_boxes",
                 cat("half of the marked findings have a side below ",
                     plain_number(side),
                     " px at this size; below ",
                     kLeastBoxPx,
                     " px they can hardly be seen, so the study tests the software, not medicine"),
                 larger_size(config, side));
  out["warnings"] = warnings.list;
  return out;
}

}  // namespace evenray
