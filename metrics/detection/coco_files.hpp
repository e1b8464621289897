// SPDX-License-Identifier: Apache-2.0
#pragma once
// COCO's files of true and of found boxes, from any program.
#include <string>
#include <vector>

#include "core/json.hpp"
#include "metrics/detection/boxes.hpp"

namespace evenray {

/// What to read beside the boxes.
struct CocoFields {
  std::string fold_by{};               ///< field of the images that names their fold; "": none
  std::vector<std::string> columns{};  ///< fields of the images to give values by
  bool masks = false;                  ///< read `segmentation`
};

/// The images and classes of both files, in the order of their ids: numbers, then texts.
struct CocoBoxes {
  std::vector<ScoredImage> images;
  std::vector<std::string> class_names;
  std::vector<std::string> columns{};  ///< names of ScoredImage::columns
  bool masks = false;                  ///< whether all boxes have masks
  bool folds = false;                  ///< whether the images have folds
  int height = 0, width = 0;           ///< of all images, in pixels; 0: not known
};

/// Returns the same without masks, to compare boxes.
CocoBoxes boxes_only(CocoBoxes boxes);
/// Returns the same with the box around its mask as the box of each found object, as
/// read_coco_boxes() gives it, to compare masks. All boxes must have masks.
CocoBoxes masks_only(CocoBoxes boxes);

/// Reads annotations ({"images","annotations","categories"}) and detections, a list of {"image_id",
/// "category_id","bbox":[x,y,width,height],"score"}. Ids are whole numbers or texts.
///
/// - The area of an annotation is its `area`, else that of its mask or bbox.
/// - An annotation is difficult if its field `difficult` or `ignore` is 1.
/// - The group of an image is its field `group_by`, a text, number or null (a group of its own);
///   without `group_by`, each image is a group of its own. Folds and columns are read alike.
/// - With `masks`, each annotation and each detection needs a `segmentation` (see coco_masks.hpp)
///   and each image its `height` and `width`. The box of a found mask is the one around it, and so
///   is that of an annotation without bbox.
///
/// Throws 66 if a file is missing. Throws 65, naming the place, for other JSON, annotations without
/// images or categories, an id that occurs twice or is not listed, a class name that is empty or
/// occurs twice, a box, area or score that is not finite, a side or area below 0, a score that is
/// not from 0 to 1, an image without one of the fields that are read, an image without a fold, a
/// group in two folds, a column with more than 20 values, and a mask that is not valid.
CocoBoxes read_coco_boxes(const Path& annotations,
                          const Path& detections,
                          const std::string& group_by = "",
                          int threads = 1,
                          const CocoFields& fields = {});

/// The same with the content of `annotations`, for several files of detections.
CocoBoxes coco_boxes(const Json& truth,
                     const Path& annotations,
                     const Path& detections,
                     const std::string& group_by = "",
                     int threads = 1,
                     const CocoFields& fields = {});

}  // namespace evenray
