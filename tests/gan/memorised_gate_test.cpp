// SPDX-License-Identifier: Apache-2.0
#include "gan/memorisation.hpp"
#include "tests/gan/tiny_gan.hpp"

using namespace evenray;

TEST_CASE("the memorised gate rejects what is nearer to the class's images than others are") {
  const ScratchFolder scratch;
  write_tiny_store(scratch / "set.h5", {.rare = 30, .common = 8, .val = 20});
  const Store store(scratch / "set.h5");
  const auto gate = memorised_gate(store);
  CHECK(gate->name() == "memorised");
  CHECK(gate->applies(Origin::synthetic));
  CHECK_FALSE(gate->applies(Origin::augmented));
  CHECK_FALSE(gate->applies(Origin::copy));

  const auto rejected = [&](const cv::Mat& image, int class_index) {
    return gate->reject({image, {Origin::synthetic, -1, "", 0}}, class_index);
  };
  const cv::Mat rare = store.image("train", 3);
  CHECK(rejected(rare, 1) == std::string("nearer to a training image than held-out ones are"));
  // Known of the other class it is no image of its own.
  CHECK_FALSE(rejected(rare, 0).has_value());
  CHECK(rejected(store.image("train", 31), 0).has_value());

  const MemorisationGauge gauge(real_images(store, "Rare"));
  int passed = 0;
  for (uint64_t i = 200; i < 240; ++i) {
    const cv::Mat fresh = tiny_picture(i, 24, 16);
    const bool near = gauge.distances({fresh})[0] < gauge.threshold();
    CHECK(rejected(fresh, 1).has_value() == near);
    passed += !near;
  }
  CHECK(passed > 30);
}
