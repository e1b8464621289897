// SPDX-License-Identifier: Apache-2.0
#include "core/csv.hpp"

#include <csv.h>

#include <algorithm>
#include <fstream>

#include "core/error.hpp"
#include "core/text.hpp"

namespace evenray {
namespace {

/// Much of what is done with a table grows with the square of its columns.
constexpr size_t kMostColumns = 10'000;
constexpr size_t kLongestRow = size_t{16} << 20;

/// State of the parser callbacks.
struct Reading {
  CsvTable table;
  std::vector<std::string> row;
  size_t line = 0;
  std::string fault;
  bool decimal_commas = false;
};

/// Replaces the comma of a number such as 12,5 by a point; leaves other text unchanged.
void replace_decimal_comma(std::string& field) {
  const size_t comma = field.find(','), first = field.starts_with("-") ? 1 : 0;
  if (comma == std::string::npos || comma == first || comma + 1 == field.size()) return;
  for (size_t i = first; i < field.size(); ++i)
    if (i != comma && (field[i] < '0' || field[i] > '9')) return;
  field[comma] = '.';
}

/// Whether csv_line() puts a mark before a cell: a spreadsheet would take it for a formula, or it
/// is such a cell with marks.
bool is_marked(std::string_view cell) {
  cell.remove_prefix(std::min(cell.find_first_not_of('\''), cell.size()));
  if (cell.size() < 2 || std::string_view("=+-@\t\r").find(cell[0]) == std::string_view::npos)
    return false;
  double number = 0;
  return !parse_double(cell, number) && !(cell[0] == '+' && parse_double(cell.substr(1), number));
}

void on_field(void* field, size_t size, void* reading) {
  auto& [table, row, line, fault, decimal_commas] = *static_cast<Reading*>(reading);
  if (row.size() == kMostColumns && fault.empty())
    fault = cat("line ", line, " has more than ", kMostColumns, " fields");
  if (!fault.empty()) return;
  std::string_view cell(static_cast<const char*>(field), size);
  if (cell.starts_with('\'') && is_marked(cell)) cell.remove_prefix(1);
  row.emplace_back(cell);
  if (decimal_commas) replace_decimal_comma(row.back());
}

void on_row(int, void* data) {
  auto& reading = *static_cast<Reading*>(data);
  auto row = std::move(reading.row);
  reading.row.clear();
  auto& table = reading.table;
  if (table.columns.empty()) {
    table.columns = std::move(row);
  } else if (row.size() == table.columns.size()) {
    table.rows.push_back(std::move(row));
    table.lines.push_back(reading.line);
  } else if (reading.fault.empty()) {
    reading.fault = cat("line ",
                        reading.line,
                        " has ",
                        row.size(),
                        " fields, but the header has ",
                        table.columns.size());
  }
}

/// Spreadsheets separate fields by semicolons in locales with a decimal comma.
char delimiter_of(std::string_view bytes) {
  const std::string_view header = bytes.substr(0, bytes.find('\n'));
  for (const char delimiter : {'\t', ',', ';'})
    if (header.find(delimiter) != std::string_view::npos) return delimiter;
  return ',';
}

}  // namespace

std::optional<size_t> CsvTable::find(std::string_view column) const {
  const auto found = std::find(columns.begin(), columns.end(), column);
  if (found == columns.end()) return std::nullopt;
  return static_cast<size_t>(found - columns.begin());
}

size_t CsvTable::require(std::string_view column) const {
  if (const auto found = find(column)) return *found;
  throw Error(Exit::bad_data,
              cat(path.string(), ": missing column '", column, "' (columns: ", join(columns), ")"));
}

CsvTable read_csv(const Path& path) {
  const std::string bytes = read_text(path, uint64_t{1} << 30);
  Reading reading;
  csv_parser parser;
  csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI);
  csv_set_delim(&parser, static_cast<unsigned char>(delimiter_of(bytes)));
  reading.decimal_commas = csv_get_delim(&parser) == ';';
  bool whole = true;
  size_t row_start = 0, rows_before = 0;
  // The parser gets one line at a time to keep the line number: it skips blank lines and reads
  // newlines in quotes as text, so its own row count would be wrong.
  for (size_t start = 0; whole && reading.fault.empty() && start < bytes.size();) {
    const size_t end = std::min(bytes.find('\n', start), bytes.size() - 1) + 1;
    ++reading.line;
    if (reading.table.lines.size() != rows_before) row_start = start;
    rows_before = reading.table.lines.size();
    if (end - row_start > kLongestRow) {
      reading.fault =
          cat("line ", reading.line, " ends a row of more than ", kLongestRow >> 20, " MiB");
      break;
    }
    if (!is_plain_utf8(std::string_view(bytes).substr(start, end - start))) {
      reading.fault = cat("line ", reading.line, " is not UTF-8 text");
      break;
    }
    whole = csv_parse(&parser, bytes.data() + start, end - start, on_field, on_row, &reading) ==
            end - start;
    start = end;
  }
  whole = whole && csv_fini(&parser, on_field, on_row, &reading) == 0;
  csv_free(&parser);
  if (!whole && reading.fault.empty())
    reading.fault =
        cat("line ", reading.line, " or a line before it has an unmatched or misplaced quote");
  if (reading.fault.empty() && reading.table.columns.empty())
    reading.fault = "the header line is missing";
  check(reading.fault.empty(), Exit::bad_data, cat(path.string(), ": ", reading.fault));
  reading.table.path = path;
  return std::move(reading.table);
}

std::string csv_header(const Path& path) {
  std::string head(4096, '\0');
  std::ifstream in(path, std::ios::binary);
  in.read(head.data(), static_cast<std::streamsize>(head.size()));
  head.resize(static_cast<size_t>(in.gcount()));
  return head.substr(0, head.find('\n'));
}

std::string csv_line(const std::vector<std::string>& fields) {
  std::string line;
  for (size_t i = 0; i < fields.size(); ++i) {
    if (i) line += ',';
    const std::string field = is_marked(fields[i]) ? "'" + fields[i] : fields[i];
    // CSV readers strip blanks around an unquoted field and skip a line with a single empty field.
    const bool bare = field.find_first_of(",\"\r\n") == std::string::npos && trim(field) == field;
    if (bare && !(field.empty() && fields.size() == 1)) {
      line += field;
      continue;
    }
    line += '"';
    for (char c : field) line += c == '"' ? std::string("\"\"") : std::string(1, c);
    line += '"';
  }
  return line + "\n";
}

}  // namespace evenray
