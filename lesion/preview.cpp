// SPDX-License-Identifier: Apache-2.0
#include "lesion/preview.hpp"

#include <algorithm>

#include "core/csv.hpp"
#include "core/text.hpp"

namespace evenray {
namespace {

constexpr int64_t kDrawnPerCell = 8;

/// The part of an image that a cell shows: the patch and its side around it.
cv::Rect shown_area(const cv::Rect& patch, const cv::Size& size) {
  return cv::Rect(
             patch.x - patch.width, patch.y - patch.height, 3 * patch.width, 3 * patch.height) &
         cv::Rect({}, size);
}

SheetItem cell(const cv::Mat& image, const cv::Rect& shown, std::string caption) {
  return {image(shown).clone(), std::move(caption), {}};
}

std::vector<PastedImage> made_images(LesionSource& source,
                                     int class_index,
                                     int64_t count,
                                     const Rng& rng) {
  std::vector<PastedImage> out;
  for (int64_t first = 0; first < kDrawnPerCell * count && std::ssize(out) < count; first += count)
    for (auto& one : source.paste_images(class_index, first, count, rng))
      if (one.drawn.failed.empty() && std::ssize(out) < count) out.push_back(std::move(one));
  return out;
}

}  // namespace

std::vector<SheetItem> pair_items(
    const Store& store, LesionSource& source, int class_index, int64_t count, const Rng& rng) {
  std::vector<SheetItem> items;
  const StorePart& train = store.part("train");
  for (const auto& one : made_images(source, class_index, count, rng)) {
    const cv::Rect shown = shown_area(one.area, one.drawn.image.size());
    items.push_back(
        cell(store.image("train", one.target), shown, train.ids[static_cast<size_t>(one.target)]));
    SheetItem after =
        cell(one.drawn.image, shown, cat("+ ", train.ids[static_cast<size_t>(one.donor)]));
    for (Box box : one.drawn.boxes) {
      const auto dx = static_cast<float>(shown.x), dy = static_cast<float>(shown.y);
      box.x0 -= dx, box.x1 -= dx, box.y0 -= dy, box.y1 -= dy;
      box.rings.clear();
      after.boxes.push_back(box);
    }
    items.push_back(std::move(after));
  }
  return items;
}

BlindSheet blind_sheet(
    const Store& store, LesionSource& source, int class_index, int64_t count, const Rng& rng) {
  const StorePart& train = store.part("train");
  struct Cell {
    SheetItem item;
    std::vector<std::string> key;
  };
  std::vector<Cell> cells;
  for (const auto& one : made_images(source, class_index, count / 2, rng)) {
    cells.push_back(
        {cell(one.drawn.image, shown_area(one.area, one.drawn.image.size()), ""),
         {"drawn", train.ids[static_cast<size_t>(one.target)], one.drawn.provenance.recipe}});
  }
  if (cells.empty()) return {};
  auto lesions = source.collection().lesions(class_index);
  rng.fork("blind lesions").shuffle(lesions);
  for (const Lesion& lesion : lesions) {
    if (std::ssize(cells) >= count) break;
    const auto row = static_cast<size_t>(lesion.row);
    const cv::Mat image = store.image("train", lesion.row);
    const cv::Rect area = patch_area(train.boxes[row][lesion.box],
                                     source.options().context,
                                     source.collection().content(lesion.row));
    cells.push_back(
        {cell(image, shown_area(area, image.size()), ""), {"real", train.ids[row], ""}});
  }
  rng.fork("blind order").shuffle(cells);
  BlindSheet out;
  out.key_csv = csv_line({"number", "answer", "image", "recipe"});
  for (size_t i = 0; i < cells.size(); ++i) {
    cells[i].item.caption = std::to_string(i + 1);
    out.items.push_back(std::move(cells[i].item));
    const auto& key = cells[i].key;
    out.key_csv += csv_line({std::to_string(i + 1), key[0], key[1], key[2]});
  }
  return out;
}

}  // namespace evenray
