// SPDX-License-Identifier: Apache-2.0
#include "metrics/detection/coco_writer.hpp"

#include "core/json.hpp"
#include "metrics/detection/coco_masks.hpp"

namespace evenray {
namespace {

Json sides_json(const PixelBox& box) { return {box.x, box.y, box.width, box.height}; }

}  // namespace

void write_coco_boxes(const CocoBoxes& boxes, const Path& annotations, const Path& detections) {
  Json images = Json::array(), truth = Json::array(), found = Json::array();
  Json categories = Json::array();
  for (size_t c = 0; c < boxes.class_names.size(); ++c)
    categories.push_back({{"id", c + 1}, {"name", boxes.class_names[c]}});
  for (size_t i = 0; i < boxes.images.size(); ++i) {
    const ScoredImage& image = boxes.images[i];
    images.push_back({{"id", i + 1}, {"file_name", image.id}, {"patient", image.group}});
    if (boxes.width > 0) images.back().update({{"width", boxes.width}, {"height", boxes.height}});
    for (const auto& one : image.truth) {
      truth.push_back({{"id", truth.size() + 1},
                       {"image_id", i + 1},
                       {"category_id", one.class_index + 1},
                       {"bbox", sides_json(one.box)},
                       {"area", one.area},
                       {"iscrowd", int{one.crowd}}});
      if (one.mask) truth.back()["segmentation"] = coco_segmentation(*one.mask);
    }
    for (const auto& one : image.found) {
      found.push_back({{"image_id", i + 1},
                       {"category_id", one.class_index + 1},
                       {"bbox", sides_json(one.box)},
                       {"score", one.score}});
      if (one.mask) found.back()["segmentation"] = coco_segmentation(*one.mask);
    }
  }
  write_json(annotations, {{"images", images}, {"annotations", truth}, {"categories", categories}});
  write_json(detections, found);
}

}  // namespace evenray
