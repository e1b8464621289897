// SPDX-License-Identifier: Apache-2.0
#include "augment/thumbnails.hpp"

#include <catch2/catch.hpp>
#include <opencv2/imgproc.hpp>

#include "tests/augment/little_store.hpp"

using namespace evenray;

namespace {

double plain_correlation(const cv::Mat& a, const cv::Mat& b) {
  cv::Mat out;
  cv::matchTemplate(a, b, out, cv::TM_CCOEFF_NORMED);
  return out.at<float>(0, 0);
}

}  // namespace

TEST_CASE(
    "thumbnails give the correlation of two pictures or of one and the other's mirror image") {
  for (const int width : {kLittleWidth, kLittleWidth - 1}) {
    const auto picture = [&](uint64_t number) {
      return cv::Mat(little_picture(number), cv::Rect(0, 0, width, kLittleHeight));
    };
    const Thumbnails form({width, kLittleHeight}, 64);
    const auto correlation = [&](const cv::Mat& a, const cv::Mat& b) {
      std::vector<float> first(form.length()), second(form.length());
      form.write(a, first.data());
      form.write(b, second.data());
      return form.correlation(first.data(), second.data());
    };
    for (uint64_t i = 0; i < 10; ++i) {
      cv::Mat mirrored;
      cv::flip(picture(i + 1), mirrored, 1);
      const double expected = std::max(plain_correlation(picture(i), picture(i + 1)),
                                       plain_correlation(picture(i), mirrored));
      CHECK(correlation(picture(i), picture(i + 1)) == Approx(expected).margin(1e-5));
      CHECK(correlation(picture(i), mirrored) == Approx(expected).margin(1e-5));
      CHECK(correlation(mirrored, picture(i + 1)) == Approx(1).margin(1e-6));
    }
    CHECK(correlation(picture(0), cv::Mat(kLittleHeight, width, CV_8UC1, cv::Scalar(9))) == 0);
  }
}
