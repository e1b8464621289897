// SPDX-License-Identifier: Apache-2.0
#pragma once
// Fuses COCO's files of detections, from any programs.
#include <string>
#include <vector>

#include "core/files.hpp"
#include "core/json.hpp"
#include "fusion/fusion.hpp"

namespace evenray {

/// An image and what each model found in it.
struct ModelImage {
  std::string id;         ///< as text
  std::string file_stem;  ///< `file_name` without folders and extension; empty if there is none
  Json coco_id;           ///< as the annotation file has it
  ImageSize size;
  std::vector<std::vector<FoundBox>> found;  ///< one list per model
};

/// Images and classes in the order of their ids: numbers, then texts.
struct ModelDetections {
  std::vector<ModelImage> images;
  std::vector<Json> category_ids;  ///< one per class, as the annotation file has them
};

/// Reads what one or more models found in the images of an annotation file. Its images need `width`
/// and `height`; its boxes do not matter, the list may be empty. `detections`: one file per model.
///
/// Throws as read_coco_boxes(); 65 also for an image whose sides are not finite numbers above 0.
ModelDetections read_model_detections(const Path& annotations,
                                      const std::vector<Path>& detections,
                                      int threads = 1);

/// Returns the fused boxes of each image. `threads` changes no result. Throws as fuse_boxes().
std::vector<std::vector<FoundBox>> fuse_images(const ModelDetections& detections,
                                               const FusionOptions& options = {},
                                               int threads = 1);

/// Writes boxes of each image as COCO's list of detections, one box in a line, with the ids of the
/// annotation file and the shortest numbers that read back as the same. A score above 1, which
/// `allows_overflow` or different weights can give, is written as 1, since a score of a detection
/// is from 0 to 1. Throws 73 or 74 as write_atomic().
void write_detections(const Path& path,
                      const ModelDetections& detections,
                      const std::vector<std::vector<FoundBox>>& boxes);

}  // namespace evenray
