// SPDX-License-Identifier: Apache-2.0
#include "core/csv.hpp"

#include <csv.h>

#include <algorithm>
#include <fstream>

#include "core/error.hpp"
#include "core/text.hpp"

namespace evenray {
namespace {

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

void on_field(void* field, size_t size, void* reading) {
  auto& [table, row, line, fault, decimal_commas] = *static_cast<Reading*>(reading);
  row.emplace_back(static_cast<const char*>(field), size);
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
  // The parser gets one line at a time to keep the line number: it skips blank lines and reads
  // newlines in quotes as text, so its own row count would be wrong.
  for (size_t start = 0; whole && start < bytes.size();) {
    const size_t end = std::min(bytes.find('\n', start), bytes.size() - 1) + 1;
    ++reading.line;
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
    // CSV readers strip blanks around an unquoted field and skip a line with a single empty field.
    const bool bare =
        fields[i].find_first_of(",\"\r\n") == std::string::npos && trim(fields[i]) == fields[i];
    if (bare && !(fields[i].empty() && fields.size() == 1)) {
      line += fields[i];
      continue;
    }
    line += '"';
    for (char c : fields[i]) line += c == '"' ? std::string("\"\"") : std::string(1, c);
    line += '"';
  }
  return line + "\n";
}

}  // namespace evenray
