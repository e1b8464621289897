// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "dataset/image/sheet.hpp"
#include "lesion/source.hpp"

namespace evenray {

/// Returns `count` pairs of cells: the target around the place before, and after the paste with its
/// box. Fewer if images fail. Each cell shows the patch and once its side around it.
std::vector<SheetItem> pair_items(
    const Store& store, LesionSource& source, int class_index, int64_t count, const Rng& rng);

/// A sheet on which readers tell drawn lesions from real ones, and its key.
struct BlindSheet {
  std::vector<SheetItem> items;  ///< captions: numbers from 1
  std::string key_csv;           ///< number,answer (real or drawn),image,recipe
};
/// Returns `count` cells in random order, about half of them real lesions in their own images and
/// half pasted ones, cropped alike; none if no image can be pasted. `source` must paste lesions.
BlindSheet blind_sheet(
    const Store& store, LesionSource& source, int class_index, int64_t count, const Rng& rng);

}  // namespace evenray
