// SPDX-License-Identifier: Apache-2.0
#include <torch/torch.h>
#undef CHECK
#include <catch2/catch.hpp>

#include "classifier/classifier.hpp"
#include "core/error.hpp"
#include "tests/classifier/blobs.hpp"
#include "tests/fixture.hpp"

using namespace evenray;

namespace {

std::vector<cv::Mat> pictures(uint64_t first, uint64_t count, bool marked = false) {
  std::vector<cv::Mat> out;
  for (uint64_t i = first; i < first + count; ++i) {
    out.push_back(blob_picture(i, true));
    if (marked) out.back()(cv::Rect(0, 0, 4, 4)).setTo(250);
  }
  return out;
}

}  // namespace

TEST_CASE("two halves of one set cannot be told apart") {
  const Json found = origin_auroc(pictures(0, 120), pictures(500, 120), 40, 1, plain_compute());
  CHECK(found["auroc"].get<double>() == Approx(.5).margin(.16));
  CHECK(found["ci"][0] < .5);
  CHECK(found["ci"][1] > .5);
  CHECK(found["n_real"] == 120);
  CHECK(found["n_synthetic"] == 120);
  CHECK(found["held_out"] == 120);
}

TEST_CASE("an obvious mark is found") {
  const Json found = origin_auroc(pictures(0, 60), pictures(500, 60, true), 40, 1, plain_compute());
  CHECK(found["auroc"].get<double>() > .95);
  CHECK(found["ci"][0] > .9);
  CHECK(found == origin_auroc(pictures(0, 60), pictures(500, 60, true), 40, 1, plain_compute()));
}

TEST_CASE("too few images for the origin test") {
  const Error error =
      error_of([] { origin_auroc(pictures(0, 19), pictures(50, 30), 5, 1, plain_compute()); });
  CHECK(error.code() == Exit::bad_data);
  CHECK(contains(error.what(), "20 images of each kind, there are 19 and 30"));
}
