// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <map>
#include <string>
#include <vector>

#include "dataset/layouts/listing.hpp"

namespace evenray {

/// A COCO detection file (Lin et al. 2014; cocodataset.org, "Data format"). bbox is
/// [x,y,width,height] in pixels; x and y are measured from the outer edge of the upper left corner,
/// so they are used unchanged. Polygons become rings; run-length masks are not read. If bbox
/// is missing, the box is that of the polygons. An image without a box counts as annotated: it
/// truly has no box.
struct CocoFile {
  std::vector<std::string> categories;  ///< in the order of their ids
  std::vector<ListedImage> images;      ///< in the file's order
  /// One per image: the fields that the format does not define and whose value is a text, a number
  /// or a boolean.
  std::vector<std::map<std::string, std::string>> fields;
  /// `annotation_invalid`: annotations without a listed image. Those of a listed image are remarks
  /// on it: its category is not listed, or it has neither a valid bbox nor a polygon.
  std::vector<Finding> findings;
};
/// Reads a COCO file. Throws Exit::missing_input; Exit::bad_data if it is not a COCO file.
CocoFile read_coco_file(const Path& file);

/// Returns whether a folder that also holds the images contains COCO files (.json) at any depth:
/// one file for all images, or one per part, which the name of the file or of its folder states
/// ("instances_val.json", "train/_annotations.coco.json").
bool is_coco_layout(const std::string& path);
/// Reads all COCO files below `path`; if the names of some contain "instances", only those (COCO as
/// published). Classes are united by name. Other fields of the images become metadata. Throws as
/// read_coco_file() and match_listing().
Manifest read_coco(const std::string& path);

}  // namespace evenray
