// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <map>

#include "dataset/sample/sample.hpp"

namespace evenray {

/// Renames, merges and drops the classes of a collection according to a CSV file with the columns
/// `from` and `to`. Classes with the same `to` are merged: the label is 1 if one of them is 1, else
/// -1 if one is unknown, else 0. Classes with an empty `to` are dropped together with their boxes
/// and, if classes exclude one another, with their images. An empty `from` names the class of
/// images without any class ("No Finding"). Classes that the file does not list stay unchanged.
class LabelMap {
 public:
  /// Reads the file. Throws Exit::missing_input; Exit::bad_data for a missing column or a class
  /// that is listed twice.
  explicit LabelMap(const Path& file);

  /// Applies the map to `manifest`. Afterwards classes exclude one another if each image has
  /// exactly one. Throws Exit::bad_data if no image is left.
  void apply(Manifest& manifest);
  /// Throws Exit::bad_data if the file lists a class that none of the collections had.
  void check_all_used() const;

 private:
  Path file_;
  std::map<std::string, std::string> to_;
  std::map<std::string, bool> used_;
};

/// Returns a label map as TOML for a store's settings: [labels] with the lists `from` and `to`;
/// empty if `file` is empty. Throws Exit::missing_input; Exit::bad_data for a missing column.
std::string label_map_settings(const std::string& file);

}  // namespace evenray
