// SPDX-License-Identifier: Apache-2.0
#include "dataset/image/area.hpp"

#include <catch2/catch.hpp>
#include <opencv2/imgproc.hpp>

using namespace evenray;

namespace {

cv::Mat noise(int height, int width, int type) {
  cv::Mat image(height, width, type);
  cv::RNG(7).fill(image, cv::RNG::UNIFORM, 0, type == CV_8UC1 ? 256 : 65536);
  return image;
}

}  // namespace

TEST_CASE("a pixel is the mean of the area it covers", "[area]") {
  const cv::Mat row = (cv::Mat_<uint8_t>(1, 3) << 30, 60, 90);
  const cv::Mat two = area_average(row, 1, 2);
  CHECK(int(two.at<uint8_t>(0, 0)) == 40);  // (30 + 60 / 2) / 1.5
  CHECK(int(two.at<uint8_t>(0, 1)) == 80);
  CHECK(int(area_average(row, 1, 1).at<uint8_t>(0, 0)) == 60);
}

TEST_CASE("area averages are those of OpenCV within one grey level", "[area]") {
  for (const int type : {CV_8UC1, CV_16UC1}) {
    const cv::Mat image = noise(97, 83, type);
    for (const cv::Size size : {cv::Size(83, 97), {83, 50}, {40, 97}, {64, 64}, {7, 3}, {1, 1}}) {
      cv::Mat theirs;
      cv::resize(image, theirs, size, 0, 0, cv::INTER_AREA);
      CHECK(cv::norm(area_average(image, size.height, size.width), theirs, cv::NORM_INF) <= 1);
    }
  }
}

TEST_CASE("the brightest image stays the brightest", "[area]") {
  const cv::Mat deep = area_average(cv::Mat(101, 77, CV_16UC1, cv::Scalar(65535)), 31, 29);
  CHECK(cv::countNonZero(deep != 65535) == 0);
  const cv::Mat flat = area_average(cv::Mat(101, 77, CV_8UC1, cv::Scalar(255)), 31, 29);
  CHECK(cv::countNonZero(flat != 255) == 0);
}
