// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "app/command.hpp"
#include "core/error.hpp"
#include "core/log.hpp"
#include "core/text.hpp"
#include "dataset/files/image_file.hpp"
#include "dataset/image/image.hpp"
#include "dataset/label_suspects.hpp"
#include "dataset/reader.hpp"
#include "dataset/split.hpp"
#include "study/study.hpp"

namespace evenray {
namespace {

struct AuditFlags {
  std::vector<std::string> paths;
  std::string html, split, scores, study, arm = "real", sheet;
};

std::string finding_line(const Finding& finding) {
  constexpr size_t kIds = 4;
  const auto& ids = finding.ids;
  const std::vector<std::string> shown(
      ids.begin(), ids.begin() + static_cast<int64_t>(std::min(kIds, ids.size())));
  return cat(finding.kind,
             ids.empty() ? "" : ": ",
             join(shown),
             ids.size() > kIds ? cat(" and ", ids.size() - kIds, " more") : "",
             finding.detail.empty() ? "" : ": " + finding.detail,
             "\n");
}

/// A report as text, with the first label suspects only: a weak classifier suspects many.
std::string audit_text(const std::vector<Finding>& findings, const Json& report) {
  std::string out = cat(report["images"].dump(),
                        " images, ",
                        findings.size(),
                        findings.size() == 1 ? " finding\n" : " findings\n",
                        report["patients"].get<std::string>(),
                        "\n");
  if (report.contains("labels")) out += report["labels"]["text"].get<std::string>() + "\n";
  for (const auto& [kind, count] : report["counts"].items())
    out += cat(
        "  ", kind, std::string(20 - std::min<size_t>(19, kind.size()), ' '), count.dump(), "\n");
  size_t suspects = 0;
  for (const auto& finding : findings)
    if (finding.kind != kLabelSuspect || ++suspects <= kShownSuspects) out += finding_line(finding);
  if (suspects > kShownSuspects)
    out += cat(kLabelSuspect,
               ": and ",
               suspects - kShownSuspects,
               " less suspect ones; --json lists all\n");
  return out;
}

std::optional<LabelReview> review_of(const Manifest& manifest, const AuditFlags& flags) {
  if (!flags.scores.empty()) return review_labels(manifest, read_label_scores(flags.scores));
  if (flags.study.empty()) return std::nullopt;
  std::optional<LabelScores> scores;
  from_flag([&] { scores = study_scores(flags.study, flags.arm); });
  return review_labels(manifest, *scores);
}

/// Returns the sheet of the suspects as PNG.
std::string suspects_png(const Manifest& manifest, const std::vector<Finding>& suspects) {
  return encode_png(draw_suspects(suspects, [&](const std::string& id) -> SheetItem {
    const auto sample = std::find_if(manifest.samples.begin(),
                                     manifest.samples.end(),
                                     [&](const Sample& one) { return one.id == id; });
    return {decode_sample(*sample).pixels, "", sample->boxes};
  }));
}

int audit_command(const Cli& cli, const AuditFlags& flags) {
  const bool scored = !flags.scores.empty() || !flags.study.empty();
  check(scored || flags.sheet.empty(), Exit::usage, "--sheet requires --scores or --study");
  const Config config = cli.load();
  const Manifest manifest = read_datasets(flags.paths, config.data.read);
  const auto review = review_of(manifest, flags);  // throws before the slow scan
  std::vector<SplitRow> rows;
  if (!flags.split.empty()) rows = read_split(flags.split);
  const int threads = config.runtime.thread_count();
  const auto facts = scan_images(manifest, threads);
  auto findings = audit(manifest,
                        facts,
                        group_pictures(manifest, facts, threads),
                        flags.split.empty() ? nullptr : &rows);
  std::string sheet;
  if (review) {
    findings.insert(findings.end(), review->suspects.begin(), review->suspects.end());
    sort_findings(findings);
    if (!review->suspects.empty() && !(flags.sheet.empty() && flags.html.empty()))
      sheet = suspects_png(manifest, review->suspects);
  }
  if (!flags.sheet.empty()) {
    if (sheet.empty())
      log_warning(cat("no label is suspect: ", flags.sheet, " is not written"));
    else
      write_atomic(flags.sheet, sheet);
  }
  if (!flags.html.empty()) write_atomic(flags.html, audit_html(manifest, findings, sheet));
  Json report = audit_json(manifest, findings);
  if (review) report["labels"] = review->json();
  print_result(cli, report, audit_text(findings, report));
  return 0;
}

}  // namespace

void add_audit_command(CLI::App& data, Cli& cli) {
  auto flags = std::make_shared<AuditFlags>();
  auto* audit_cli =
      add_command(&data,
                  cli,
                  "audit",
                  "report faults of a collection: truncated files, duplicates, leaks, shortcuts",
                  {.config = true, .threads = true, .json = true},
                  [&cli, flags] { return audit_command(cli, *flags); });
  audit_cli->add_option(
      "--split", flags->split, "split.csv; also check for leaks between its parts");
  auto* scores = audit_cli->add_option(
      "--scores",
      flags->scores,
      "predictions.csv of models that did not see the images; also find labels that may be wrong");
  auto* study = audit_cli->add_option(
      "--study", flags->study, "study folder with folds whose test predictions are such scores");
  study->excludes(scores);
  audit_cli->add_option("--arm", flags->arm, "arm of the study")
      ->needs(study)
      ->capture_default_str();
  audit_cli->add_option("--sheet",
                        flags->sheet,
                        cat("PNG file to write: the ", kShownSuspects, " most suspect images"));
  audit_cli->add_option("--html", flags->html, "write an HTML page");
  audit_cli->add_option("PATH", flags->paths, "folders, stores, .npz files or phantom:...")
      ->required();
}

}  // namespace evenray
