// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "dataset/layouts/listing.hpp"

namespace evenray {

/// Annotations for detection as COCO has them (Lin et al. 2014; cocodataset.org, "Data format"):
/// bbox is [x,y,width,height] in pixels, x and y from the upper left corner's outer edge, so that
/// it is taken as it stands. Polygons become rings; masks as run lengths do not. Images without a
/// box are annotated and truly have none.
struct CocoFile {
  std::vector<std::string> categories;  ///< in the order of their ids
  std::vector<ListedImage> images;      ///< in the file's order
};
/// Throws 66, or 65 where it is no such file, an annotation's image or category is not listed, or a
/// bbox is not four finite numbers.
CocoFile read_coco_file(const Path& file);

/// COCO files (.json) at any depth below a folder that also holds the images: one for all, or one a
/// part, told by its name or its folder's ("instances_val.json", "train/_annotations.coco.json").
bool is_coco_layout(const std::string& path);
/// Classes are united by name. Throws as read_coco_file() and match_listing().
Manifest read_coco(const std::string& path);

}  // namespace evenray
