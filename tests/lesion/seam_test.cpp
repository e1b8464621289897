// SPDX-License-Identifier: Apache-2.0
#include "lesion/seam.hpp"

#include <catch2/catch.hpp>
#include <set>

#include "tests/fixture.hpp"
#include "tests/lesion/lesion_store.hpp"

using namespace evenray;

namespace {

std::set<std::string> groups_of(const SeamHalf& half) {
  std::set<std::string> out;
  for (const auto* list : {&half.pasted, &half.before, &half.lesions})
    out.insert(list->groups.begin(), list->groups.end());
  return out;
}

}  // namespace

TEST_CASE("seam crops have one size, and no lesion or target in both halves", "[seam]") {
  const ScratchFolder folder;
  write_bone_store(folder / "a.h5", {.broken = 6, .sound = 60});
  const Store store(folder / "a.h5");
  for (const auto kind : {LesionKind::healthy, LesionKind::real}) {
    LesionSource source(store, kind, {}, 1);
    const bool healthy = kind == LesionKind::healthy;
    const SeamCrops crops = seam_crops(store, source, healthy ? 0 : 1, 12, Rng(3));
    const auto seen = groups_of(crops.seen), held_out = groups_of(crops.held_out);
    for (const auto& group : held_out) CHECK_FALSE(seen.contains(group));
    for (const auto* half : {&crops.seen, &crops.held_out}) {
      CHECK(half->pasted.images.size() == 6);
      CHECK(half->before.images.size() == 6);
      CHECK(half->lesions.images.size() == (healthy ? 0 : 3));
      for (const auto* list : {&half->pasted, &half->before, &half->lesions}) {
        CHECK(list->images.size() == list->groups.size());
        for (const auto& crop : list->images)
          CHECK(crop.size() == cv::Size(56, 56));  // 36 px * 1.5, rounded
      }
      // What is pasted changes the place.
      CHECK(cv::norm(half->pasted.images[0], half->before.images[0], cv::NORM_INF) > 3);
    }
  }
}
