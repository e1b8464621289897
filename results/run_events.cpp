// SPDX-License-Identifier: Apache-2.0
#include "results/run_events.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "core/error.hpp"
#include "core/json.hpp"
#include "core/text.hpp"

namespace evenray {
namespace {

namespace fs = std::filesystem;

constexpr const char* kEventsFile = "events.jsonl";

/// Returns what kind of line an event is, by the fields that run_training() adds (nn/trainee.cpp).
std::string kind_of(const Json& event) {
  if (event.contains("rate")) return "train/";
  return event.contains("diverged_at") ? "retry/" : "eval/";
}

LoggedEvent parse_event(const std::string& line, const std::string& place) {
  const Json event = Json::parse(line, nullptr, /*allow_exceptions=*/false);
  const bool whole =
      event.is_object() && event.contains("step") && event["step"].is_number_integer();
  const int64_t step = whole ? event["step"].get<int64_t>() : -1;
  check(step >= 0,
        Exit::bad_data,
        cat(place, ": damaged, or not an event of a training; remove this line"));
  LoggedEvent out;
  out.step = step;
  const std::string kind = kind_of(event);
  for (const auto& [field, value] : event.items()) {
    if (field == "step" || !(value.is_number() || value.is_null())) continue;
    out.values.emplace_back(field.starts_with("val_") ? "val/" + field.substr(4) : kind + field,
                            value.is_null() ? NAN : value.get<double>());
  }
  return out;
}

/// Returns the folders in and below `folder` that hold an events.jsonl, relative to it.
std::vector<Path> runs_below(const Path& folder) {
  std::vector<Path> runs;
  std::error_code error;
  for (fs::recursive_directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    if (entry->path().filename() == kEventsFile)
      runs.push_back(entry->path().parent_path().lexically_relative(folder));
  }
  if (error) throw_unreadable(folder, error.value());
  check(!runs.empty(),
        Exit::missing_input,
        cat(folder.string(),
            ": no ",
            kEventsFile,
            " in this folder or below it; give run folders of gan train or classify train, or a "
            "study folder"));
  std::sort(runs.begin(), runs.end());
  return runs;
}

Path name_of(const Path& folder) {
  const Path whole = fs::absolute(folder).lexically_normal();
  return whole.has_filename() ? whole.filename() : whole.parent_path().filename();
}

}  // namespace

std::vector<LoggedEvent> parse_run_events(const std::string& text, const Path& path) {
  std::vector<LoggedEvent> events;
  auto lines = split_text(text, '\n');
  lines.pop_back();
  for (size_t i = 0; i < lines.size(); ++i)
    events.push_back(parse_event(lines[i], cat(path.string(), ":", i + 1)));
  return events;
}

std::vector<LoggedRun> read_logged_runs(const std::vector<Path>& folders) {
  std::vector<LoggedRun> out;
  std::set<Path> taken;
  for (const Path& folder : folders) {
    const std::vector<Path> runs = runs_below(folder);
    Path prefix;
    if (folders.size() > 1 || runs[0] == ".") {
      prefix = name_of(folder);
      for (int n = 2; !taken.insert(prefix).second; ++n)
        prefix = cat(name_of(folder).string(), "-", n);
    }
    for (const Path& run : runs) {
      const Path path = folder / run / kEventsFile;
      out.push_back({run == "." ? prefix : prefix / run,
                     parse_run_events(read_file(path), path.lexically_normal())});
    }
  }
  return out;
}

}  // namespace evenray
