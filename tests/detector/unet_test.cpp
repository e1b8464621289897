// SPDX-License-Identifier: Apache-2.0
#include "detector/unet.hpp"

#include "metrics/detection/coco_map.hpp"
#include "tests/detector/drawn.hpp"

using namespace evenray;

TEST_CASE("masks hold the pixels of polygons, else of boxes") {
  const std::vector<std::vector<Box>> boxes{
      {{2, 3, 6, 5, 1, {}}}, {}, {{0, 0, 8, 8, 0, {{{1, 1}, {5, 1}, {1, 5}}}}}};
  const auto masks = object_masks(boxes, 2, 8, 8);
  CHECK(masks.sizes() == torch::IntArrayRef({3, 2, 8, 8}));
  CHECK(masks[0][1].sum().item<float>() == 8);  // 4 x 2 px
  CHECK(masks[0][1][3][2].item<float>() == 1);
  CHECK(masks[0][1][5][2].item<float>() == 0);
  CHECK(masks[0][0].sum().item<float>() == 0);
  CHECK(masks[1].sum().item<float>() == 0);
  CHECK(masks[2][0][1][1].item<float>() == 1);
  CHECK(masks[2][0][5][5].item<float>() == 0);
}

TEST_CASE("the dice loss by hand") {
  const auto p = torch::tensor({.5, .5, 1., 0.}).view({1, 1, 2, 2});
  const auto y = torch::tensor({1., 0., 1., 0.}).view({1, 1, 2, 2});
  CHECK(dice_loss(p, y).item<double>() == Approx(1 - (2 * 1.5 + 1) / (2 + 2 + 1)));
  CHECK(dice_loss(y, y).item<double>() == Approx(0));
}

TEST_CASE("a U-Net learns to outline spots") {
  DetectorBench bench;
  write_drawn_store(bench.scratch / "set.h5", {24, 8}, {8, 2}, {12, 4});
  bench.options.arch = "unet_small";
  bench.options.steps = 120;
  bench.options.eval_every = 60;
  bench.options.negatives = .25;
  bench.train("run");
  Detector detector = bench.detector("run");
  const CocoBoxes boxes = detector.find(bench.store(), "test");
  CHECK(CocoMap(boxes.images, boxes.class_names).values()[1] > .6);
  CHECK_FALSE(boxes.masks);
  REQUIRE(detector.use_masks());
  const CocoBoxes masks = detector.find(bench.store(), "test");
  CHECK(CocoMap(masks.images, masks.class_names).values()[1] > .6);
  for (size_t i = 0; i < masks.images.size(); ++i)
    for (size_t k = 0; k < masks.images[i].found.size(); ++k) {
      const FoundBox& one = masks.images[i].found[k];
      CHECK(one.score == boxes.images[i].found[k].score);
      CHECK(one.mask->box().x == one.box.x);
      CHECK(one.mask->box().height == one.box.height);
    }
  detector.use_mirror_images();
  CHECK_FALSE(detector.use_masks());
  CHECK_FALSE(detector.find(bench.store(), "test").images[0].truth[0].mask);
}
