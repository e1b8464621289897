// SPDX-License-Identifier: Apache-2.0
#include "gan/memorisation.hpp"

#include "metrics/stats.hpp"
#include "tests/gan/tiny_gan.hpp"

using namespace evenray;

namespace {

cv::Mat four(int a, int b, int c, int d) { return (cv::Mat_<uint8_t>(2, 2) << a, b, c, d); }

/// Three pictures without correlation: the distance of any two is the root of 2.
const std::vector<cv::Mat> kTrain{
    four(150, 150, 50, 50), four(150, 50, 150, 50), four(150, 50, 50, 150)};

Memorisation memorisation(const std::vector<cv::Mat>& fake, const std::vector<cv::Mat>& train) {
  return MemorisationGauge({train}).evaluate(fake);
}

std::vector<cv::Mat> memorisation_pictures(uint64_t first, uint64_t count) {
  std::vector<cv::Mat> out;
  for (uint64_t i = first; i < first + count; ++i) out.push_back(tiny_picture(i, 24, 16));
  return out;
}

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
  CHECK(copied.closeness.authentic == 0);
  CHECK(copied.flagged == 1);
  // Between two of the training images: correlation 1 / root 2 with either.
  Memorisation between = memorisation({four(150, 100, 100, 50)}, kTrain);
  CHECK(between.nearest_ratio == Approx(std::sqrt(2 - root2) / root2).margin(1e-6));
  CHECK(between.closeness.authentic == 0);
  CHECK(between.flagged == 0);
  // Training images that lie closer to each other than the drawn one to them: it is authentic.
  const std::vector<cv::Mat> pair{four(150, 150, 50, 50), four(150, 148, 50, 50)};
  Memorisation away = memorisation({four(150, 50, 150, 50), pair[0].clone()}, pair);
  CHECK(away.closeness.authentic == .5);
  CHECK(away.flagged == 1);
  CHECK(away.nearest_ratio > 1);
  // Without held-out images what to expect is what the training images are to each other.
  CHECK(away.nearest_ratio_real == Approx(1));
  CHECK(away.closeness.authentic_real == 0);
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

TEST_CASE("the threshold is the 5 % quantile of held-out images, where there are 20") {
  const RealImages real{memorisation_pictures(0, 30), {}, memorisation_pictures(100, 20)};
  const MemorisationGauge gauge(real);
  CHECK(gauge.threshold() == quantile(gauge.distances(real.held_out), .05));
  RealImages few = real;
  few.held_out.pop_back();
  const MemorisationGauge alone(few);
  CHECK(alone.threshold() != gauge.threshold());
  CHECK(gauge.evaluate(memorisation_pictures(200, 1)).closeness.held_out);
  CHECK_FALSE(alone.evaluate(memorisation_pictures(200, 1)).closeness.held_out);
}

TEST_CASE("without held-out images the threshold is between training images of other groups") {
  // Three directions, each twice with a little noise: one patient's views are near one another.
  std::vector<cv::Mat> views;
  for (const auto& image : kTrain) {
    views.push_back(image);
    cv::Mat other = image.clone();
    other.at<uint8_t>(0, 0) += 3;
    views.push_back(other);
  }
  const auto threshold = [&](const std::vector<std::string>& groups) {
    return MemorisationGauge({views, groups, {}}).threshold();
  };
  CHECK(threshold({"a", "a", "b", "b", "c", "c"}) > 1.3);
  CHECK(threshold({}) < .1);
  // An image without a group is its own; where all are of one, the groups tell nothing.
  CHECK(threshold(std::vector<std::string>(6)) == threshold({}));
  CHECK(threshold(std::vector<std::string>(6, "a")) == threshold({}));
}

TEST_CASE("images as far as held-out ones stay within the bound, copies do not") {
  const MemorisationGauge gauge({memorisation_pictures(0, 40), {}, memorisation_pictures(100, 60)});
  const Closeness fresh = gauge.evaluate(memorisation_pictures(200, 60)).closeness;
  // Below the 3.95th of 60 distances: the largest k with P(X >= k) of 5 % or more for X
  // beta-binomial of 60, 3.95 and 57.05.
  CHECK(fresh.bound == Approx(9 / 60.));
  CHECK(fresh.share <= fresh.bound);
  CHECK(fresh.share * 60 == Approx(static_cast<double>(fresh.drops.size())));
  auto fake = memorisation_pictures(200, 10);
  fake[3] = tiny_picture(5, 24, 16);
  fake[7] = tiny_picture(30, 24, 16);
  fake[8] = tiny_picture(6, 24, 16);
  const Memorisation found = gauge.evaluate(fake);
  CHECK(found.closeness.share > found.closeness.bound);
  CHECK(std::count(found.closeness.drops.begin(), found.closeness.drops.end(), 3u) == 1);
  CHECK(std::count(found.closeness.drops.begin(), found.closeness.drops.end(), 8u) == 1);
  CHECK(std::is_sorted(found.closeness.drops.begin(), found.closeness.drops.end()));
  // One gauge, many evaluations: each is its own.
  CHECK(gauge.evaluate(memorisation_pictures(200, 60)).closeness.drops == fresh.drops);
}

TEST_CASE("closeness in features, worked numbers") {
  const auto line = [](const std::vector<double>& places) {
    return torch::tensor(places, torch::kFloat).view({-1, 1});
  };
  // Nearest others: 1, 1, 3, 5: their 5 % quantile is 1.
  const auto train = line({0, 1, 4, 9});
  const Closeness found = feature_closeness(line({.5, 6.5, 4, 20}), train, {}, {});
  CHECK(found.threshold == 1);
  CHECK(found.drops == std::vector<size_t>{0, 2});
  CHECK(found.share == .5);
  CHECK_FALSE(found.held_out);
  REQUIRE(found.nearest.size() == 4);
  CHECK(found.nearest[1].index == 2);
  CHECK(found.nearest[1].distance == 2.5);
  // Of .5, 6.5, 4 and 20 the nearest have others at 1, 3, 3 and 5: the last alone is farther.
  CHECK(found.authentic == .25);
  // And of the training images themselves 4 and 9.
  CHECK(found.authentic_real == .5);
  // With the first two of one patient: 4, 3, 3, 5.
  CHECK(feature_closeness(line({3.}), train, {"a", "a", "b", "c"}, {}).threshold == Approx(3));
  // Held-out ones at .1, .2, ... 2 from 9.
  std::vector<double> beyond;
  for (int i = 1; i <= 20; ++i) beyond.push_back(9 + .1 * i);
  const Closeness unseen = feature_closeness(line({9.15, 9.3}), train, {}, line(beyond));
  CHECK(unseen.held_out);
  // 9 is 5 from its own nearest, farther than any of these from it.
  CHECK(unseen.authentic_real == 0);
  for (double& place : beyond) place += 10;
  CHECK(feature_closeness(line({9.}), train, {}, line(beyond)).authentic_real == 1);
  CHECK(unseen.threshold == Approx(.195).epsilon(1e-4));
  CHECK(unseen.drops == std::vector<size_t>{0});
}

TEST_CASE("the most alike images come first") {
  const auto found = most_similar(
      {four(150, 100, 100, 50), four(200, 200, 100, 100), four(9, 9, 9, 9)}, kTrain, 2);
  REQUIRE(found.size() == 2);
  CHECK(found[0].image == 1);
  CHECK(found[0].nearest.index == 0);
  CHECK(found[1].image == 0);
}
