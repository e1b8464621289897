// SPDX-License-Identifier: Apache-2.0
#include "core/error.hpp"
#include "metrics/detection/coco_map.hpp"
#include "tests/detector/drawn.hpp"

using namespace evenray;

namespace {

struct TwoStageBench : DetectorBench {
  TwoStageBench() {
    options.arch = "fasterrcnn_small_fpn";
    options.anchor_px = 6;
    options.minibatch = 2;
    options.steps = 4;
    options.eval_every = 2;
  }
};

}  // namespace

TEST_CASE("a two-stage detector learns to find spots") {
  TwoStageBench bench;
  write_drawn_store(bench.scratch / "set.h5", {24, 8}, {8, 2}, {12, 4});
  bench.options.steps = 120;
  bench.options.eval_every = 60;
  bench.options.minibatch = 4;
  bench.options.negatives = .25;
  bench.options.lr = 1e-3;
  bench.train("run");
  const CocoBoxes test = bench.detector("run").find(bench.store(), "test");
  CHECK(CocoMap(test.images, test.class_names).values()[1] > .6);
  for (const auto& image : test.images)
    for (const auto& found : image.found) {
      CHECK(found.box.x + found.box.width <= 64);
      CHECK(found.class_index >= 0);
      CHECK(found.class_index < 2);
    }
}

TEST_CASE("Mask R-CNN learns boxes and masks") {
  TwoStageBench bench;
  write_drawn_store(bench.scratch / "set.h5", {24, 8}, {8, 2}, {12, 4});
  bench.options.arch = "maskrcnn_small_fpn";
  bench.options.steps = 120;
  bench.options.eval_every = 60;
  bench.options.minibatch = 4;
  bench.options.negatives = .25;
  bench.options.lr = 1e-3;
  bench.train("run");
  Detector detector = bench.detector("run");
  REQUIRE(detector.use_masks());
  const CocoBoxes found = detector.find(bench.store(), "test");
  const auto ap50 = [](const CocoBoxes& boxes) {
    return CocoMap(boxes.images, boxes.class_names).values()[1];
  };
  CHECK(ap50(boxes_only(found)) > .6);
  CHECK(ap50(masks_only(found)) > .6);
}

TEST_CASE("a two-stage detector starts from weights and resumes bit for bit") {
  TwoStageBench bench;
  write_drawn_store(bench.scratch / "set.h5");
  write_small_weights(bench.scratch / "w.safetensors");
  bench.options.weights = (bench.scratch / "w.safetensors").string();
  bench.options.frozen_depths = 1;
  bench.options.frozen_statistics = true;
  bench.check_resume();
  const auto whole = read_safetensors(bench.scratch / "whole" / "checkpoints" / "best.safetensors");
  const Json facts = Json::parse(whole.metadata.at("facts"));
  CHECK(facts["pixels"]["mean"] == Json{.4, .4, .4});
}

TEST_CASE("weights of other networks are refused") {
  TwoStageBench bench;
  write_small_weights(bench.scratch / "w.safetensors");
  bench.options.weights = (bench.scratch / "w.safetensors").string();
  CHECK_NOTHROW(check_weights(bench.options));
  bench.options.arch = "fasterrcnn_resnet50_fpn";
  CHECK(error_of([&] { check_weights(bench.options); }).code() == Exit::bad_data);
  bench.options.arch = "fasterrcnn_small_fpn";
  bench.options.frozen_depths = 9;
  CHECK(error_of([&] { check_weights(bench.options); }).code() == Exit::config);
}
