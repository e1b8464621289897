// SPDX-License-Identifier: Apache-2.0
#include "dataset/copies/landmark_match.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "core/vectors.hpp"

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

constexpr size_t kWords = 4;  // of 64 bits in a descriptor

EVENRAY_WIDER_VECTORS
void hamming_distances(const uint64_t* descriptor, const uint64_t* rows, size_t n, int* distances) {
  for (size_t j = 0; j < n; ++j) {
    int bits = 0;
    for (size_t k = 0; k < kWords; ++k) bits += std::popcount(descriptor[k] ^ rows[j * kWords + k]);
    distances[j] = bits;
  }
}

/// Returns the pairs of landmarks that are each other's nearest.
Matches mutual_matches(const Landmarks& a, const Landmarks& b, bool mirrored) {
  const cv::Mat& of_a = mirrored ? a.mirrored : a.descriptors;
  const auto rows = static_cast<size_t>(of_a.rows), columns = b.points.size();
  Matches matches;
  if (rows < kFewestMatches || columns < 1) return matches;
  std::vector<int> distances(columns), least_of_b(columns, std::numeric_limits<int>::max());
  std::vector<size_t> nearest_a(columns);
  std::vector<std::pair<size_t, int>> nearest_b(rows);
  for (size_t i = 0; i < rows; ++i) {
    hamming_distances(of_a.ptr<uint64_t>(static_cast<int>(i)),
                      b.descriptors.ptr<uint64_t>(),
                      columns,
                      distances.data());
    const auto nearest = std::min_element(distances.begin(), distances.end());
    nearest_b[i] = {static_cast<size_t>(nearest - distances.begin()), *nearest};
    for (size_t j = 0; j < columns; ++j) {
      if (distances[j] >= least_of_b[j]) continue;
      least_of_b[j] = distances[j];
      nearest_a[j] = i;
    }
  }
  for (size_t i = 0; i < rows; ++i) {
    const auto [j, bits] = nearest_b[i];
    if (nearest_a[j] != i || bits > kMostDifferentBits) continue;
    matches.push_back({mirrored ? a.mirror(a.points[i]) : a.points[i], b.points[j]});
  }
  return matches;
}

/// Calls use(match) for each match that agrees with the map that `seed` alone proposes.
template <class Use>
void each_agreeing(const Match& seed, const Matches& matches, const Use& use) {
  const double scale = seed.b.size_px / seed.a.size_px, turn = seed.b.angle - seed.a.angle;
  const double c = scale * std::cos(turn), s = scale * std::sin(turn);
  for (const auto& match : matches) {
    const double dx = match.a.x - seed.a.x, dy = match.a.y - seed.a.y;
    const double off_x = seed.b.x + c * dx - s * dy - match.b.x;
    const double off_y = seed.b.y + s * dx + c * dy - match.b.y;
    const double tolerance_px = kProposedPx + kProposedShare * std::sqrt(dx * dx + dy * dy);
    if (off_x * off_x + off_y * off_y < tolerance_px * tolerance_px) use(match);
  }
}

/// Returns the matches that agree with the proposal that most of them agree with.
Matches largest_agreement(const Matches& matches) {
  const Match* best = nullptr;
  size_t most = 0;
  for (const auto& seed : matches) {
    size_t agreeing = 0;
    each_agreeing(seed, matches, [&](const Match&) { ++agreeing; });
    if (agreeing <= most) continue;
    most = agreeing;
    best = &seed;
  }
  Matches agreeing;
  if (best) each_agreeing(*best, matches, [&](const Match& match) { agreeing.push_back(match); });
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
  Matches best = largest_agreement(matches);
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
