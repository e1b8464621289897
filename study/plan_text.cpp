// SPDX-License-Identifier: Apache-2.0
// The plan of a study as text on one screen. The total time comes first.
#include <algorithm>

#include "augment/written_policy.hpp"
#include "core/number.hpp"
#include "core/text.hpp"
#include "nn/step_time.hpp"
#include "study/report_value.hpp"
#include "study/study.hpp"

namespace evenray {
namespace {

constexpr size_t kLabelWidth = 13, kTextWidth = 88;

/// Breaks a text into lines between words.
std::vector<std::string> wrapped(const std::string& text) {
  std::vector<std::string> lines{""};
  for (const auto& word : split_text(text, ' ')) {
    if (!lines.back().empty() && lines.back().size() + 1 + word.size() > kTextWidth)
      lines.emplace_back();
    lines.back() += (lines.back().empty() ? "" : " ") + word;
  }
  return lines;
}

/// One entry: a label and its lines.
std::string entry(const std::string& label, const std::vector<std::string>& lines) {
  std::string out;
  for (size_t i = 0; i < lines.size(); ++i)
    out += (i == 0 ? label + std::string(kLabelWidth - label.size(), ' ')
                   : std::string(kLabelWidth, ' ')) +
           lines[i] + "\n";
  return out;
}
std::string entry(const std::string& label, const std::string& text) {
  return entry(label, wrapped(text));
}

std::string time_entry(const Json& plan) {
  const Json& estimate = plan["estimate_s"];
  const StepTime total{estimate["total"], estimate["range"][0], estimate["range"][1]};
  std::vector<std::string> lines{
      cat("about ", total.text(), ", and data preparation and evaluations"),
      cat(plan["generators"].empty()
              ? ""
              : cat(duration_text(estimate["generator"]), " per generator, "),
          duration_text(estimate["cell"]),
          " per cell",
          estimate["search"] > 0 ? cat(", ",
                                       duration_text(estimate["search"]),
                                       " per search (one for each arm and fold)")
                                 : "",
          "; precision ",
          plan["precision"].get<std::string>(),
          plan.contains("precision_reason")
              ? cat(" (", plan["precision_reason"].get<std::string>(), ")")
              : "")};
  if (estimate.contains("busy"))
    for (const auto& line : wrapped(estimate["busy"])) lines.push_back(line);
  return entry("time", lines);
}

std::string cells_line(const Json& plan) {
  return cat(plan["cells"].size(),
             " cells, ",
             plan["generators"].size(),
             " generators of ",
             plan["kimg"].dump(),
             " kimg",
             plan.contains("parent_kimg")
                 ? cat(" (their parents ", plan["parent_kimg"].dump(), " kimg)")
                 : "",
             " at ",
             plan.contains("generator_size_px")
                 ? cat(plan["generator_size_px"].dump(), " px, all else at ")
                 : "",
             plan["size_px"].dump(),
             " px, ",
             plan["steps"].dump(),
             plan["task"] == "detect" ? " detector" : " classifier",
             " steps per cell");
}

/// The images of each class and part, in the first fold.
std::vector<std::string> image_lines(const Json& data) {
  const Json& fold = data["folds"][0];
  std::vector<std::vector<std::string>> rows{{"class", "train", "val", "test"}};
  for (const auto& name : data["class_names"]) {
    std::vector<std::string> row{name.get<std::string>()};
    for (const char* part : {"train", "val", "test"})
      row.push_back(fold["counts"][part].value(name.get<std::string>(), Json(0)).dump());
    rows.push_back(row);
  }
  std::vector<size_t> widths(rows[0].size());
  for (const auto& row : rows)
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  std::vector<std::string> lines;
  for (const auto& row : rows) {
    std::string line = row[0] + std::string(widths[0] - row[0].size(), ' ');
    for (size_t i = 1; i < row.size(); ++i)
      line += std::string(widths[i] - row[i].size() + 2, ' ') + row[i];
    lines.push_back(line);
  }
  if (data["folds"].size() > 1) lines.push_back(cat("(fold 0 of ", data["folds"].size(), ")"));
  lines.push_back("groups: " + data["grouping"].get<std::string>());
  return lines;
}

std::vector<std::string> generator_lines(const Json& generators) {
  std::vector<std::string> lines;
  for (const auto& one : generators)
    lines.push_back(cat(one["class"].get<std::string>(),
                        ": ",
                        one["images"].dump(),
                        " training images; fewer than ",
                        one["needed"].dump(),
                        " require gan.allow_few"));
  return lines;
}

std::string show_line(const Json& preflight, const std::string& rare, bool detects) {
  const Json& groups = preflight["test_groups"];
  const std::string of = cat(groups["rare"].dump(),
                             " test groups with ",
                             rare,
                             ", ",
                             groups["other"].dump(),
                             " with other images");
  const Json& shows = preflight["can_show"];
  if (detects) return of;
  if (shows.is_null()) return of + ": no AUROC can be measured";
  return cat(of,
             ": an AUROC of ",
             rate_text(shows["auroc"]),
             " +- ",
             plain_number(rounded_up(shows["half_width"])),
             ", differences between arms from about ",
             plain_number(rounded_up(shows["difference"])),
             " on");
}

std::string preflight_text(const Json& plan) {
  const Json& preflight = plan["preflight"];
  std::string out = entry("images", image_lines(plan["data"]));
  out += entry("generators", generator_lines(preflight["generators"]));
  if (preflight["policy"].is_string()) {
    const std::string policy = preflight["policy"];
    out += entry("policy",
                 cat("the arms with AutoAugment use ",
                     policy,
                     find_policy(policy).sampling == Sampling::radiograph || written_policy(policy)
                         ? ""
                         : ", made for photographs; for radiographs there are also xray and "
                           "xray-noflip (study.policy)"));
  }
  if (preflight["median_box_side_px"].is_number()) {
    const double side = preflight["median_box_side_px"];
    out += entry("findings",
                 cat("median side of a marked finding at this size: ",
                     plain_number(side),
                     " px",
                     side < kLeastBoxPx ? cat(", below ", kLeastBoxPx) : ""));
  }
  return out +
         entry("can show", show_line(preflight, plan["rare_class"], plan["task"] == "detect"));
}

}  // namespace

std::string plan_text(const Json& plan, bool cells) {
  std::string out;
  if (plan.contains("estimate_s")) out += time_entry(plan);
  if (plan.contains("disk"))
    out += entry("disk",
                 cat("about ",
                     bytes_text(plan["disk"]["needed_bytes"]),
                     ", ",
                     bytes_text(plan["disk"]["free_bytes"]),
                     " free"));
  out += entry("study", cells_line(plan));
  Json warnings = Json::array();
  if (plan.contains("preflight")) {
    out += preflight_text(plan);
    warnings = plan["preflight"]["warnings"];
  } else {
    out += entry("images", "unknown: give --data PATH, or set data.path");
  }
  if (plan.contains("limits"))
    for (const auto& limit : plan["limits"]) warnings.push_back(limit);
  for (const auto& warning : warnings) out += entry("warning", warning["text"].get<std::string>());
  if (!warnings.empty()) out += entry("change first", warnings[0]["change"].get<std::string>());
  if (cells)
    for (const auto& cell : plan["cells"]) out += "  " + cell["id"].get<std::string>() + "\n";
  return out;
}

}  // namespace evenray
