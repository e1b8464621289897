// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace evenray {

/// `text` as one name in a folder, on any file system: blanks, control characters and / \ : * ? " <
/// > | become "_", also dots and hyphens at the start and dots at the end; other UTF-8 stays. Empty
/// text becomes "_"; of more than 120 bytes the first are kept, with a digest of all behind them.
std::string safe_name(std::string_view text);

/// The safe_name() of each, told apart by "-2", "-3", ... where names are equal but for the case of
/// their letters. Texts that are safe already come first.
std::vector<std::string> unique_names(const std::vector<std::string>& texts);

/// What --rename may use of an image.
struct NamedImage {
  std::string id, class_name, part;
  size_t n = 0;  ///< counts the exported images, from 1
};

/// Throws 2 for an unknown field, a bad width, a lone brace or a slash. Example: "{class}_{n:05}".
void check_rename(const std::string& pattern);

/// The file name (without ending) of each image: by the pattern with {class}, {id}, {part} and {n}
/// ({n:05}: at least five digits), or of its id where the pattern is empty. Throws 2 where the
/// pattern gives two images one name.
std::vector<std::string> file_names(const std::vector<NamedImage>& images,
                                    const std::string& pattern);

}  // namespace evenray
