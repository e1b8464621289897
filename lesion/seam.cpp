// SPDX-License-Identifier: Apache-2.0
#include "lesion/seam.hpp"

#include <algorithm>
#include <opencv2/imgproc.hpp>
#include <set>

namespace evenray {
namespace {

constexpr int kLeastCrop = 32, kMostCrop = 96;
/// Images drawn per crop asked for, at most: some fail, or have a lesion of the other half.
constexpr int64_t kDrawsPerCrop = 10;
constexpr int64_t kDrawnAtOnce = 64;

int crop_side(const std::vector<PastedImage>& pasted) {
  std::vector<int> sides;
  for (const auto& one : pasted) sides.push_back(std::max(one.area.width, one.area.height));
  std::nth_element(sides.begin(), sides.begin() + std::ssize(sides) / 2, sides.end());
  const int side = sides[sides.size() / 2] * 3 / 2;
  return std::clamp((side + 7) / 8 * 8, kLeastCrop, kMostCrop);
}

/// The square around the centre of an area, moved into the image; the image's border is repeated
/// where the image is smaller.
cv::Mat crop_around(const cv::Mat& image, const cv::Rect& patch, int side) {
  const auto begin = [&](double at, int length) {
    return std::clamp(static_cast<int>(std::lround(at - side / 2.)), 0, std::max(0, length - side));
  };
  const cv::Rect area(begin(patch.x + patch.width / 2., image.cols),
                      begin(patch.y + patch.height / 2., image.rows),
                      side,
                      side);
  const cv::Rect inside = area & cv::Rect({}, image.size());
  cv::Mat out;
  cv::copyMakeBorder(
      image(inside), out, 0, side - inside.height, 0, side - inside.width, cv::BORDER_REPLICATE);
  return out;
}

/// Returns half of the groups: of those with these lesions, and of the others.
std::set<std::string> half_of_groups(const StorePart& train,
                                     const std::vector<Lesion>& lesions,
                                     Rng rng) {
  std::set<std::string> with, others(train.groups.begin(), train.groups.end()), out;
  for (const Lesion& lesion : lesions) {
    with.insert(train.groups[static_cast<size_t>(lesion.row)]);
    others.erase(train.groups[static_cast<size_t>(lesion.row)]);
  }
  for (const auto* groups : {&with, &others}) {
    std::vector<std::string> order(groups->begin(), groups->end());
    rng.shuffle(order);
    out.insert(order.begin(), order.begin() + std::ssize(order) / 2);
  }
  return out;
}

}  // namespace

SeamCrops seam_crops(
    const Store& store, LesionSource& source, int class_index, int64_t count, const Rng& rng) {
  const StorePart& train = store.part("train");
  const auto group_of = [&](int64_t row) { return train.groups[static_cast<size_t>(row)]; };
  auto lesions = source.collection().lesions(class_index);
  const auto seen = half_of_groups(train, lesions, rng.fork("halves"));
  const auto is_seen = [&](int64_t row) { return seen.contains(group_of(row)); };
  const int64_t most = (count + 1) / 2;  // of each half

  std::vector<PastedImage> images;
  int64_t seen_images = 0;
  for (int64_t first = 0; first < kDrawsPerCrop * count; first += kDrawnAtOnce) {
    for (auto& one :
         source.paste_images(class_index, first, kDrawnAtOnce, rng.fork("seam images"))) {
      if (!one.drawn.failed.empty() || is_seen(one.donor) != is_seen(one.target)) continue;
      const bool in_seen = is_seen(one.target);
      if ((in_seen ? seen_images : std::ssize(images) - seen_images) == most) continue;
      seen_images += in_seen ? 1 : 0;
      images.push_back(std::move(one));
    }
    if (std::ssize(images) == 2 * most) break;
  }

  SeamCrops out;
  if (images.empty()) return out;
  const int side = crop_side(images);
  const auto add =
      [&](CropList& list, const cv::Mat& image, const cv::Rect& area, int64_t of_group) {
        list.images.push_back(crop_around(image, area, side));
        list.groups.push_back(group_of(of_group));
      };
  for (const auto& one : images) {
    SeamHalf& half = is_seen(one.target) ? out.seen : out.held_out;
    const bool has_lesion = source.kind() != LesionKind::healthy;
    add(half.pasted, one.drawn.image, one.area, has_lesion ? one.donor : one.target);
    add(half.before, store.image("train", one.target), one.area, one.target);
  }
  rng.fork("lesions").shuffle(lesions);
  for (const Lesion& lesion : lesions) {
    CropList& list = (is_seen(lesion.row) ? out.seen : out.held_out).lesions;
    if (std::ssize(list.images) == most) continue;
    const Box& box = train.boxes[static_cast<size_t>(lesion.row)][lesion.box];
    const cv::Rect area =
        patch_area(box, source.options().context, source.collection().content(lesion.row));
    add(list, store.image("train", lesion.row), area, lesion.row);
  }
  return out;
}

}  // namespace evenray
