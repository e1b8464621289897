// SPDX-License-Identifier: Apache-2.0
#include "lesion/harmonic.hpp"

#include <catch2/catch.hpp>

#include "core/rng.hpp"
#include "tests/pixels.hpp"

using namespace evenray;

namespace {

cv::Mat random_image(int rows, int cols, uint64_t seed) {
  cv::Mat out(rows, cols, CV_64F);
  Rng rng(seed);
  for (int y = 0; y < rows; ++y)
    for (int x = 0; x < cols; ++x) out.at<double>(y, x) = rng.uniform();
  return out;
}

/// Solves the five-point equations with the border of `border` and the Laplacian of `source` as one
/// dense system.
cv::Mat dense_solution(const cv::Mat& border, const cv::Mat& source) {
  const int rows = border.rows - 2, cols = border.cols - 2, n = rows * cols;
  cv::Mat matrix(n, n, CV_64F, cv::Scalar(0)), right(n, 1, CV_64F, cv::Scalar(0)), solution;
  for (int y = 0; y < rows; ++y) {
    for (int x = 0; x < cols; ++x) {
      const int row = y * cols + x;
      matrix.at<double>(row, row) = 4;
      double& value = right.at<double>(row);
      value = 4 * source.at<double>(y + 1, x + 1);
      for (const cv::Point by : {cv::Point(1, 0), {-1, 0}, {0, 1}, {0, -1}}) {
        const int to_y = y + by.y, to_x = x + by.x;
        value -= source.at<double>(to_y + 1, to_x + 1);
        if (to_y >= 0 && to_x >= 0 && to_y < rows && to_x < cols)
          matrix.at<double>(row, to_y * cols + to_x) = -1;
        else
          value += border.at<double>(to_y + 1, to_x + 1);
      }
    }
  }
  cv::solve(matrix, right, solution);
  cv::Mat out = border.clone();
  solution.reshape(1, rows).copyTo(out(cv::Rect(1, 1, cols, rows)));
  return out;
}

}  // namespace

TEST_CASE("the sine transforms solve the Poisson equation as a dense solver does", "[harmonic]") {
  for (const auto& [rows, cols] : {std::pair(3, 3), {7, 12}, {20, 9}}) {
    const cv::Mat patch = random_image(rows, cols, 1), ground = random_image(rows, cols, 2);
    const cv::Mat flat(rows, cols, CV_64F, cv::Scalar(0));
    CHECK(cv::norm(harmonic(ground), dense_solution(ground, flat), cv::NORM_INF) < 1e-12);
    CHECK(cv::norm(poisson_copy(patch, ground), dense_solution(ground, patch), cv::NORM_INF) <
          1e-12);
  }
}

TEST_CASE("a plane is its own harmonic interpolation", "[harmonic]") {
  cv::Mat plane(30, 41, CV_64F);
  for (int y = 0; y < plane.rows; ++y)
    for (int x = 0; x < plane.cols; ++x) plane.at<double>(y, x) = .1 + .02 * x - .01 * y;
  cv::Mat hidden = plane.clone();
  hidden(cv::Rect(1, 1, 39, 28)) = 9;
  CHECK(cv::norm(harmonic(hidden), plane, cv::NORM_INF) < 1e-12);
  CHECK(cv::norm(residual(plane), cv::NORM_INF) < 1e-12);
}

TEST_CASE("images without inner pixels stay as they are", "[harmonic]") {
  const cv::Mat image = random_image(2, 9, 3);
  CHECK(same_pixels(harmonic(image), image));
}
