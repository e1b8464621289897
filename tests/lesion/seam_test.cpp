// SPDX-License-Identifier: Apache-2.0
#include "lesion/seam.hpp"

#include <catch2/catch.hpp>
#include <set>

#include "tests/fixture.hpp"
#include "tests/lesion/lesion_store.hpp"

using namespace evenray;

TEST_CASE("seam crops have one size, and no group on both sides", "[seam]") {
  const ScratchFolder folder;
  write_bone_store(folder / "a.h5", {.broken = 6, .sound = 60});
  const Store store(folder / "a.h5");
  for (const auto kind : {LesionKind::healthy, LesionKind::real}) {
    LesionSource source(store, kind, {}, 1);
    const bool healthy = kind == LesionKind::healthy;
    const SeamCrops crops = seam_crops(store,
                                       source,
                                       healthy ? 0 : 1,
                                       healthy ? SeamControl::negatives : SeamControl::lesions,
                                       12,
                                       Rng(3));
    CHECK(crops.pasted.size() == 12);
    CHECK(crops.pasted_groups.size() == 12);
    CHECK(crops.untouched.size() >= 1);
    CHECK(crops.untouched.size() == crops.untouched_groups.size());
    const std::set<std::string> groups(crops.pasted_groups.begin(), crops.pasted_groups.end());
    for (const auto& group : crops.untouched_groups) CHECK_FALSE(groups.contains(group));
    for (const auto* list : {&crops.pasted, &crops.untouched})
      for (const auto& crop : *list)
        CHECK(crop.size() == cv::Size(56, 56));  // 36 px * 1.5, rounded
  }
}
