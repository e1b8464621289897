// SPDX-License-Identifier: Apache-2.0
#include "dataset/layouts/table.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <optional>

#include "core/csv.hpp"
#include "core/error.hpp"
#include "core/text.hpp"
#include "dataset/files/image_folder.hpp"
#include "dataset/layouts/listing.hpp"

namespace evenray {
namespace {

/// The indices of the configured columns in one table.
struct ColumnIndices {
  size_t path = 0;
  std::optional<size_t> label, patient, split;
  std::vector<size_t> labels, box, meta;
};

std::vector<Path> tables(const std::string& path, const TableColumns& columns) {
  std::vector<Path> out;
  for (const auto& file : files_with_extension(path, {".csv"}))
    if (columns.table.empty() || file.filename() == columns.table) out.push_back(file);
  return out;
}

ColumnIndices find_columns(const CsvTable& table, const TableColumns& columns) {
  const auto named = [&](const std::string& name) {
    return name.empty() ? std::nullopt : std::optional(table.require(name));
  };
  ColumnIndices out{table.require(columns.path),
                    named(columns.label),
                    named(columns.patient),
                    named(columns.split),
                    {},
                    {},
                    {}};
  for (const auto& name : columns.labels) out.labels.push_back(table.require(name));
  for (const auto& name : columns.box) out.box.push_back(table.require(name));
  for (size_t c = 0; c < table.columns.size(); ++c) {
    const auto is = [&](const std::vector<size_t>& some) {
      return std::count(some.begin(), some.end(), c) > 0;
    };
    if (c != out.path && c != out.label && c != out.patient && c != out.split && !is(out.labels) &&
        !is(out.box))
      out.meta.push_back(c);
  }
  return out;
}

/// nullopt if all four cells are empty.
std::optional<Box> box_of_row(const CsvTable& table,
                              size_t row,
                              const std::vector<size_t>& columns) {
  const auto empty = std::count_if(columns.begin(), columns.end(), [&](size_t column) {
    return trim(table.rows[row][column]).empty();
  });
  if (empty == static_cast<std::ptrdiff_t>(columns.size())) return std::nullopt;
  return box_in_row(table, row, {columns[0], columns[1], columns[2], columns[3]});
}

/// Returns 1 (yes), 0 (no) or -1 (unknown); nullopt for another text.
std::optional<int> label_in_cell(const std::string& cell) {
  const std::string text = lower(trim(cell));
  double value = 0;
  if (text.empty()) return -1;
  if (text == "yes" || text == "y" || text == "true" || text == "+") return 1;
  if (text == "no" || text == "n" || text == "false" || text == "-") return 0;
  const bool number = parse_double(text, value) && (value == 0 || value == 1 || value == -1);
  return number ? std::optional(static_cast<int>(value)) : std::nullopt;
}

void add_row_labels(const CsvTable& table,
                    const std::vector<std::string>& row,
                    const ColumnIndices& indices,
                    ListedImage& into) {
  for (const size_t c : indices.labels) {
    const auto label = label_in_cell(row[c]);
    check(label.has_value(),
          Exit::bad_data,
          cat(into.listed,
              ": ",
              table.columns[c],
              " is '",
              trim(row[c]),
              "'; it must be 1, yes, true, +, 0, no, false, -, or -1 or empty (unknown)"));
    if (*label == -1) into.unknown.push_back(table.columns[c]);
    if (*label == 1) into.classes.push_back(table.columns[c]);
  }
}

std::string part_of_row(const std::string& text, const std::string& where) {
  std::string part = part_in_name(text);
  check(!part.empty() || trim(text).empty(),
        Exit::bad_data,
        cat(where,
            ": the part is '",
            text,
            "'; it must be train, val (valid, validation), test, or empty"));
  return part;
}

/// Combines rows into images: with box columns, an image has one row per box.
class Rows {
 public:
  void add(const CsvTable& table, const TableColumns& columns) {
    const ColumnIndices indices = find_columns(table, columns);
    std::vector<std::string> meta;
    for (const size_t c : indices.meta) meta.push_back(table.columns[c]);
    check(
        listing_.meta_columns.empty() || listing_.meta_columns == meta,
        Exit::bad_data,
        cat(table.path.string(), ": its columns differ from those of the other tables beside it"));
    listing_.meta_columns = meta;
    for (size_t i = 0; i < table.rows.size(); ++i)
      add_row(table, indices, i, cat(table.path.filename().string(), ":", table.lines[i]));
  }
  Listing& listing() { return listing_; }

 private:
  void add_row(const CsvTable& table,
               const ColumnIndices& indices,
               size_t number,
               const std::string& where) {
    const auto& row = table.rows[number];
    const auto [at, is_new] = numbers_.emplace(row[indices.path], listing_.images.size());
    if (is_new) {
      listing_.images.push_back({row[indices.path], where});
      ListedImage& image = listing_.images.back();
      if (indices.patient) image.patient = row[*indices.patient];
      if (indices.split) image.part = part_of_row(row[*indices.split], where);
      for (const size_t c : indices.meta) image.meta.push_back(row[c]);
      image.boxes_known = !indices.box.empty();
      add_row_labels(table, row, indices, image);
    }
    ListedImage& image = listing_.images[at->second];
    check(is_new || !indices.box.empty(),
          Exit::bad_data,
          cat(where, ": ", image.file, " is listed twice (", image.listed, ")"));
    const auto box = box_of_row(table, number, indices.box);
    const std::string label = indices.label ? trim(row[*indices.label]) : "";
    if (box) {
      check(!label.empty(), Exit::bad_data, where + ": the box has no label");
      image.boxes.push_back({label, *box});
    } else if (!label.empty()) {
      for (const auto& name : split_text(label, '|')) image.classes.push_back(trim(name));
    }
  }

  Listing listing_{"table", {}, {}, {}, {}};
  std::map<std::string, size_t> numbers_;
};

}  // namespace

void TableColumns::fields(Fields& f) {
  f("table", table, "file name of your own table; empty: every .csv file beside the images");
  f("path", path, "its column with the images' paths or names; empty: there is no such table");
  f("label", label, "its column with the class, or several classes separated by |");
  f("labels",
    labels,
    "or its columns of 1 or yes, 0 or no, and -1 or empty (unknown), one per class");
  f("patient", patient, "its column with the patient");
  f("split", split, "its column with train, val or test");
  f("box", box, "its columns with a box's left, upper, right and lower edge in pixels");
}

bool is_table_layout(const std::string& path, const TableColumns& columns) {
  return !columns.path.empty() && std::filesystem::is_directory(path) &&
         !tables(path, columns).empty();
}

Manifest read_table(const std::string& path, const TableColumns& columns) {
  check(
      !columns.path.empty() && (!columns.label.empty() || !columns.labels.empty()),
      Exit::config,
      "format table: set data.columns.path and data.columns.label (or data.columns.labels) to the "
      "names of its columns");
  const auto files = tables(path, columns);
  check(!files.empty(),
        Exit::bad_data,
        cat(path, ": contains no table ", columns.table.empty() ? "(.csv)" : columns.table));
  Rows rows;
  rows.listing().class_names = columns.labels;
  for (const auto& file : files) rows.add(read_csv(file), columns);
  return match_listing(path, std::move(rows.listing()));
}

}  // namespace evenray
