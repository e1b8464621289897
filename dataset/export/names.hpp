// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace evenray {

/// Returns `text` as a file name that is valid on any file system: blanks, control characters and
/// / \ : * ? " < > | become "_", as do dots and hyphens at the start and dots at the end; other
/// UTF-8 stays. Empty text becomes "_". Text of more than 120 bytes is cut and ends in a digest of
/// all of it.
std::string safe_name(std::string_view text);

/// Returns the safe_name() of each text. Names that differ only in case or not at all get "-2",
/// "-3", ... appended. Texts that are already safe keep their names first.
std::vector<std::string> unique_names(const std::vector<std::string>& texts);

/// What a --rename pattern may use.
struct NamedImage {
  std::string id, class_name, part;
  size_t n = 0;  ///< number of the exported image, from 1
};

/// Throws Exit::usage for an unknown field, an invalid width, an unbalanced brace or a slash.
/// Example: "{class}_{n:05}".
void check_rename(const std::string& pattern);

/// Returns the file name (without extension) of each image: from the pattern with {class}, {id},
/// {part} and {n} ({n:05}: at least five digits), or from its id if the pattern is empty. Throws
/// Exit::usage if the pattern gives two images the same name.
std::vector<std::string> file_names(const std::vector<NamedImage>& images,
                                    const std::string& pattern);

}  // namespace evenray
