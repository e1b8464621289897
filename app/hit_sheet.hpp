// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <vector>

#include "dataset/image/sheet.hpp"
#include "dataset/store/store.hpp"
#include "metrics/detection/coco_files.hpp"

namespace evenray {

/// Returns up to `count` images of a part, with true boxes and with found ones in another colour:
/// a third each of boxes that were missed (the largest first), of wrong ones (those with the
/// highest scores first) and of hits (the lowest scores first), as froc_outcomes() has them. Boxes
/// count from the score on at which the part has at most one wrong box per image and class on
/// average. `boxes`: the part with the boxes found in it; ids are those of the store.
std::vector<SheetItem> hit_items(const CocoBoxes& boxes,
                                 const Store& store,
                                 const std::string& part,
                                 int64_t count);

}  // namespace evenray
