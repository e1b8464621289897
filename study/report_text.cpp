// SPDX-License-Identifier: Apache-2.0
// The answer in one sentence, and the comparison as a text table.
#include <algorithm>
#include <array>
#include <cmath>

#include "core/text.hpp"
#include "settings/arms.hpp"
#include "study/report.hpp"
#include "study/report_value.hpp"

namespace evenray {
namespace {

/// Returns what the arm does, as the subject of a sentence.
std::string subject(const Json& summary, const std::string& name) {
  const Arm arm = arm_in(summary, name);
  const std::string rare = text_at(summary, "/rare_class"), policy = text_at(summary, "/policy");
  const auto builtin = builtin_arm_names();
  if (std::find(builtin.begin(), builtin.end(), name) == builtin.end()) return "Arm " + name;
  if (arm.replace > 0) return "Synthetic images of all classes";
  if (arm.synthetic()) {
    return cat("Synthetic images of ",
               rare,
               arm.augmented() ? cat(" with copies augmented by policy ", policy) : " with copies");
  }
  if (arm.augmented()) return cat("Copies of ", rare, " augmented by policy ", policy);
  if (arm.balanced()) return cat("Copies of ", rare);
  if (!arm.set.empty()) return "Weighting the loss by class";
  return "The real images as they are";
}

}  // namespace

std::string answer_text(const Json& summary) {
  const std::string contrast = text_at(summary, "/contrast");
  const auto [first, second] = parse_contrast(contrast);
  const Json& difference = part_at(summary, "/comparison/differences/0");
  if (!difference.value("primary", false)) {
    return cat("No answer yet: ",
               contrast,
               " was named beforehand, and not both arms have all their cells done.");
  }
  const Json& auroc = part_at(difference, "/metrics/auroc");
  const double low = number_at(auroc, "/ci/0"), high = number_at(auroc, "/ci/1");
  const std::string who = subject(summary, first);
  if (!std::isfinite(low) || !std::isfinite(high)) {
    return cat("No answer: the test part does not allow AUROC to be measured for ", contrast, ".");
  }
  const std::string figures = cat(difference_text(number_at(auroc, "/value")),
                                  " AUROC against ",
                                  second,
                                  ", 95 % interval ",
                                  difference_text(low),
                                  " to ",
                                  difference_text(high),
                                  ".");
  const auto seeds = count_at(summary, "/seeds");
  const double box_px = number_at(summary, "/data/median_box_side_px");
  const std::string limits = cat(" That is for this split and ",
                                 counted(seeds, "seed"),
                                 box_px > 0 && box_px < kLeastBoxPx
                                     ? "; what is marked is too small at this size for medicine."
                                     : ".");
  if (low > 0) return cat(who, " helped: ", figures, limits);
  if (high < 0) return cat(who, " did harm: ", figures, limits);
  const double detectable = rounded_up(number_at(summary, "/comparison/detectable/auroc"));
  std::string out = cat(who, " did not measurably help: ", figures, " No difference was found");
  if (detectable > 0) {
    out += cat("; this test could have shown one of ", plain_number(detectable), " or more");
  }
  return out + "." + limits;
}

std::string study_text(const Json& summary) {
  constexpr std::array kHead{
      "arm", "AUROC", "95 % interval", "AUPRC", "sensitivity", "specificity", "balanced accuracy"};
  std::vector<std::vector<std::string>> rows{{kHead.begin(), kHead.end()}};
  for (const auto& arm : part_at(summary, "/comparison/arms")) {
    const Json& auroc = part_at(arm, "/metrics/auroc");
    const double low = number_at(auroc, "/ci/0"), high = number_at(auroc, "/ci/1");
    auto& row = rows.emplace_back();
    row = {text_at(arm, "/arm"),
           rate_text(number_at(auroc, "/value")),
           std::isfinite(low) && std::isfinite(high)
               ? cat("[", rate_text(low), ", ", rate_text(high), "]")
               : "-"};
    for (const char* metric : {"auprc", "sensitivity", "specificity", "balanced_accuracy"}) {
      row.push_back(rate_text(number_at(arm, cat("/metrics/", metric, "/value"))));
    }
  }
  const Json& columns = part_at(summary, "/data/folds/0/metadata_baseline");
  if (!columns.empty()) {
    rows.push_back({"table's columns alone",
                    rate_text(number_at(columns, "/auroc")),
                    cat("[",
                        rate_text(number_at(columns, "/ci/0")),
                        ", ",
                        rate_text(number_at(columns, "/ci/1")),
                        "]"),
                    "-",
                    "-",
                    "-",
                    "-"});
  }
  std::array<size_t, kHead.size()> widths{};
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
  const Json& difference = part_at(summary, "/comparison/differences/0");
  if (difference.value("primary", false)) {
    out += cat("\n",
               text_at(summary, "/contrast"),
               " (named beforehand): ",
               difference_with_interval(part_at(difference, "/metrics/auroc")),
               " AUROC\n");
  }
  return cat(out, "\n", answer_text(summary), "\n");
}

}  // namespace evenray
