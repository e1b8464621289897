// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <map>

#include "dataset/sample/sample.hpp"

namespace evenray {

/// What becomes of the classes of a collection: a CSV file with the columns `from` and `to`.
/// Several with one `to` are merged (a label is 1 where one of them is, else -1 where one is
/// unknown), those with an empty `to` are dropped: with their boxes, and, where classes exclude one
/// another, with their images. An empty `from` names what images without any class have ("No
/// Finding"). Classes that the file does not name stay.
class LabelMap {
 public:
  /// Throws 66, or 65 for a missing column or a class that is named twice.
  explicit LabelMap(const Path& file);

  /// Renames, merges and drops; classes exclude one another afterwards where each image has exactly
  /// one.
  void apply(Manifest& manifest);
  /// Throws 65 where the file names a class that none of the collections had.
  void check_all_used() const;

 private:
  Path file_;
  std::map<std::string, std::string> to_;
  std::map<std::string, bool> used_;
};

/// A label map as TOML, for a store's settings: [labels] with the lists `from` and `to`; empty for
/// no file. Throws 66, or 65 for a missing column.
std::string label_map_settings(const std::string& file);

}  // namespace evenray
