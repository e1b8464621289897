// SPDX-License-Identifier: Apache-2.0
// The answer in one sentence, and the comparison as a text table.
#include <algorithm>
#include <array>
#include <cmath>

#include "core/number.hpp"
#include "core/text.hpp"
#include "gan/gan.hpp"
#include "settings/arms.hpp"
#include "study/cells.hpp"
#include "study/report.hpp"
#include "study/report_value.hpp"

namespace evenray {
namespace {

/// Returns what the arm does, as the subject of a sentence.
std::string subject(const StudyResult& result, const std::string& name) {
  const Arm arm = result.arm_named(name);
  const std::string &rare = result.rare_class, &policy = result.policy;
  const auto builtin = builtin_arm_names();
  if (std::find(builtin.begin(), builtin.end(), name) == builtin.end()) return "Arm " + name;
  if (arm.pastes()) return "Arm " + name;
  if (arm.replace > 0) return "Synthetic images of all classes";
  if (arm.synthetic()) {
    return cat("Synthetic images of ",
               rare,
               arm.augmented() ? cat(" with copies augmented by policy ", policy) : " with copies");
  }
  if (arm.augmented()) return cat("Copies of ", rare, " augmented by policy ", policy);
  if (arm.balanced()) return cat("Copies of ", rare);
  if (name == "weighted") return "Weighting the loss by class";
  if (!arm.set.empty()) return "Arm " + name;
  return "The real images as they are";
}

/// Returns the generators that an arm draws from.
std::vector<GeneratorResult> generators_of(const StudyResult& result, const std::string& name) {
  const Arm arm = result.arm_named(name);
  StudyPlan plan;
  plan.class_names = result.data.class_names;
  plan.rare_class = result.rare_class;
  const auto classes = plan.generator_classes(arm);
  const std::string variant = arm.generator.empty() ? "" : arm.name;
  std::vector<GeneratorResult> out;
  for (const auto& generator : result.generators)
    if (generator.variant == variant &&
        std::find(classes.begin(), classes.end(), generator.class_name) != classes.end())
      out.push_back(generator);
  return out;
}

int64_t count_verdict(const std::vector<GeneratorResult>& generators, const char* word) {
  return std::count_if(generators.begin(), generators.end(), [&](const GeneratorResult& one) {
    return one.verdict == word;
  });
}

/// Returns what the generators of the two arms allow to conclude; empty if all are usable.
std::string generators_text(const StudyResult& result) {
  std::vector<GeneratorResult> drawn;
  const auto [first, second] = parse_contrast(result.contrast);
  for (const auto& arm : {first, second})
    for (const auto& generator : generators_of(result, arm)) drawn.push_back(generator);
  const int64_t all = std::ssize(drawn), bad = count_verdict(drawn, kNotUsableYet),
                weak = count_verdict(drawn, kWeak);
  const auto who = [&](int64_t count) {
    if (count < all) return cat(count, " of the ", all, " generators were ");
    return std::string(all == 1 ? "The generator was " : "The generators were ");
  };
  if (bad > 0) return cat(" ", who(bad), kNotUsableYet, ": this says nothing about better ones.");
  if (weak > 0) return cat(" ", who(weak), kWeak, ": better ones may give another answer.");
  return "";
}

/// Returns the difference of an arm to `real` in the value that decides; nullptr if it was not
/// compared so.
const Difference* against_real(const StudyResult& result, const std::string& arm) {
  for (const auto& pair : result.comparison.differences)
    if (pair.first == arm && pair.second == "real") return &pair.metrics[0];
  return nullptr;
}

}  // namespace

std::string named_text(const StudyResult& result) {
  if (result.named_contrast.empty()) return cat("Named beforehand: ", result.contrast);
  return cat(
      "Named beforehand: ", result.named_contrast, "; the best on validation: ", result.contrast);
}

std::string answer_text(const StudyResult& result) {
  const std::string& contrast = result.contrast;
  const auto [first, second] = parse_contrast(contrast);
  const PairResult* primary = result.primary();
  if (!primary && (first == kBestGan || second == kBestGan))
    return cat("No answer: ",
               contrast,
               " was named beforehand, and no arm can be ",
               kBestGan,
               ": not all cells are done, or the seams of all such arms are visible.");
  if (!primary) {
    return cat("No answer yet: ",
               contrast,
               " was named beforehand, and not both arms have all their cells done.");
  }
  const Difference& difference = primary->metrics[0];
  const double low = difference.low, high = difference.high;
  const std::string lead = result.comparison.lead();
  const std::string who = subject(result, first);
  if (!difference.has_interval()) {
    return cat("No answer: the test part has too few groups of a class for an interval of the ",
               lead,
               " (",
               contrast,
               ").");
  }
  const std::string figures = cat(difference_text(difference.value),
                                  " ",
                                  lead,
                                  " against ",
                                  second,
                                  ", 95 % interval ",
                                  difference_text(low),
                                  " to ",
                                  difference_text(high),
                                  ".");
  const double box_px = result.data.median_box_side_px;
  const std::string limits =
      cat(generators_text(result),
          " This is valid for this split and ",
          counted(result.seeds, "seed"),
          box_px > 0 && box_px < kLeastBoxPx
              ? "; the marked boxes are too small at this size for a medical conclusion."
              : ".");
  if (low > 0) {
    const Difference* control = against_real(result, second);
    const Difference* own = against_real(result, first);
    // A control that is itself worse than the real images flatters whatever is compared with it.
    if (control && own && control->high < 0 && !(own->low > 0))
      return cat(who,
                 ": no help is shown: ",
                 figures,
                 " But against real, ",
                 second,
                 " itself is ",
                 difference_with_interval(*control),
                 ", and ",
                 first,
                 " is ",
                 difference_with_interval(*own),
                 ".",
                 limits);
    return cat(who, " helped: ", figures, limits);
  }
  if (high < 0) return cat(who, " did harm: ", figures, limits);
  const double detectable = rounded_up(result.comparison.detectable);
  std::string out = cat(who, " did not measurably help: ", figures, " No difference was found");
  if (detectable > 0) {
    out += cat("; this test could have detected one of ", plain_number(detectable), " or more");
  }
  return out + "." + limits;
}

std::string study_text(const StudyResult& result) {
  const Comparison& comparison = result.comparison;
  std::vector<std::string> head{"arm", comparison.lead(), "95 % interval"};
  for (size_t m = 1; m < comparison.metrics.size(); ++m)
    head.push_back(metric_title(comparison.metrics[m]));
  std::vector<std::vector<std::string>> rows{head};
  const auto interval = [](const Estimate& estimate) {
    return estimate.has_interval()
               ? cat("[", rate_text(estimate.low), ", ", rate_text(estimate.high), "]")
               : "-";
  };
  for (const auto& arm : comparison.arms) {
    rows.push_back({arm.arm, rate_text(arm.metrics[0].value), interval(arm.metrics[0])});
    for (size_t m = 1; m < arm.metrics.size(); ++m)
      rows.back().push_back(rate_text(arm.metrics[m].value));
  }
  if (!result.data.folds.empty() && result.data.folds[0].baseline) {
    const Estimate& columns = result.data.folds[0].baseline->auroc;
    rows.push_back({"table's columns alone"});
    for (const auto& key : comparison.metrics) {
      const bool measured = is_image_auroc(key);
      rows.back().push_back(measured ? rate_text(columns.value) : "-");
      if (rows.back().size() == 2) rows.back().push_back(measured ? interval(columns) : "-");
    }
  }
  std::vector<size_t> widths(head.size());
  for (const auto& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string out;
  for (const auto& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) {
      const std::string pad(widths[i] - row[i].size(), ' ');
      out += i == 0 ? row[i] + pad : "  " + pad + row[i];
    }
    out += "\n";
  }
  if (const std::string& caution = comparison.caution; !caution.empty())
    out += cat("\ncaution: the test part has ", caution, "\n");
  if (const PairResult* primary = result.primary()) {
    out += cat("\n",
               result.contrast,
               result.named_contrast.empty()
                   ? " (named beforehand): "
                   : cat(" (named beforehand as ", result.named_contrast, "): "),
               difference_with_interval(primary->metrics[0]),
               " ",
               comparison.lead(),
               "\n");
  }
  std::vector<std::string> verdicts;
  for (const auto& generator : result.generators)
    if (!generator.verdict.empty())
      verdicts.push_back(cat(cell_of(generator).id(), " ", generator.verdict));
  if (!verdicts.empty()) out += cat("\ngenerators: ", join(verdicts), "\n");
  return cat(out, "\n", answer_text(result), "\n");
}

}  // namespace evenray
