// SPDX-License-Identifier: Apache-2.0
// A folder of studies and runs: what they found, how far they are, and their reports.
#include <algorithm>
#include <fstream>
#include <tuple>

#include "core/error.hpp"
#include "core/number.hpp"
#include "core/text.hpp"
#include "metrics/text.hpp"
#include "results/study_result.hpp"
#include "serve/site.hpp"

namespace evenray {
namespace {

constexpr uintmax_t kLargestReport = 64 << 20;

enum class Kind { study, run };

bool has_file(const Path& folder, const char* name) {
  std::error_code unreadable;  // such as a folder of another user
  return std::filesystem::exists(folder / name, unreadable);
}

/// The end of a file that may be long; empty if it cannot be read.
std::string end_of_file(const Path& path) {
  constexpr std::streamoff kMost = 4096;
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file) return "";
  file.seekg(std::max<std::streamoff>(0, file.tellg() - kMost));
  return {std::istreambuf_iterator<char>(file), {}};
}

/// The studies and runs in the folder, the newest first.
std::vector<std::pair<Path, Kind>> folders_in(const Path& root) {
  using Time = std::filesystem::file_time_type;
  std::vector<std::tuple<Time, Path, Kind>> found;
  for (const auto& entry : std::filesystem::directory_iterator(root)) {
    const Path& folder = entry.path();
    const bool study = has_file(folder, "plan.json");
    if (!study && !(has_file(folder, "config.toml") && has_file(folder, "events.jsonl"))) continue;
    std::error_code unknown;  // the folder may be deleted meanwhile
    const Time changed = std::filesystem::last_write_time(folder, unknown);
    found.emplace_back(unknown ? Time::min() : changed, folder, study ? Kind::study : Kind::run);
  }
  std::sort(found.rbegin(), found.rend());
  std::vector<std::pair<Path, Kind>> out;
  for (auto& [changed, folder, kind] : found) out.emplace_back(std::move(folder), kind);
  return out;
}

/// The folder of a request's address. Only names that are listed are accepted.
std::pair<Path, Kind> folder_at(const SiteVisit& visit) {
  const auto& root = visit.site.options.studies;
  check(!root.empty(), Exit::missing_input, visit.visitor.word("error.missing"));
  const auto all = folders_in(root);
  const auto found = std::find_if(all.begin(), all.end(), [&](const auto& one) {
    return one.first.filename().string() == visit.parts.at(0);
  });
  check(found != all.end(), Exit::missing_input, visit.visitor.word("error.missing"));
  return *found;
}

/// How far a study or a run is, as a line or several.
std::string progress_of(const SiteVisit& visit, const Path& folder, Kind kind) {
  if (kind == Kind::study) return visit.site.options.study_progress(folder);
  if (has_file(folder, "DONE")) return visit.visitor.word("state.done");
  std::string log = end_of_file(folder / "log.txt");
  while (!log.empty() && log.back() == '\n') log.pop_back();
  return log.substr(log.find_last_of('\n') + 1);
}

std::string estimate_text(const Estimate& estimate) {
  return cat(
      decimal_text(estimate.value, 3),
      estimate.has_interval()
          ? cat(" (", decimal_text(estimate.low, 3), ", ", decimal_text(estimate.high, 3), ")")
          : "");
}

/// The arms of a study with their figures; nullopt before there are any.
std::optional<StudyResult> result_of_study(const Path& folder) {
  if (!has_file(folder, "summary.json")) return std::nullopt;
  StudyResult out = parse_study_result(read_json(folder / "summary.json"));
  return out.comparison.arms.empty() ? std::nullopt : std::optional(out);
}

/// The contrast named beforehand, as a text.
std::string answer_of(const Path& folder) {
  const auto result = result_of_study(folder);
  if (!result || !result->primary()) return "";
  const PairResult& pair = *result->primary();
  return cat(pair.first,
             " - ",
             pair.second,
             ": ",
             estimate_text(pair.metrics.at(0)),
             " ",
             result->comparison.lead());
}

HttpResponse list_studies(SiteVisit& visit) {
  const Visitor& visitor = visit.visitor;
  const Path& root = visit.site.options.studies;
  check(!root.empty(), Exit::missing_input, visitor.word("error.missing"));
  std::vector<std::vector<Html>> rows;
  for (const auto& [folder, kind] : folders_in(root)) {
    const std::string name = folder.filename().string();
    std::string answer, state;
    try {
      answer = kind == Kind::study ? answer_of(folder) : "";
      state = split_text(progress_of(visit, folder, kind), '\n').at(0);
    } catch (const std::exception& error) {
      state = error.what();
    }
    const bool reported = has_file(folder, "report.html");
    rows.push_back({link_to("/studies/" + encode_url(name), name),
                    Html::text(visitor.word(kind == Kind::study ? "studies.study" : "studies.run")),
                    Html::text(state),
                    Html::text(answer),
                    reported ? link_to(cat("/studies/", encode_url(name), "/report.html"),
                                       visitor.word("exam.report"))
                             : Html()});
  }
  const Html body = rows.empty() ? element("p", {}, visitor.word("studies.none"))
                                 : table_of(visitor.word("nav.studies"),
                                            {visitor.word("patient.name"),
                                             visitor.word("studies.kind"),
                                             visitor.word("history.state"),
                                             visitor.word("studies.answer"),
                                             visitor.word("exam.report")},
                                            rows);
  return html_page(visit, visitor.word("nav.studies"), body);
}

Html arms_table(const Visitor& visitor, const StudyResult& result) {
  std::vector<std::string> head{visitor.word("studies.arm")};
  for (const auto& metric : result.comparison.metrics) head.push_back(metric_title(metric));
  std::vector<std::vector<Html>> rows;
  for (const ArmResult& arm : result.comparison.arms) {
    std::vector<Html> row{Html::text(arm.arm)};
    for (const Estimate& estimate : arm.metrics) row.push_back(Html::text(estimate_text(estimate)));
    rows.push_back(std::move(row));
  }
  return table_of(visitor.word("studies.arms"), head, rows);
}

HttpResponse show_study(SiteVisit& visit) {
  const Visitor& visitor = visit.visitor;
  const auto [folder, kind] = folder_at(visit);
  const std::string own = "/studies/" + encode_url(visit.parts[0]);
  Html body =
      element("pre",
              {{"class", "progress"}, {"data-live", own + "/progress.json"}, {"role", "status"}},
              progress_of(visit, folder, kind));
  if (kind == Kind::study)
    if (const auto result = result_of_study(folder)) body += arms_table(visitor, *result);
  if (has_file(folder, "report.html"))
    body += element("p", {}, link_to(own + "/report.html", visitor.word("exam.report")));
  return html_page(visit, visit.parts[0], body);
}

HttpResponse study_progress(SiteVisit& visit) {
  const auto [folder, kind] = folder_at(visit);
  return json_reply({{"text", progress_of(visit, folder, kind)}});
}

/// A report is one file with its styles in it; it may load nothing and has no script.
HttpResponse study_report(SiteVisit& visit) {
  const auto [folder, kind] = folder_at(visit);
  HttpResponse out{
      200, read_file(folder / "report.html", kLargestReport), "text/html; charset=utf-8", {}};
  out.headers.emplace_back("Content-Security-Policy",
                           "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox");
  return out;
}

}  // namespace

std::vector<Route> study_routes() {
  using Who = Route::Who;
  return {{"GET", "/studies", Role::viewer, Who::people, &list_studies},
          {"GET", "/studies/*", Role::viewer, Who::people, &show_study},
          {"GET", "/studies/*/progress.json", Role::viewer, Who::people, &study_progress},
          {"GET", "/studies/*/report.html", Role::viewer, Who::people, &study_report}};
}

}  // namespace evenray
