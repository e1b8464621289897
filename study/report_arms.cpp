// SPDX-License-Identifier: Apache-2.0
#include "study/report_arms.hpp"

#include <algorithm>

#include "core/text.hpp"
#include "study/report_tables.hpp"
#include "study/report_value.hpp"

namespace evenray {
namespace {

/// Returns what an arm does: of a built-in one its meaning with the policy or the dose, of an own
/// one its meaning and all that it sets.
std::string meaning_of(const StudyResult& result, const std::string& name) {
  const Arm arm = result.arm_named(name);
  const auto builtin = builtin_arm_names();
  if (std::find(builtin.begin(), builtin.end(), name) != builtin.end()) {
    if (arm.augmented()) return cat(arm.meaning, " (policy ", result.policy, ")");
    if (!arm.synthetic() || arm.replace > 0) return arm.meaning;
    return cat(arm.meaning,
               arm.pastes() ? " (" : " (at most ",
               plain_number(result.max_synthetic),
               arm.pastes() ? cat(" pasted images per real one of ", result.rare_class, ")")
                            : " synthetic images per real one)");
  }
  std::vector<std::string> parts;
  if (!arm.meaning.empty()) parts.push_back(arm.meaning);
  const auto add = [&](const char* what, const std::vector<std::string>& words) {
    if (!words.empty()) parts.push_back(cat(what, " ", join(words)));
  };
  add("filled by", arm.sources);
  add("trained first, for half of the steps, on synthetic images only:", arm.pretrain);
  if (arm.resampled) parts.push_back("real images shrunk to the size of the generators and back");
  if (arm.synthetic() && !arm.sources.empty())
    parts.push_back(cat("at most ",
                        plain_number(arm.dose >= 0 ? arm.dose : result.max_synthetic),
                        " synthetic images per real one"));
  add("gates", arm.gates);
  add("settings", arm.set);
  add("its own generator:", arm.generator);
  return parts.empty() ? "the training part as it is" : join(parts, "; ");
}

/// An arm that classifies better while its evidence lies less in the boxes may have learnt
/// something else than the finding.
void write_localisation(ReportWriter& out, const StudyResult& result) {
  if (result.localisations.empty()) return;
  out.table(localisation_table(result));
  const PairResult* pair = result.primary();
  if (!pair) return;
  const auto* first = result.localisation_of(pair->first);
  const auto* second = result.localisation_of(pair->second);
  constexpr double kLess = .9;
  if (!first || !second || !(pair->metrics[0].value > 0) || first->energy >= kLess * second->energy)
    return;
  out.paragraph(cat(pair->first,
                    " has a higher AUROC than ",
                    pair->second,
                    ", but less of its evidence lies in the boxes (",
                    rate_text(first->energy),
                    " against ",
                    rate_text(second->energy),
                    "): it may have learnt something else than the finding."));
}

}  // namespace

void write_arms(ReportWriter& out, const StudyResult& result) {
  out.section("Each arm");
  std::vector<std::string> meanings;
  for (const auto& arm : result.comparison.arms)
    meanings.push_back(cat(arm.arm, ": ", meaning_of(result, arm.arm)));
  out.paragraph(
      "All arms have the same test images, the same number of training steps, the same seeds and "
      "the same random online augmentation. They differ in their training images:");
  out.list(meanings);
  std::vector<std::string> tuned;
  for (const auto& [arm, settings] : result.tuned)
    for (size_t fold = 0; fold < settings.size(); ++fold)
      tuned.push_back(
          cat(arm, settings.size() > 1 ? cat(", fold ", fold) : "", ": ", settings[fold]));
  if (!tuned.empty()) {
    out.paragraph(
        "Each arm had the same number of trials to choose settings on validation images. Chosen:");
    out.list(tuned);
  }
  out.table(metrics_table(result));
  if (result.without) {
    out.table(without_table(result));
    const auto& differences = result.without->comparison.differences;
    if (!differences.empty() && differences[0].primary)
      out.paragraph(cat("Without these images, ",
                        result.contrast,
                        " is ",
                        difference_with_interval(differences[0].metrics[0]),
                        " ",
                        result.comparison.lead(),
                        "."));
  }
  if (!result.subgroups.empty()) out.table(subgroups_table(result));
  if (!result.comparison.arms.empty())
    for (size_t m = 0; m < result.comparison.class_metrics.size(); ++m)
      out.table(classes_table(result, m));
  write_localisation(out, result);
  if (!result.seams.empty()) out.table(seams_table(result));
  if (const auto without = result.comparison.without_threshold; without > 0) {
    out.paragraph(cat(counted(without, "classifier"),
                      " found no useful threshold on validation and took the more likely class "
                      "instead, so their sensitivity and specificity are not comparable."));
  }
}

}  // namespace evenray
