// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <map>
#include <optional>

#include "dataset/sample/sample.hpp"

namespace evenray {

struct FracAtlasBoxes {
  std::map<std::string, std::vector<Box>> by_file;  ///< file name -> boxes with label 0
  /// `annotation_conflict`: the formats disagree by more than 1.5 px; `annotation_invalid`: boxes
  /// of the first format that could not be read.
  std::vector<Finding> findings;
};

/// Reads the boxes of a FracAtlas folder, which are published in four formats. Takes the first one
/// that is present of COCO and VGG (with polygons), Pascal VOC and YOLO, and compares the others
/// with it. `files`: the images by file name. Returns nullopt if no format is present. Throws
/// Exit::bad_data for a damaged file or a class other than fractured.
std::optional<FracAtlasBoxes> read_fracatlas_boxes(const Path& root,
                                                   const std::map<std::string, Path>& files);

}  // namespace evenray
