// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <map>
#include <optional>

#include "dataset/sample/sample.hpp"

namespace evenray {

struct FracAtlasBoxes {
  std::map<std::string, std::vector<Box>> by_file;  ///< file name -> boxes with label 0
  std::vector<Finding>
      findings;  ///< `annotation_conflict`: the formats disagree by more than 1.5 px
};

/// The boxes of a FracAtlas folder, which are published in four formats: the first that is there of
/// COCO and VGG (with polygons), Pascal VOC and YOLO; the others are held against it. `files`: of
/// the images, by file name. nullopt where there are none. Throws 65 for damaged annotations or a
/// class other than fractured.
std::optional<FracAtlasBoxes> read_fracatlas_boxes(const Path& root,
                                                   const std::map<std::string, Path>& files);

}  // namespace evenray
