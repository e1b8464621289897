// SPDX-License-Identifier: Apache-2.0
#include <opencv2/imgproc.hpp>

#include "core/error.hpp"
#include "core/stats.hpp"
#include "gan/memorisation.hpp"

namespace evenray {
namespace {

/// Rows of zero mean and unit norm, images shrunk to a long side of at most 64: a product of two
/// rows is their correlation.
cv::Mat normalised_rows(const std::vector<cv::Mat>& images) {
  cv::Mat rows;
  for (const auto& image : images) {
    const double shrink = std::min(1., 64. / std::max(image.rows, image.cols));
    cv::Mat small, values;
    cv::resize(image, small, cv::Size(), shrink, shrink, cv::INTER_AREA);
    small.convertTo(values, CV_32F);
    values -= cv::mean(values)[0];
    const double norm = cv::norm(values);
    if (norm > 0) values /= norm;
    rows.push_back(values.reshape(1, 1));
  }
  return rows;
}

std::vector<Neighbour> best_columns(const cv::Mat& correlations, bool skip_diagonal) {
  std::vector<Neighbour> out;
  for (int i = 0; i < correlations.rows; ++i) {
    Neighbour best{0, -2};
    for (int j = 0; j < correlations.cols; ++j) {
      const double value = correlations.at<float>(i, j);
      if (value > best.correlation && !(skip_diagonal && i == j))
        best = {static_cast<size_t>(j), value};
    }
    out.push_back(best);
  }
  return out;
}

double distance(const Neighbour& neighbour) {
  return std::sqrt(std::max(0., 2 - 2 * neighbour.correlation));
}

double median_distance(const std::vector<Neighbour>& neighbours) {
  std::vector<double> values;
  for (const auto& neighbour : neighbours) values.push_back(distance(neighbour));
  return quantile(values, .5);
}

}  // namespace

std::vector<Neighbour> nearest_images(const std::vector<cv::Mat>& images,
                                      const std::vector<cv::Mat>& among) {
  check(!images.empty() && !among.empty(), Exit::bad_data, "nearest images of an empty set");
  check(images[0].size() == among[0].size(),
        Exit::bad_data,
        "nearest images of sets of different sizes");
  return best_columns(normalised_rows(images) * normalised_rows(among).t(), false);
}

Memorisation memorisation(const std::vector<cv::Mat>& fake, const std::vector<cv::Mat>& train) {
  check(train.size() >= 2, Exit::bad_data, "memorisation needs two training images or more");
  const cv::Mat train_rows = normalised_rows(train);
  const auto among_train = best_columns(train_rows * train_rows.t(), true);
  const auto nearest = best_columns(normalised_rows(fake) * train_rows.t(), false);
  Memorisation out;
  for (const auto& neighbour : nearest) {
    out.authentic += distance(among_train[neighbour.index]) < distance(neighbour);
    out.flagged += neighbour.correlation > kNearDuplicate;
  }
  out.authentic /= static_cast<double>(fake.size());
  out.nearest_ratio = median_distance(nearest) / median_distance(among_train);
  return out;
}

}  // namespace evenray
