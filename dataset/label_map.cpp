// SPDX-License-Identifier: Apache-2.0
#include "dataset/label_map.hpp"

#include <algorithm>

#include "core/config.hpp"
#include "core/csv.hpp"
#include "core/error.hpp"
#include "core/text.hpp"

namespace evenray {
namespace {

constexpr int kDropped = -1;

/// The label of a class that `a` and `b` are merged into.
int8_t merged(int8_t a, int8_t b) {
  if (a == 1 || b == 1) return 1;
  return a == -1 || b == -1 ? -1 : 0;
}

bool is_exclusive(const std::vector<int8_t>& labels) {
  return std::count(labels.begin(), labels.end(), int8_t{1}) == 1 &&
         std::count(labels.begin(), labels.end(), int8_t{-1}) == 0;
}

}  // namespace

LabelMap::LabelMap(const Path& file) : file_(file) {
  const CsvTable table = read_csv(file);
  const size_t from = table.require("from"), to = table.require("to");
  for (size_t i = 0; i < table.rows.size(); ++i) {
    const auto& row = table.rows[i];
    check(to_.emplace(row[from], row[to]).second,
          Exit::bad_data,
          cat(file.string(), ":", table.lines[i], ": class '", row[from], "' is listed twice"));
    used_[row[from]] = row[from].empty();
    check(!row[from].empty() || !row[to].empty(),
          Exit::bad_data,
          cat(file.string(),
              ":",
              table.lines[i],
              ": `from` and `to` are both empty; name the class of images without a class"));
  }
}

void LabelMap::apply(Manifest& manifest) {
  std::vector<std::string> names;
  const auto index_of = [&](const std::string& name) {
    const auto found = std::find(names.begin(), names.end(), name);
    if (found != names.end()) return static_cast<int>(found - names.begin());
    names.push_back(name);
    return static_cast<int>(names.size()) - 1;
  };
  std::vector<int> becomes;
  for (const auto& name : manifest.class_names) {
    const auto found = to_.find(name);
    if (found != to_.end()) used_[name] = true;
    const std::string& now = found == to_.end() ? name : found->second;
    becomes.push_back(now.empty() ? kDropped : index_of(now));
  }
  const auto none = to_.find("");
  const int none_index = none == to_.end() ? kDropped : index_of(none->second);

  std::vector<Sample> kept;
  for (auto& sample : manifest.samples) {
    std::vector<int8_t> labels(names.size(), 0);
    bool dropped = false;
    for (size_t c = 0; c < becomes.size(); ++c) {
      if (becomes[c] == kDropped) {
        dropped |= sample.labels[c] == 1;
      } else {
        auto& label = labels[static_cast<size_t>(becomes[c])];
        label = merged(label, sample.labels[c]);
      }
    }
    const bool any = std::any_of(labels.begin(), labels.end(), [](int8_t l) { return l != 0; });
    if (!manifest.multi_label && dropped) continue;
    if (none_index != kDropped && !any && !dropped) labels[static_cast<size_t>(none_index)] = 1;
    sample.labels = std::move(labels);
    std::erase_if(sample.boxes, [&](const Box& box) {
      return becomes[static_cast<size_t>(box.label)] == kDropped;
    });
    for (auto& box : sample.boxes) box.label = becomes[static_cast<size_t>(box.label)];
    kept.push_back(std::move(sample));
  }
  check(!kept.empty(),
        Exit::bad_data,
        cat(manifest.source, ": the label map ", file_.string(), " drops all of its images"));
  manifest.samples = std::move(kept);
  manifest.class_names = std::move(names);
  manifest.training_rows.clear();
  manifest.multi_label = !std::all_of(manifest.samples.begin(),
                                      manifest.samples.end(),
                                      [](const Sample& s) { return is_exclusive(s.labels); });
}

void LabelMap::check_all_used() const {
  for (const auto& [name, used] : used_)
    check(used, Exit::bad_data, cat(file_.string(), ": class '", name, "' is not in the data"));
}

std::string label_map_settings(const std::string& file) {
  if (file.empty()) return "";
  const CsvTable table = read_csv(file);
  std::vector<std::string> from, to;
  for (const auto& row : table.rows) {
    from.push_back(row[table.require("from")]);
    to.push_back(row[table.require("to")]);
  }
  const auto lists = [&](Fields& f) {
    f("labels.from", from, "");
    f("labels.to", to, "");
  };
  return write_config(lists) + "\n";
}

}  // namespace evenray
