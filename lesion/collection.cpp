// SPDX-License-Identifier: Apache-2.0
#include "lesion/collection.hpp"

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "core/text.hpp"
#include "dataset/match_columns.hpp"

namespace evenray {
namespace {

constexpr int kLeastPatchPx = 9;
constexpr int kLeastClippedPx = 5;
/// The exact blend takes the third power of the side: seconds at this one.
constexpr int kMostPatchPx = 1024;

bool movable(const cv::Rect& area, const cv::Rect& content) {
  return std::min(area.width, area.height) >= kLeastClippedPx &&
         std::max(area.width, area.height) <= kMostPatchPx && 2 * area.area() <= content.area();
}

}  // namespace

cv::Rect content_of(const cv::Size& size, const std::array<float, 2>& offset) {
  const auto border = [](float pixels, int side) {
    return std::clamp(static_cast<int>(std::ceil(pixels)), 0, (side - 1) / 2);
  };
  const int left = border(offset[0], size.width), top = border(offset[1], size.height);
  return {left, top, size.width - 2 * left, size.height - 2 * top};
}

cv::Rect patch_square(const Box& box, double context, const cv::Rect& content) {
  const auto inside_x = [&](double at) {
    return std::clamp<double>(at, content.x, content.x + content.width);
  };
  const auto inside_y = [&](double at) {
    return std::clamp<double>(at, content.y, content.y + content.height);
  };
  const double x0 = inside_x(box.x0), x1 = inside_x(box.x1);
  const double y0 = inside_y(box.y0), y1 = inside_y(box.y1);
  const int side =
      std::max(kLeastPatchPx, static_cast<int>(std::lround(context * std::max(x1 - x0, y1 - y0))));
  const auto start = [&](double low, double high) {
    return static_cast<int>(std::floor((low + high) / 2 - side / 2. + .5));
  };
  return {start(x0, x1), start(y0, y1), side, side};
}

cv::Rect patch_area(const Box& box, double context, const cv::Rect& content) {
  return patch_square(box, context, content) & content;
}

Collection::Collection(const Store& store, const LesionOptions& options)
    : store_(store), columns_(match_columns(store.info().meta_columns, options.match)) {
  const StorePart& train = store.part("train");
  int64_t found = 0;
  for (int64_t row = 0; row < train.size(); ++row) {
    const auto i = static_cast<size_t>(row);
    if (train.provenance[i].origin != Origin::real || !train.boxes_known[i]) continue;
    if (train.boxes[i].empty()) {
      negatives_.push_back(row);
      negatives_of_key_[match_key(train.meta[i], columns_)].push_back(row);
    }
    for (size_t b = 0; b < train.boxes[i].size(); ++b) {
      ++found;
      const Box& box = train.boxes[i][b];
      if (!movable(patch_area(box, options.context, content(row)), content(row))) {
        ++unmovable_;
        continue;
      }
      lesions_[box.label].push_back({row, b});
      lesions_[-1].push_back({row, b});
    }
  }
  const std::string file = store.path().string();
  check(found > 0,
        Exit::bad_data,
        cat(file,
            ": no training image has boxes, so there is no lesion to paste; pack a collection "
            "that is annotated with boxes"));
  check(!negatives_.empty(),
        Exit::bad_data,
        cat(file,
            ": every annotated training image has boxes, so there is no image to paste "
            "lesions into"));
  check(unmovable_ < found,
        Exit::bad_data,
        cat(file,
            ": the patches of all ",
            found,
            " boxes cover more than half of their images or "
            "are below ",
            kLeastClippedPx,
            " px; use smaller lesion.context or larger images"));
}

const std::vector<Lesion>& Collection::lesions(int class_index) const {
  static const std::vector<Lesion> none;
  const auto found = lesions_.find(class_index);
  return found == lesions_.end() ? none : found->second;
}

std::vector<int64_t> Collection::negatives_like(int64_t row, int class_index) const {
  const StorePart& train = store_.part("train");
  const auto i = static_cast<size_t>(row);
  const auto found = negatives_of_key_.find(match_key(train.meta[i], columns_));
  if (found == negatives_of_key_.end()) return {};
  std::vector<int64_t> out;
  for (const int64_t negative : found->second) {
    const auto n = static_cast<size_t>(negative);
    const bool in_class = class_index < 0 || train.labels[n][static_cast<size_t>(class_index)] == 1;
    if (in_class && train.groups[n] != train.groups[i]) out.push_back(negative);
  }
  return out;
}

cv::Rect Collection::content(int64_t row) const {
  return content_of({store_.info().width, store_.info().height},
                    store_.part("train").offsets[static_cast<size_t>(row)]);
}

std::string Collection::name(const Lesion& lesion) const {
  return cat(store_.part("train").ids[static_cast<size_t>(lesion.row)], "#b", lesion.box + 1);
}

}  // namespace evenray
