// SPDX-License-Identifier: Apache-2.0
#include "lesion/texture.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "core/rng.hpp"

using namespace evenray;

namespace {

/// A wave whose gradient has the direction `angle_deg`.
cv::Mat wave(double angle_deg, double phase = 0) {
  cv::Mat out(60, 60, CV_8UC1);
  const double c = std::cos(angle_deg * CV_PI / 180), s = std::sin(angle_deg * CV_PI / 180);
  for (int y = 0; y < 60; ++y)
    for (int x = 0; x < 60; ++x)
      out.at<uint8_t>(y, x) = static_cast<uint8_t>(
          std::lround(128 + 100 * std::sin(2 * CV_PI * (c * x + s * y + phase) / 20)));
  return out;
}

const cv::Rect kInner(10, 10, 40, 40);
cv::Mat everywhere() { return {40, 40, CV_8UC1, cv::Scalar(255)}; }

}  // namespace

TEST_CASE("the structure tensor finds the direction of an edge", "[texture]") {
  for (const double angle : {-60., 0., 30., 75.}) {
    const Texture texture = texture_of(Scene(wave(angle), 255), kInner, everywhere());
    CHECK(texture.angle_deg == Approx(angle).margin(.5));
    CHECK(texture.coherence > .98);
    CHECK(texture.mean == Approx(128. / 255).margin(.01));
  }
}

TEST_CASE("mean, spread and gradient of a ramp", "[texture]") {
  cv::Mat ramp(60, 60, CV_16UC1);
  for (int y = 0; y < 60; ++y)
    for (int x = 0; x < 60; ++x) ramp.at<uint16_t>(y, x) = static_cast<uint16_t>(650 * x);
  const Texture texture = texture_of(Scene(ramp, 65000), kInner, everywhere());
  CHECK(texture.gradient == Approx(.01).epsilon(1e-3));
  CHECK(texture.mean == Approx(.01 * 29.5).epsilon(1e-3));
  CHECK(texture.spread == Approx(.01 * std::sqrt((40 * 40 - 1) / 12.)).epsilon(1e-3));
  CHECK(texture.angle_deg == Approx(0).margin(1e-3));
  CHECK(mean_in(Scene(ramp, 65000), kInner) == Approx(texture.mean));
}

TEST_CASE("only the chosen pixels count", "[texture]") {
  cv::Mat image(60, 60, CV_8UC1, cv::Scalar(51));
  image(cv::Rect(30, 0, 30, 60)) = 255;
  cv::Mat left = everywhere();
  left(cv::Rect(15, 0, 25, 40)) = 0;
  const Texture texture = texture_of(Scene(image, 255), kInner, left);
  CHECK(texture.mean == Approx(.2));
  CHECK(texture.gradient == Approx(0).margin(1e-6));
}

TEST_CASE("textures are alike within the bounds", "[texture]") {
  const Texture one{.5, .1, .02, 85, .9};
  const Likeness bounds{.2, 20};
  const auto with = [&](auto change) {
    Texture other = one;
    change(other);
    return alike(one, other, bounds);
  };
  CHECK(with([](Texture& t) { t.mean = .41; }));
  CHECK_FALSE(with([](Texture& t) { t.mean = .39; }));
  CHECK_FALSE(with([](Texture& t) { t.gradient = .026; }));
  CHECK(with([](Texture& t) { t.angle_deg = -80; }));  // 15 degrees across the turn
  CHECK_FALSE(with([](Texture& t) { t.angle_deg = 60; }));
  CHECK(with([](Texture& t) { t.angle_deg = 60, t.coherence = .2; }));
  CHECK(alike_values(.5, .41, .2));
  CHECK_FALSE(alike_values(.5, .39, .2));
}

TEST_CASE("correlation is 1 for one pattern at another contrast, and 0 on flat ground",
          "[texture]") {
  const cv::Mat image = wave(20);
  cv::Mat dim;
  image.convertTo(dim, CV_8U, .5, 40);
  const Scene a(image, 255), b(dim, 255), flat(cv::Mat(60, 60, CV_8UC1, cv::Scalar(9)), 255);
  CHECK(correlation(a, kInner, b, kInner) > .999);
  CHECK(correlation(a, kInner, Scene(wave(20, 10), 255), kInner) < -.99);
  CHECK(correlation(a, kInner, flat, kInner) == 0);
}

TEST_CASE("the noise of a ramp is what was added to it", "[texture]") {
  cv::Mat image(80, 80, CV_64F);
  Rng rng(4);
  for (int y = 0; y < 80; ++y)
    for (int x = 0; x < 80; ++x) image.at<double>(y, x) = .3 + .003 * x + .02 * rng.normal();
  const cv::Mat all(80, 80, CV_8UC1, cv::Scalar(255));
  CHECK(noise_level(image, all) == Approx(.02).epsilon(.05));
  CHECK(noise_level(image, cv::Mat::zeros(80, 80, CV_8UC1)) == 0);
}
