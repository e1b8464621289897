// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "dataset/sample.hpp"

namespace evenray {

/// Names for --format, "auto" first.
std::vector<std::string> format_names();

/// Reads what lies at `path` (a folder, or "phantom:key=value,..." as in phantom.hpp) without
/// decoding any image. `auto` asks each layout in turn. Throws 66 where there is nothing or a
/// folder cannot be read, 65 for an empty folder, a missing column, equal ids, a name that is not
/// UTF-8, 2 for an unknown format.
Manifest read_dataset(const std::string& path, const std::string& format = "auto");

/// Several sources as one: ids, paths and patients get the source's name in front, classes and meta
/// columns are united by name.
Manifest read_datasets(const std::vector<std::string>& paths, const std::string& format = "auto");

}  // namespace evenray
