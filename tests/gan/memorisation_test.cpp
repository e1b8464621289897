// SPDX-License-Identifier: Apache-2.0
#include "gan/memorisation.hpp"

#include "tests/gan/tiny_gan.hpp"

using namespace evenray;

namespace {

cv::Mat four(int a, int b, int c, int d) { return (cv::Mat_<uint8_t>(2, 2) << a, b, c, d); }

/// Three pictures without correlation: the distance of any two is the root of 2.
const std::vector<cv::Mat> kTrain{
    four(150, 150, 50, 50), four(150, 50, 150, 50), four(150, 50, 50, 150)};

}  // namespace

TEST_CASE("nearest images, worked numbers") {
  const auto found = nearest_images(
      {four(200, 200, 100, 100), four(150, 100, 100, 50), four(70, 30, 70, 30), four(9, 9, 9, 9)},
      kTrain);
  REQUIRE(found.size() == 4);
  // Brightness and contrast do not count.
  CHECK(found[0].index == 0);
  CHECK(found[0].correlation == Approx(1).margin(1e-6));
  CHECK(found[1].correlation == Approx(std::sqrt(.5)).margin(1e-6));
  CHECK(found[2].index == 1);
  CHECK(found[2].correlation == Approx(1).margin(1e-6));
  CHECK(found[3].correlation == 0);
}

TEST_CASE("memorisation, worked numbers") {
  const double root2 = std::sqrt(2.);
  Memorisation copied = memorisation({kTrain[2].clone()}, kTrain);
  CHECK(copied.nearest_ratio == Approx(0).margin(1e-3));
  CHECK(copied.authentic == 0);
  CHECK(copied.flagged == 1);
  // Between two of the training images: correlation 1 / root 2 with either.
  Memorisation between = memorisation({four(150, 100, 100, 50)}, kTrain);
  CHECK(between.nearest_ratio == Approx(std::sqrt(2 - root2) / root2).margin(1e-6));
  CHECK(between.authentic == 0);
  CHECK(between.flagged == 0);
  // Training images that lie closer to each other than the drawn one to them: it is authentic.
  const std::vector<cv::Mat> pair{four(150, 150, 50, 50), four(150, 148, 50, 50)};
  Memorisation away = memorisation({four(150, 50, 150, 50), pair[0].clone()}, pair);
  CHECK(away.authentic == .5);
  CHECK(away.flagged == 1);
  CHECK(away.nearest_ratio > 1);
}

TEST_CASE("near-duplicates are found in larger pictures, which are shrunk") {
  std::vector<cv::Mat> train;
  for (uint64_t i = 0; i < 6; ++i) train.push_back(tiny_picture(i, 160, 128, 16));
  cv::Mat touched = train[4].clone();
  touched(cv::Rect(10, 10, 4, 4)) += 2000;
  const Memorisation found = memorisation({touched, tiny_picture(99, 160, 128, 16)}, train);
  CHECK(found.flagged >= 1);
  CHECK(nearest_images({touched}, train)[0].index == 4);
}

TEST_CASE("memorisation needs sets that can be compared") {
  CHECK(error_of([] { memorisation({kTrain[0]}, {kTrain[1]}); }).code() == Exit::bad_data);
  CHECK(error_of([] { nearest_images({}, kTrain); }).code() == Exit::bad_data);
  CHECK(error_of([] { nearest_images(kTrain, {}); }).code() == Exit::bad_data);
  CHECK(error_of([] { nearest_images({cv::Mat(2, 3, CV_8UC1)}, kTrain); }).code() ==
        Exit::bad_data);
}

TEST_CASE("a mirrored copy of a training image is a near duplicate") {
  std::vector<cv::Mat> train;
  for (uint64_t i = 0; i < 4; ++i) train.push_back(tiny_picture(i, 24, 16));
  cv::Mat mirrored;
  cv::flip(train[2], mirrored, 1);
  CHECK(memorisation({mirrored}, train).flagged == 1);
  CHECK(nearest_images({mirrored}, train)[0].index == 2);
}
