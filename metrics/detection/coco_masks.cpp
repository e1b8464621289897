// SPDX-License-Identifier: Apache-2.0
#include "metrics/detection/coco_masks.hpp"

#include <limits>
#include <optional>

#include "core/error.hpp"
#include "core/text.hpp"

namespace evenray {
namespace {

constexpr const char* kForms =
    "'segmentation' must be a list of polygons [x0, y0, x1, y1, ...], or {\"size\": [height, "
    "width], \"counts\": ...} with run lengths";

Mask united_polygons(const Json& polygons, int64_t height, int64_t width) {
  std::optional<Mask> out;
  for (const Json& polygon : polygons) {
    check(polygon.is_array(), Exit::bad_data, kForms);
    std::vector<double> numbers;
    for (const Json& number : polygon) {
      check(number.is_number(), Exit::bad_data, "a polygon has a coordinate that is no number");
      numbers.push_back(number);
    }
    Mask mask = Mask::polygon(height, width, numbers);
    out = out ? out->united(mask) : std::move(mask);
  }
  if (!out) throw Error(Exit::bad_data, "'segmentation' has no polygon");
  return *out;
}

std::vector<uint32_t> run_list(const Json& counts) {
  std::vector<uint32_t> runs;
  for (const Json& count : counts) {
    check(
        count.is_number_unsigned() && count.get<uint64_t>() <= std::numeric_limits<uint32_t>::max(),
        Exit::bad_data,
        "'counts' must be whole numbers from 0 on");
    runs.push_back(count);
  }
  return runs;
}

}  // namespace

Mask coco_mask(const Json& segmentation, int64_t height, int64_t width) {
  if (segmentation.is_array()) return united_polygons(segmentation, height, width);
  check(segmentation.is_object(), Exit::bad_data, kForms);
  const Json& counts = json_field(segmentation, "counts");
  if (json_field(segmentation, "size") != Json{height, width})
    throw Error(Exit::bad_data,
                cat("'size' of the segmentation is not [",
                    height,
                    ", ",
                    width,
                    "], the height and width of the image"));
  if (counts.is_string())
    return Mask::compressed(height, width, counts.get_ref<const std::string&>());
  check(counts.is_array(), Exit::bad_data, kForms);
  return {height, width, run_list(counts)};
}

Json coco_segmentation(const Mask& mask) {
  return {{"size", {mask.height(), mask.width()}}, {"counts", mask.text()}};
}

}  // namespace evenray
