// SPDX-License-Identifier: Apache-2.0
#include "dataset/layouts/box_fusion.hpp"

#include <catch2/catch.hpp>
#include <limits>

using namespace evenray;

namespace {

ReadBox drawn_by(const std::string& reader, float x0, float x1, const std::string& name = "Mass") {
  Box box;
  box.x0 = x0;
  box.x1 = x1;
  box.y1 = 10;
  return {{name, box}, reader};
}

}  // namespace

TEST_CASE("several readers: boxes are fused in their order, as far as they overlap the mean") {
  // The third overlaps the second by more than a half, but not the mean of the first two.
  const std::vector<ReadBox> chain{
      drawn_by("R1", 0, 12), drawn_by("R2", 3, 15), drawn_by("R3", 6, 18)};
  auto fused = merge_boxes(chain, 3, Merging::fuse);
  REQUIRE(fused.size() == 2);
  CHECK(fused[0].box.x0 == 1.5f);
  CHECK(fused[0].box.x1 == 13.5f);
  CHECK(fused[1].box.x0 == 6);
  CHECK(merge_boxes(chain, 3, Merging::majority).size() == 1);
  fused = merge_boxes({chain[2], chain[1], chain[0]}, 3, Merging::fuse);
  REQUIRE(fused.size() == 2);
  CHECK(fused[0].box.x0 == 4.5f);
  CHECK(fused[1].box.x0 == 0);
  // One reader who draws twice is one reader.
  CHECK(merge_boxes({chain[0], drawn_by("R1", 1, 13)}, 2, Merging::majority).empty());
}

TEST_CASE("several readers: boxes without area are not fused, and the audit sees them") {
  const float inf = std::numeric_limits<float>::infinity();
  const std::vector<ReadBox> boxes{drawn_by("R1", 5, 5),
                                   drawn_by("R1", 0, 10),
                                   drawn_by("R2", 9, 1),
                                   drawn_by("R2", 0, inf),
                                   drawn_by("R2", 2, 12)};
  const auto fused = merge_boxes(boxes, 2, Merging::fuse);
  REQUIRE(fused.size() == 4);
  CHECK(fused[0].box.x1 == 5);
  CHECK(fused[1].box.x1 == 11);
  CHECK(fused[2].box.x0 == 9);
  CHECK(fused[3].box.x1 == inf);
  CHECK(merge_boxes(boxes, 2, Merging::majority).size() == 1);
}
