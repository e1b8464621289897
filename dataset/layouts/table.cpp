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

constexpr const char *kEdges = "edges", *kSizes = "sizes";

/// The indices of the configured columns in one table.
struct ColumnIndices {
  size_t path = 0;
  std::optional<size_t> label, patient, split;
  std::vector<size_t> labels, box, meta;
  bool sizes = false;  ///< `box` is left, upper edge, width, height
};

/// Whether the third and fourth box column are named like a width and a height.
bool are_sizes(const std::vector<std::string>& box) {
  const auto named = [](const std::string& column, const std::string& word) {
    const std::string name = lower(column), initial = word.substr(0, 1);
    return name.find(word) != std::string::npos || name == initial || name.ends_with("_" + initial);
  };
  return box.size() == 4 && named(box[2], "width") && named(box[3], "height");
}

std::vector<Path> tables(const std::string& path, const TableColumns& columns) {
  std::vector<Path> out;
  std::vector<std::string> endings = {".csv", ".tsv"};
  if (!columns.table.empty()) endings = {lower(Path(columns.table).extension().string())};
  for (const auto& file : files_with_extension(path, endings))
    if (columns.table.empty() || file.filename() == columns.table) out.push_back(file);
  return out;
}

ColumnIndices find_columns(const CsvTable& table, const TableColumns& columns) {
  const auto named = [&](const std::string& name) {
    return name.empty() ? std::nullopt : std::optional(table.require(name));
  };
  ColumnIndices out{
      table.require(columns.path),
      named(columns.label),
      named(columns.patient),
      named(columns.split),
      {},
      {},
      {},
      columns.box_form == "auto" ? are_sizes(columns.box) : columns.box_form == kSizes};
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
std::optional<Box> box_of_row(const CsvTable& table, size_t row, const ColumnIndices& indices) {
  const auto& columns = indices.box;
  const auto empty = std::count_if(columns.begin(), columns.end(), [&](size_t column) {
    return trim(table.rows[row][column]).empty();
  });
  if (empty == static_cast<std::ptrdiff_t>(columns.size())) return std::nullopt;
  return box_in_row(table, row, {columns[0], columns[1], columns[2], columns[3]}, indices.sizes);
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

/// Returns the class of a row's box: its label if it has one, else its only label column that says
/// yes.
std::string class_of_box(const CsvTable& table,
                         const std::vector<std::string>& row,
                         const ColumnIndices& indices) {
  if (indices.label && !trim(row[*indices.label]).empty()) return trim(row[*indices.label]);
  std::vector<std::string> names;
  for (const size_t c : indices.labels)
    if (label_in_cell(row[c]) == 1) names.push_back(table.columns[c]);
  check(!names.empty(), Exit::bad_data, "the box has no label");
  check(names.size() == 1, Exit::bad_data, "the box has several labels: " + join(names));
  return names[0];
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

/// Combines rows into images: an image may have several rows, such as one per box or label.
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
  /// What the rows of an image say so far.
  struct Seen {
    size_t image;                       ///< its index in the listing
    std::map<std::string, int> labels;  ///< by label column
  };

  void add_row(const CsvTable& table,
               const ColumnIndices& indices,
               size_t number,
               const std::string& where) {
    const auto& row = table.rows[number];
    const auto [at, is_new] = seen_.emplace(row[indices.path], Seen{listing_.images.size(), {}});
    if (is_new) {
      listing_.images.push_back({row[indices.path], where});
      ListedImage& image = listing_.images.back();
      if (indices.patient) image.patient = row[*indices.patient];
      for (const size_t c : indices.meta) image.meta.push_back(row[c]);
      image.boxes_known = !indices.box.empty();
    }
    ListedImage& image = listing_.images[at->second.image];
    check(!indices.patient || image.patient == row[*indices.patient],
          Exit::bad_data,
          cat(where,
              ": ",
              image.file,
              " has another patient than in its first row (",
              image.listed,
              ")"));
    if (indices.split) add_part(part_of_row(row[*indices.split], where), image);
    for (const size_t c : indices.labels)
      add_label(table.columns[c], row[c], where, at->second, image);
    const std::string label = indices.label ? trim(row[*indices.label]) : "";
    bool has_box = false;
    read_annotation(image, where, [&] {
      const auto box = box_of_row(table, number, indices);
      if (!box) return;
      image.boxes.push_back({class_of_box(table, row, indices), *box});
      has_box = true;
    });
    if (label.empty() || has_box) return;
    for (const auto& name : split_text(label, '|'))
      if (std::count(image.classes.begin(), image.classes.end(), trim(name)) == 0)
        image.classes.push_back(trim(name));
  }

  static void add_part(const std::string& part, ListedImage& image) {
    if (image.part.empty())
      image.part = part;
    else if (!part.empty() && part != image.part)
      image.other_part = part;
  }

  /// Adds the cell of a label column. Rows that contradict one another make the class unknown.
  static void add_label(const std::string& column,
                        const std::string& cell,
                        const std::string& where,
                        Seen& seen,
                        ListedImage& image) {
    int label = -1;
    read_annotation(image, where, [&] {
      const auto found = label_in_cell(cell);
      check(found.has_value(),
            Exit::bad_data,
            cat(column,
                " is '",
                trim(cell),
                "'; it must be 1, yes, true, +, 0, no, false, -, or -1 or empty (unknown)"));
      label = *found;
    });
    const auto [at, is_new] = seen.labels.emplace(column, label);
    if (!is_new && at->second == label) return;
    if (!is_new) {
      image.remarks.emplace_back(
          "label_conflict",
          cat(where, ": ", column, " is '", trim(cell), "', unlike in ", image.listed));
      if (at->second == 1) std::erase(image.classes, column);
      if (at->second == -1) return;
      label = at->second = -1;
    }
    if (label == -1) image.unknown.push_back(column);
    if (label == 1) image.classes.push_back(column);
  }

  Listing listing_{"table", {}, {}, {}, {}};
  std::map<std::string, Seen> seen_;
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
  f("box",
    box,
    "its columns with a box's left, upper, right and lower edge in pixels, or its left and upper "
    "edge, width and height");
  f("box_form",
    box_form,
    "whether the last two of them are edges or sizes; auto: sizes if they are named width and "
    "height, or w and h");
}

void TableColumns::check() const {
  evenray::check(box.empty() || box.size() == 4,
                 Exit::config,
                 "data.columns.box must name four columns: left, upper, right and lower edge, or "
                 "left and upper edge, width and height");
  const std::vector<std::string> forms{"auto", kEdges, kSizes};
  evenray::check(std::count(forms.begin(), forms.end(), box_form) > 0,
                 Exit::config,
                 "data.columns.box_form: " + unknown_name("form", box_form, forms));
  evenray::check(!box.empty() || box_form == "auto",
                 Exit::config,
                 "data.columns.box_form has no effect without data.columns.box; remove it");
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
