// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "metrics/detection/coco_files.hpp"
#include "tests/fixture.hpp"

namespace evenray {

/// The drawn boxes of make_coco.py.
inline CocoBoxes golden_boxes(const std::string& group_by = "") {
  return read_coco_boxes(golden_path("metrics/coco/annotations.json"),
                         golden_path("metrics/coco/detections.json"),
                         group_by);
}

}  // namespace evenray
