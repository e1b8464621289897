// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "core/files.hpp"

namespace evenray {

/// A CSV file with a header line (RFC 4180; LF or CRLF; a UTF-8 mark at the start is dropped;
/// semicolons in place of commas where the header has these alone, and 12,5 is 12.5 then).
struct CsvTable {
  Path path;
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> rows;  ///< each as long as columns
  std::vector<size_t> lines;                   ///< of the file, from 1, where each row ends

  std::optional<size_t> find(std::string_view column) const;
  /// Throws 65 "missing column 'x'" with the columns that are there.
  size_t require(std::string_view column) const;
};

/// Throws 66 if missing, 65 (with the line) where a row is longer or shorter than the header or is
/// not UTF-8.
CsvTable read_csv(const Path& path);

/// One line with its newline; fields are quoted where they must be.
std::string csv_line(const std::vector<std::string>& fields);

}  // namespace evenray
