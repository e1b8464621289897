// SPDX-License-Identifier: Apache-2.0
#pragma once
// COCO's files of true and of found boxes, from any program.
#include <string>
#include <vector>

#include "core/files.hpp"
#include "metrics/detection/boxes.hpp"

namespace evenray {

/// The images and classes of both files, in the order of their ids: numbers, then texts.
struct CocoBoxes {
  std::vector<ScoredImage> images;
  std::vector<std::string> class_names;
};

/// Reads annotations ({"images","annotations","categories"}) and detections, a list of {"image_id",
/// "category_id","bbox":[x,y,width,height],"score"}. Ids are whole numbers or texts.
///
/// - The area of an annotation is its `area`, else that of its bbox.
/// - The group of an image is its field `group_by`, a text, number or null (a group of its own);
///   without `group_by`, each image is a group of its own.
///
/// Throws 66 if a file is missing. Throws 65, naming the place, for other JSON, annotations without
/// images or categories, an id that occurs twice or is not listed, a class name that is empty or
/// occurs twice, a box, area or score that is not finite, a side or area below 0, a score that is
/// not from 0 to 1, and an image without `group_by`.
CocoBoxes read_coco_boxes(const Path& annotations,
                          const Path& detections,
                          const std::string& group_by = "",
                          int threads = 1);

}  // namespace evenray
