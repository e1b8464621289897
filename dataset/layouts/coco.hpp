// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <map>
#include <string>
#include <vector>

#include "dataset/layouts/listing.hpp"

namespace evenray {

/// A COCO detection file (Lin et al. 2014; cocodataset.org, "Data format"). bbox is
/// [x,y,width,height] in pixels; x and y are measured from the outer edge of the upper left corner,
/// so they are used unchanged. Polygons become rings; run-length masks are not read. An image
/// without a box counts as annotated: it truly has no box.
struct CocoFile {
  std::vector<std::string> categories;  ///< in the order of their ids
  std::vector<ListedImage> images;      ///< in the file's order
  /// One per image: the fields that the format does not define and whose value is a text, a number
  /// or a boolean.
  std::vector<std::map<std::string, std::string>> fields;
};
/// Reads a COCO file. Throws Exit::missing_input; Exit::bad_data if it is not a COCO file, if an
/// annotation's image or category is not listed, or if a bbox is not four finite numbers.
CocoFile read_coco_file(const Path& file);

/// Returns whether a folder that also holds the images contains COCO files (.json) at any depth:
/// one file for all images, or one per part, which the name of the file or of its folder states
/// ("instances_val.json", "train/_annotations.coco.json").
bool is_coco_layout(const std::string& path);
/// Reads all COCO files below `path`. Classes are united by name. Other fields of the images become
/// metadata. Throws as read_coco_file() and
/// match_listing().
Manifest read_coco(const std::string& path);

}  // namespace evenray
