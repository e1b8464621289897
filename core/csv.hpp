// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "core/files.hpp"

namespace evenray {

/// The content of a CSV file with a header line (RFC 4180; LF or CRLF; a UTF-8 byte order mark is
/// dropped). If the header contains tabs, they separate the fields. If it contains semicolons but
/// no commas, these do, and 12,5 is read as 12.5.
struct CsvTable {
  Path path;
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> rows;  ///< each has as many fields as columns
  std::vector<size_t> lines;                   ///< line number (from 1) at which each row ends

  /// Returns the index of a column; nullopt if it is missing.
  std::optional<size_t> find(std::string_view column) const;
  /// Returns the index of a column; throws 65 "missing column 'x'" with the existing columns.
  size_t require(std::string_view column) const;
};

/// Reads a CSV file. Throws 66 if it is missing, 65 (with the line) if a row has more or fewer
/// fields than the header, a quote is unmatched or misplaced, a line is not UTF-8, or a row has
/// more than 10,000 fields or 16 MiB. Drops the mark of csv_line() before a formula.
CsvTable read_csv(const Path& path);

/// Returns the header line of a CSV file as it is, at most 4,096 bytes, to recognise a table by its
/// columns without reading it; empty if the file cannot be read.
std::string csv_header(const Path& path);

/// Returns one line with a newline; fields are quoted only if necessary. A field that a spreadsheet
/// would run as a formula gets an apostrophe before it, see
/// https://owasp.org/www-community/attacks/CSV_Injection.
std::string csv_line(const std::vector<std::string>& fields);

}  // namespace evenray
