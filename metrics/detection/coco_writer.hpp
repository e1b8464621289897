// SPDX-License-Identifier: Apache-2.0
#pragma once
// Writes COCO's files, which read_coco_boxes() and other programs read.
#include "core/files.hpp"
#include "metrics/detection/coco_files.hpp"

namespace evenray {

/// Writes annotations and detections. The ids of images, classes and boxes are 1, 2, ... in their
/// order. An image has its id as `file_name`, its group as `patient`, and its width and height if
/// they are known. Masks become `segmentation`. Throws like write_json().
void write_coco_boxes(const CocoBoxes& boxes, const Path& annotations, const Path& detections);

}  // namespace evenray
