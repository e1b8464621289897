// SPDX-License-Identifier: Apache-2.0
#include "lesion/seam.hpp"

#include <algorithm>
#include <opencv2/imgproc.hpp>

#include "core/error.hpp"
#include "core/text.hpp"

namespace evenray {
namespace {

constexpr int kLeastCrop = 32, kMostCrop = 96;
/// Images drawn per crop asked for, at most: they go to two halves, and some fail.
constexpr int64_t kDrawsPerCrop = 10;
constexpr int64_t kDrawnAtOnce = 64;

int crop_side(const std::vector<PastedImage>& pasted) {
  std::vector<int> sides;
  for (const auto& one : pasted) sides.push_back(std::max(one.area.width, one.area.height));
  std::nth_element(sides.begin(), sides.begin() + std::ssize(sides) / 2, sides.end());
  const int side = sides[sides.size() / 2] * 3 / 2;
  return std::clamp((side + 7) / 8 * 8, kLeastCrop, kMostCrop);
}

/// The square around a centre, moved into the image; the image's border is repeated where the image
/// is smaller.
cv::Mat crop_around(const cv::Mat& image, const cv::Point2d& centre, int side) {
  const auto begin = [&](double at, int length) {
    return std::clamp(static_cast<int>(std::lround(at - side / 2.)), 0, std::max(0, length - side));
  };
  const cv::Rect area(begin(centre.x, image.cols), begin(centre.y, image.rows), side, side);
  const cv::Rect inside = area & cv::Rect({}, image.size());
  cv::Mat out;
  cv::copyMakeBorder(
      image(inside), out, 0, side - inside.height, 0, side - inside.width, cv::BORDER_REPLICATE);
  return out;
}

cv::Point2d centre_of(const cv::Rect& area) {
  return {area.x + area.width / 2., area.y + area.height / 2.};
}

/// Whether a group belongs to the half that pasted images are taken from.
bool in_pasted_half(const std::string& group, const Rng& rng) {
  return rng.fork(cat("half ", group)).chance(.5);
}

/// Images of the source, divided by the half that the group of their target belongs to.
struct Halved {
  std::vector<PastedImage> pasted, untouched;
};

Halved halved_images(
    const Store& store, LesionSource& source, int class_index, int64_t count, const Rng& rng) {
  Halved out;
  const auto& groups = store.part("train").groups;
  const auto full = [&](const auto& list) { return std::ssize(list) >= count; };
  for (int64_t first = 0; first < kDrawsPerCrop * count; first += kDrawnAtOnce) {
    for (auto& one :
         source.paste_images(class_index, first, kDrawnAtOnce, rng.fork("seam images"))) {
      if (!one.drawn.failed.empty()) continue;
      const auto& group = groups[static_cast<size_t>(one.target)];
      auto& half = in_pasted_half(group, rng) ? out.pasted : out.untouched;
      if (!full(half)) half.push_back(std::move(one));
    }
    if (full(out.pasted) && full(out.untouched)) break;
  }
  return out;
}

}  // namespace

SeamCrops seam_crops(const Store& store,
                     LesionSource& source,
                     int class_index,
                     SeamControl control,
                     int64_t count,
                     const Rng& rng) {
  const StorePart& train = store.part("train");
  SeamCrops out;
  const Halved images = halved_images(store, source, class_index, count, rng);
  if (images.pasted.empty()) return out;
  const int side = crop_side(images.pasted);
  const auto add_untouched = [&](int64_t row, const cv::Point2d& centre) {
    out.untouched.push_back(crop_around(store.image("train", row), centre, side));
    out.untouched_groups.push_back(train.groups[static_cast<size_t>(row)]);
  };
  for (const auto& one : images.pasted) {
    out.pasted.push_back(crop_around(one.drawn.image, centre_of(one.area), side));
    out.pasted_groups.push_back(train.groups[static_cast<size_t>(one.target)]);
  }
  if (control == SeamControl::negatives) {
    for (const auto& one : images.untouched) add_untouched(one.target, centre_of(one.area));
    return out;
  }
  auto lesions = source.collection().lesions(class_index);
  rng.fork("lesions").shuffle(lesions);
  for (const Lesion& lesion : lesions) {
    const auto row = static_cast<size_t>(lesion.row);
    if (std::ssize(out.untouched) == count || in_pasted_half(train.groups[row], rng)) continue;
    const Box& box = train.boxes[row][lesion.box];
    add_untouched(lesion.row, {(box.x0 + box.x1) / 2., (box.y0 + box.y1) / 2.});
  }
  return out;
}

}  // namespace evenray
