// SPDX-License-Identifier: Apache-2.0
#include "lesion/harmonic.hpp"

#include <cmath>

namespace evenray {
namespace {

/// The matrix of the sine transform DST-I of length n. It is symmetric, and its square is
/// (n + 1) / 2 times the identity.
cv::Mat sines(int n) {
  cv::Mat out(n, n, CV_64F);
  for (int i = 0; i < n; ++i)
    for (int j = 0; j < n; ++j) {
      // The angle is reduced by whole turns in integers, so that it stays exact.
      const int64_t turns = int64_t{i + 1} * (j + 1) % (2 * (n + 1));
      out.at<double>(i, j) = std::sin(CV_PI * static_cast<double>(turns) / (n + 1));
    }
  return out;
}

double eigenvalue(int i, int n) { return 2 - 2 * std::cos(CV_PI * (i + 1) / (n + 1)); }

}  // namespace

cv::Mat harmonic(const cv::Mat& image) {
  cv::Mat out = image.clone();
  const int rows = image.rows - 2, cols = image.cols - 2;
  if (rows < 1 || cols < 1) return out;
  // The border moves to the right-hand side of the five-point equations.
  cv::Mat right(rows, cols, CV_64F, cv::Scalar(0));
  right.row(0) += image(cv::Rect(1, 0, cols, 1));
  right.row(rows - 1) += image(cv::Rect(1, rows + 1, cols, 1));
  right.col(0) += image(cv::Rect(0, 1, 1, rows));
  right.col(cols - 1) += image(cv::Rect(cols + 1, 1, 1, rows));
  const cv::Mat down = sines(rows), across = sines(cols);
  cv::Mat spectrum = down * right * across;
  for (int i = 0; i < rows; ++i)
    for (int j = 0; j < cols; ++j)
      spectrum.at<double>(i, j) /= eigenvalue(i, rows) + eigenvalue(j, cols);
  const cv::Mat inner = down * spectrum * across * (4. / ((rows + 1.) * (cols + 1.)));
  inner.copyTo(out(cv::Rect(1, 1, cols, rows)));
  return out;
}

cv::Mat poisson_copy(const cv::Mat& patch, const cv::Mat& ground) {
  return patch + harmonic(ground - patch);
}

cv::Mat residual(const cv::Mat& patch) { return patch - harmonic(patch); }

}  // namespace evenray
