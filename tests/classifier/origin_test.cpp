// SPDX-License-Identifier: Apache-2.0

#include "classifier/classifier.hpp"
#include "core/error.hpp"
#include "tests/classifier/blobs.hpp"
#include "tests/fixture.hpp"
#include "tests/torch_catch.hpp"

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

/// Two images a group.
std::vector<std::string> pairs(size_t count) {
  std::vector<std::string> out;
  for (size_t i = 0; i < count; ++i) out.push_back(std::to_string(i / 2));
  return out;
}

Json origin_of(const std::vector<cv::Mat>& real, const std::vector<cv::Mat>& synthetic, int steps) {
  return origin_auroc(real, pairs(real.size()), synthetic, steps, 1, plain_compute());
}

}  // namespace

TEST_CASE("two halves of one set cannot be told apart") {
  const Json found = origin_of(pictures(0, 120), pictures(500, 120), 40);
  CHECK(found["auroc"].get<double>() == Approx(.5).margin(.16));
  CHECK(found["ci"][0] < .5);
  CHECK(found["ci"][1] > .5);
  CHECK(found["n_real"] == 120);
  CHECK(found["n_synthetic"] == 120);
  CHECK(found["held_out"] == 120);
}

TEST_CASE("an obvious mark is found") {
  const Json found = origin_of(pictures(0, 60), pictures(500, 60, true), 40);
  CHECK(found["auroc"].get<double>() > .95);
  CHECK(found["ci"][0] > .9);
  CHECK(found == origin_of(pictures(0, 60), pictures(500, 60, true), 40));
}

TEST_CASE("what one patient shares does not tell the origin") {
  // Six pictures of each of 20 patients, all the same: known by heart from one half, they would
  // give the other away.
  std::vector<cv::Mat> real;
  std::vector<std::string> groups, each;
  for (const auto& picture : pictures(0, 20)) {
    for (int copy = 0; copy < 6; ++copy) {
      real.push_back(picture);
      groups.push_back(std::to_string(groups.size() / 6));
      each.push_back(std::to_string(each.size()));
    }
  }
  const auto fake = pictures(500, 120);
  const Json apart = origin_auroc(real, groups, fake, 100, 1, plain_compute());
  const Json mixed = origin_auroc(real, each, fake, 100, 1, plain_compute());
  CHECK(apart["held_out"] == 120);
  CHECK(apart["auroc"].get<double>() < .7);
  CHECK(mixed["auroc"].get<double>() > .8);
}

TEST_CASE("too few images, or one group, for the origin test") {
  CHECK(origin_of(pictures(0, 19), pictures(50, 30), 5).is_null());
  const std::vector<std::string> one(30, "same");
  CHECK(origin_auroc(pictures(0, 30), one, pictures(50, 30), 5, 1, plain_compute()).is_null());
}
