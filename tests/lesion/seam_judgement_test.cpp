// SPDX-License-Identifier: Apache-2.0
#include "classifier/classifier.hpp"
#include "lesion/seam.hpp"
#include "tests/lesion/lesion_store.hpp"
#include "tests/nn/torch_fixture.hpp"

using namespace evenray;

TEST_CASE("the small network tells a seam that was drawn on purpose", "[seam]") {
  const ScratchFolder folder;
  write_bone_store(folder / "a.h5", {.broken = 24, .sound = 100});
  const Store store(folder / "a.h5");
  LesionOptions loose;
  loose.likeness = -1;
  loose.tolerance = 1;
  LesionSource source(store, LesionKind::healthy, loose, 1);
  SeamCrops crops = seam_crops(store, source, 0, SeamControl::negatives, 44, Rng(3));
  REQUIRE(crops.pasted.size() >= 40);
  REQUIRE(crops.untouched.size() >= 40);
  Runtime runtime;
  runtime.threads = 1;
  runtime.device = "cpu";
  runtime.precision = "fp32";
  for (auto& crop : crops.pasted) {
    crop = crop.clone();
    const int margin = crop.cols / 6;  // crops have one and a half sides of a patch
    const cv::Rect patch(margin, margin, crop.cols - 2 * margin, crop.rows - 2 * margin);
    cv::rectangle(crop, patch, cv::Scalar(120), 1);
  }
  const Json told = origin_auroc(crops.untouched,
                                 crops.untouched_groups,
                                 crops.pasted,
                                 25,
                                 5,
                                 make_compute(runtime),
                                 crops.pasted_groups);
  CHECK(told.at("auroc") > .9);
}
