// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "core/config.hpp"
#include "dataset/layouts/table.hpp"
#include "dataset/sample/sample.hpp"

namespace evenray {

struct ReadOptions {
  std::string format = "auto";   ///< layout
  std::string readers = "fuse";  ///< what becomes of several readers' boxes, see box_fusion.hpp
  std::string labels;            ///< label map, see label_map.hpp; empty: none
  std::string key;               ///< key file of DICOM patients; empty: default_dicom_key_file()
  TableColumns columns;

  void fields(Fields& f);
  /// Throws 78, named as the user writes it.
  void check() const;
};

/// Names for --format, "auto" first.
std::vector<std::string> format_names();

/// Reads what lies at `path` (a folder, or "phantom:key=value,..." as in phantom.hpp) without
/// decoding any image. `auto` asks each layout in turn. Throws 66 where there is nothing or a
/// folder cannot be read, 65 for an empty folder, a missing column, equal ids, a name that is not
/// UTF-8, 2 for an unknown format.
Manifest read_dataset(const std::string& path, const ReadOptions& options = {});

/// Several sources as one: ids, paths and patients get the source's name in front, classes and meta
/// columns are united by name.
Manifest read_datasets(const std::vector<std::string>& paths, const ReadOptions& options = {});

}  // namespace evenray
