// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <set>

#include "core/csv.hpp"
#include "core/error.hpp"
#include "core/text.hpp"
#include "dataset/sample/sample.hpp"
#include "dataset/split.hpp"

namespace evenray {

namespace {

/// The record that belongs to a table.
Path record_path(const Path& table) { return companion(table, ".toml"); }

std::string table_line(const std::string& text) {
  return cat("# The table that belongs to it: SHA-256 ", sha256_hex(text), "\n");
}

}  // namespace

std::string split_settings(SplitRecord record) {
  struct Section {
    SplitRecord& record;
    void fields(Fields& f) {
      record.options.fields(f);
      f("published", record.published, "lists that were followed");
      f("external", record.external, "the source that is all test");
    }
  } section{record};
  return write_config([&](Fields& f) { f.section("split", section); });
}

void write_split(const Path& path, const std::vector<SplitRow>& rows, const SplitRecord* record) {
  const bool folds =
      std::any_of(rows.begin(), rows.end(), [](const auto& row) { return !row.fold.empty(); });
  std::vector<std::string> head{"id", "path", "group", "split"};
  if (folds) head.emplace_back("fold");
  head.emplace_back("fault");
  std::string text = csv_line(head);
  for (const auto& row : rows) {
    std::vector<std::string> line{row.id, row.path, row.group, row.split};
    if (folds) line.push_back(row.fold);
    line.push_back(row.fault);
    text += csv_line(line);
  }
  write_atomic(path, text);
  if (record) write_atomic(record_path(path), table_line(text) + split_settings(*record));
}

std::string read_split_settings(const Path& table) {
  const std::string origin = cat("[split]\ntable = \"", sha256_hex(read_file(table)), "\"\n");
  if (!std::filesystem::exists(record_path(table)))
    return origin + "made_by = \"unknown: there is no record beside the table\"\n";
  const std::string record = read_file(record_path(table)), line = table_line(read_file(table));
  if (!record.starts_with(line))
    return origin + "made_by = \"unknown: the table was changed after its record\"\n";
  return record.substr(line.size());
}

std::vector<SplitRow> read_split(const Path& path) {
  const CsvTable table = read_csv(path);
  const auto id = table.find("id"), file = table.find("path"), group = table.find("group");
  const auto split = table.find("split");
  check(
      id && split,
      Exit::bad_data,
      cat(path.string(),
          ": a split table needs the columns id and split (train, val or test); path, group, fold "
          "and fault are optional"));
  const auto fold = table.find("fold"), fault = table.find("fault");
  std::vector<SplitRow> rows;
  std::set<std::string> ids;
  for (size_t i = 0; i < table.rows.size(); ++i) {
    const auto& line = table.rows[i];
    const auto refuse = [&](const std::string& what) {
      throw Error(Exit::bad_data, cat(path.string(), " line ", table.lines[i], ": ", what));
    };
    const auto cell = [&](const std::optional<size_t>& column) {
      return column ? line[*column] : std::string();
    };
    SplitRow row{line[*id], cell(file), cell(group), line[*split], cell(fold), cell(fault)};
    row.fault_known = fault.has_value();
    if (!ids.insert(row.id).second) refuse(cat("id '", row.id, "' occurs twice"));
    if (std::find(kParts.begin(), kParts.end(), row.split) == kParts.end()) {
      refuse(cat("split is '", row.split, "'; it must be train, val or test"));
    }
    int64_t number = 0;
    if (!row.fold.empty() && (!parse_int(row.fold, number) || number < 0 || number > 1000)) {
      refuse(cat("fold is '", row.fold, "'; it must be a number from 0, or empty"));
    }
    rows.push_back(std::move(row));
  }
  check(!rows.empty(), Exit::bad_data, cat(path.string(), ": no rows"));
  return rows;
}

}  // namespace evenray
