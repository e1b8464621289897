// SPDX-License-Identifier: Apache-2.0
#include "dataset/copies/landmark_match.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace evenray {
namespace {

/// Of 256 bits; descriptors of unrelated regions differ in about 128.
constexpr int kMostDifferentBits = 64;
constexpr size_t kFewestMatches = 4;
/// A proposal from one pair allows 10 px and a fifth of the distance from that pair, since angle
/// and size are coarse; then the tolerance falls in steps as the map is refined.
constexpr double kProposedPx = 10, kProposedShare = .2;
constexpr std::array kRefinedPx{15., 10., 5., 5.};
constexpr double kMostEnlarged = 2.2, kMostStretched = 1.8;

struct Match {
  Landmark a, b;
};
using Matches = std::vector<Match>;

/// Returns the pairs of landmarks that are each other's nearest.
Matches mutual_matches(const Landmarks& a, const Landmarks& b, bool mirrored) {
  const cv::Mat& of_a = mirrored ? a.mirrored : a.descriptors;
  Matches matches;
  if (of_a.rows < static_cast<int>(kFewestMatches) || b.descriptors.rows < 1) return matches;
  cv::Mat distances;
  cv::batchDistance(of_a, b.descriptors, distances, CV_32S, cv::noArray(), cv::NORM_HAMMING);
  std::vector<int> nearest_b(a.points.size(), 0), nearest_a(b.points.size(), 0);
  for (int i = 0; i < distances.rows; ++i) {
    for (int j = 0; j < distances.cols; ++j) {
      auto& best_b = nearest_b[static_cast<size_t>(i)];
      auto& best_a = nearest_a[static_cast<size_t>(j)];
      if (distances.at<int>(i, j) < distances.at<int>(i, best_b)) best_b = j;
      if (distances.at<int>(i, j) < distances.at<int>(best_a, j)) best_a = i;
    }
  }
  for (int i = 0; i < distances.rows; ++i) {
    const int j = nearest_b[static_cast<size_t>(i)];
    if (nearest_a[static_cast<size_t>(j)] != i || distances.at<int>(i, j) > kMostDifferentBits)
      continue;
    const auto& point = a.points[static_cast<size_t>(i)];
    matches.push_back({mirrored ? a.mirror(point) : point, b.points[static_cast<size_t>(j)]});
  }
  return matches;
}

Matches agreeing_with(const Match& seed, const Matches& matches) {
  const double scale = seed.b.size_px / seed.a.size_px, turn = seed.b.angle - seed.a.angle;
  const double c = scale * std::cos(turn), s = scale * std::sin(turn);
  Matches agreeing;
  for (const auto& match : matches) {
    const double dx = match.a.x - seed.a.x, dy = match.a.y - seed.a.y;
    const double off_x = seed.b.x + c * dx - s * dy - match.b.x;
    const double off_y = seed.b.y + s * dx + c * dy - match.b.y;
    const double tolerance_px = kProposedPx + kProposedShare * std::sqrt(dx * dx + dy * dy);
    if (off_x * off_x + off_y * off_y < tolerance_px * tolerance_px) agreeing.push_back(match);
  }
  return agreeing;
}

/// Least squares; nothing if the points are on one line.
std::optional<cv::Matx33d> fit_affine(const Matches& matches) {
  cv::Matx33d normal = cv::Matx33d::zeros();
  cv::Matx<double, 3, 2> right = cv::Matx<double, 3, 2>::zeros();
  for (const auto& match : matches) {
    const cv::Vec3d a(match.a.x, match.a.y, 1);
    normal += a * a.t();
    right += a * cv::Matx12d(match.b.x, match.b.y);
  }
  cv::Matx<double, 3, 2> solved;
  if (!cv::solve(normal, right, solved, cv::DECOMP_CHOLESKY)) return std::nullopt;
  return cv::Matx33d(solved(0, 0),
                     solved(1, 0),
                     solved(2, 0),  //
                     solved(0, 1),
                     solved(1, 1),
                     solved(2, 1),  //
                     0,
                     0,
                     1);
}

/// Whether the two singular values of the map are those of a copy.
bool plausible(const cv::Matx33d& map) {
  const double determinant = map(0, 0) * map(1, 1) - map(0, 1) * map(1, 0);
  const double squares =
      map(0, 0) * map(0, 0) + map(0, 1) * map(0, 1) + map(1, 0) * map(1, 0) + map(1, 1) * map(1, 1);
  const double root = std::sqrt(std::max(0., squares * squares - 4 * determinant * determinant));
  const double larger = std::sqrt((squares + root) / 2);
  const double smaller = std::sqrt(std::max(0., (squares - root) / 2));
  return determinant > 0 && larger <= kMostEnlarged && smaller >= 1 / kMostEnlarged &&
         larger <= kMostStretched * smaller;
}

}  // namespace

std::optional<Alignment> align(const Landmarks& a, const Landmarks& b, bool mirrored) {
  const Matches matches = mutual_matches(a, b, mirrored);
  Matches best;
  for (const auto& seed : matches) {
    Matches agreeing = agreeing_with(seed, matches);
    if (agreeing.size() > best.size()) best = std::move(agreeing);
  }
  cv::Matx33d map;
  for (const double tolerance_px : kRefinedPx) {
    if (best.size() < kFewestMatches) return std::nullopt;
    const auto fitted = fit_affine(best);
    if (!fitted) return std::nullopt;
    map = *fitted;
    best.clear();
    for (const auto& match : matches) {
      const cv::Vec3d moved = map * cv::Vec3d(match.a.x, match.a.y, 1);
      if (std::hypot(moved[0] - match.b.x, moved[1] - match.b.y) < tolerance_px)
        best.push_back(match);
    }
  }
  if (best.size() < kFewestMatches || !plausible(map)) return std::nullopt;
  return Alignment{map, mirrored, static_cast<int>(best.size())};
}

}  // namespace evenray
