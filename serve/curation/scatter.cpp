// SPDX-License-Identifier: Apache-2.0
#include "serve/curation/scatter.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/parallel.hpp"

namespace evenray {
namespace {

/// Scales both axes alike to a largest absolute value of 1.
void scale(Places& places) {
  float largest = 0;
  for (const auto& place : places)
    for (const float side : place) largest = std::max(largest, std::abs(side));
  if (largest == 0) return;
  for (auto& place : places)
    for (float& side : place) side /= largest;
}

cv::Mat squared_distances(const cv::Mat& rows, int threads) {
  cv::Mat out(rows.rows, rows.rows, CV_64F);
  parallel_for(static_cast<size_t>(rows.rows), threads, [&](size_t i) {
    const auto at = static_cast<int>(i);
    for (int j = 0; j < rows.rows; ++j)
      out.at<double>(at, j) = std::pow(cv::norm(rows.row(at), rows.row(j), cv::NORM_L2), 2);
  });
  return out;
}

/// Turns a row of squared distances into the conditional probabilities p(j|i) whose entropy is the
/// logarithm of the perplexity (equation 1 of the paper), by bisection on the precision.
void conditional(double* row, int count, int own, double perplexity) {
  constexpr int kBisections = 60;
  constexpr double kTolerance = 1e-5;
  const std::vector<double> distances(row, row + count);
  double nearest = std::numeric_limits<double>::infinity();
  for (int j = 0; j < count; ++j)
    if (j != own) nearest = std::min(nearest, distances[static_cast<size_t>(j)]);
  double precision = 1, low = 0, high = std::numeric_limits<double>::infinity();
  for (int tries = 0; tries < kBisections; ++tries) {
    double sum = 0, weighted = 0;
    for (int j = 0; j < count; ++j) {
      // The nearest distance is subtracted, so that the sum is never 0; it cancels out.
      const double further = distances[static_cast<size_t>(j)] - nearest;
      row[j] = j == own ? 0 : std::exp(-precision * further);
      sum += row[j];
      weighted += row[j] * further;
    }
    const double entropy = std::log(sum) + precision * weighted / sum;
    for (int j = 0; j < count; ++j) row[j] /= sum;
    const double difference = entropy - std::log(perplexity);
    if (std::abs(difference) < kTolerance) return;
    (difference > 0 ? low : high) = precision;
    precision = std::isinf(high) ? 2 * precision : (low + high) / 2;
  }
}

}  // namespace

Places principal_places(const cv::Mat& rows) {
  constexpr int kAxes = 2;
  Places out(static_cast<size_t>(rows.rows), {0, 0});
  const int axes = std::min({kAxes, rows.rows, rows.cols});
  const cv::PCA pca(rows, cv::noArray(), cv::PCA::DATA_AS_ROW, axes);
  const cv::Mat found = pca.project(rows);
  for (int i = 0; i < rows.rows; ++i)
    for (int axis = 0; axis < found.cols; ++axis)
      out[static_cast<size_t>(i)][static_cast<size_t>(axis)] = found.at<float>(i, axis);
  scale(out);
  return out;
}

Places tsne_places(const cv::Mat& rows, double perplexity, int steps, int threads) {
  constexpr int kExaggerated = 250;
  constexpr double kExaggeration = 12, kStart = 1e-4, kLeastGain = .01;
  const int count = rows.rows;
  Places out = principal_places(rows);
  if (count < 4) return out;
  perplexity = std::min(perplexity, (count - 1) / 3.);
  cv::Mat joint = squared_distances(rows, threads);
  parallel_for(static_cast<size_t>(count), threads, [&](size_t i) {
    conditional(joint.ptr<double>(static_cast<int>(i)), count, static_cast<int>(i), perplexity);
  });
  joint = (joint + joint.t()) / (2. * count);

  const double rate = std::max(count / kExaggeration / 4, 50.);  // Belkina et al. 2019
  std::vector<std::array<double, 2>> at(out.size()), speed(out.size(), {0, 0}),
      gain(out.size(), {1, 1}), slope(out.size());
  for (size_t i = 0; i < out.size(); ++i) at[i] = {kStart * out[i][0], kStart * out[i][1]};
  std::vector<double> row_sums(out.size());
  for (int step = 0; step < steps; ++step) {
    const double exaggeration = step < kExaggerated ? kExaggeration : 1;
    const auto closeness = [&](size_t i, size_t j) {
      const double dx = at[i][0] - at[j][0], dy = at[i][1] - at[j][1];
      return 1 / (1 + dx * dx + dy * dy);
    };
    parallel_for(out.size(), threads, [&](size_t i) {
      double sum = 0;
      for (size_t j = 0; j < out.size(); ++j)
        if (j != i) sum += closeness(i, j);
      row_sums[i] = sum;
    });
    double total = 0;
    for (const double sum : row_sums) total += sum;
    parallel_for(out.size(), threads, [&](size_t i) {  // equation 5
      const double* p = joint.ptr<double>(static_cast<int>(i));
      slope[i] = {0, 0};
      for (size_t j = 0; j < out.size(); ++j) {
        if (j == i) continue;
        const double q = closeness(i, j);
        const double force = 4 * (exaggeration * p[j] - q / total) * q;
        for (size_t axis = 0; axis < 2; ++axis)
          slope[i][axis] += force * (at[i][axis] - at[j][axis]);
      }
    });
    const double momentum = step < kExaggerated ? .5 : .8;
    for (size_t i = 0; i < out.size(); ++i)
      for (size_t axis = 0; axis < 2; ++axis) {
        const bool same = (slope[i][axis] > 0) == (speed[i][axis] > 0);
        gain[i][axis] = std::max(kLeastGain, same ? gain[i][axis] * .8 : gain[i][axis] + .2);
        speed[i][axis] = momentum * speed[i][axis] - rate * gain[i][axis] * slope[i][axis];
        at[i][axis] += speed[i][axis];
      }
  }
  for (size_t i = 0; i < out.size(); ++i)
    out[i] = {static_cast<float>(at[i][0]), static_cast<float>(at[i][1])};
  scale(out);
  return out;
}

}  // namespace evenray
