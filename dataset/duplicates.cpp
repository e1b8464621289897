// SPDX-License-Identifier: Apache-2.0
#include "dataset/duplicates.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <mutex>
#include <numeric>
#include <opencv2/imgproc.hpp>

#include "core/parallel.hpp"
#include "core/vectors.hpp"

namespace evenray {
namespace {

constexpr double kMinCorrelation = .98;
/// Pictures as points: edge of the matrix of their coordinates, and of the first part of it.
constexpr int kPointPx = 16, kCoarsePx = 8, kCoarse = kCoarsePx * kCoarsePx;
/// kFirst of the coarse coordinates suffice to separate most pairs; kRun rows are compared at a
/// time, which the compiler can vectorize.
constexpr size_t kFirst = 8, kRun = 16;
/// Two unit vectors with correlation c have the squared distance 2 - 2c. The small addition allows
/// for rounding.
constexpr float kFarthest = 2 - 2 * static_cast<float>(kMinCorrelation) + 1e-3f;

/// The coordinates of a picture, see point_of().
using Point = std::array<float, kPointPx * kPointPx>;

/// `n` is a multiple of kRun.
EVENRAY_WIDER_VECTORS
float squared_distance(const float* a, const float* b, size_t n) {
  std::array<float, kRun> lanes{};
  for (size_t d = 0; d < n; d += kRun) {
    for (size_t k = 0; k < kRun; ++k) {
      const float apart = a[d + k] - b[d + k];
      lanes[k] += apart * apart;
    }
  }
  return std::accumulate(lanes.begin(), lanes.end(), 0.f);
}

/// Adds the products of the first `edge` x `edge` (a multiple of 8) coordinates of two points, by
/// odd row and odd column.
EVENRAY_WIDER_VECTORS
void sum_products(const Point& a, const Point& b, size_t edge, std::array<float, 4>& sums) {
  constexpr size_t kLanes = 8;
  std::array<std::array<float, kLanes>, 2> lanes{};
  for (size_t y = 0; y < edge; ++y)
    for (size_t x = y * kPointPx; x < y * kPointPx + edge; x += kLanes)
      for (size_t k = 0; k < kLanes; ++k) lanes[y % 2][k] += a[x + k] * b[x + k];
  for (size_t y = 0; y < 2; ++y)
    for (size_t k = 0; k < kLanes; ++k) sums[2 * y + k % 2] += lanes[y][k];
}

/// The other seven forms of a point: of the picture mirrored, turned by quarters or both. Mirroring
/// changes the signs of the coordinates in odd columns or rows, a quarter turn also transposes.
class OtherForms {
 public:
  explicit OtherForms(const Point& point) : point_(point) {
    for (size_t y = 0; y < kPointPx; ++y)
      for (size_t x = 0; x < kPointPx; ++x) transposed_[y * kPointPx + x] = point[x * kPointPx + y];
  }

  /// Returns the largest scalar product of one of them with another point, in the first `edge` x
  /// `edge` coordinates.
  float product(const Point& other, size_t edge) const {
    std::array<float, 4> straight{}, transposed{};
    sum_products(point_, other, edge, straight);
    sum_products(transposed_, other, edge, transposed);
    float most = -1;
    for (const float sign_x : {1.f, -1.f}) {
      for (const float sign_y : {1.f, -1.f}) {
        const auto total = [&](const std::array<float, 4>& sums) {
          return sums[0] + sign_x * sums[1] + sign_y * (sums[2] + sign_x * sums[3]);
        };
        if (sign_x + sign_y < 2) most = std::max(most, total(straight));
        most = std::max(most, total(transposed));
      }
    }
    return most;
  }

 private:
  const Point& point_;
  Point transposed_;
};

/// Returns the coordinates of a picture: the thumbnail with zero mean and unit norm,
/// averaged over 4x4 blocks and multiplied by 4 (an orthogonal projection), then its cosine
/// transform (an orthogonal transform). Neither lengthens a distance: if two points are too far
/// apart in some of the coordinates, then the thumbnails are too far apart. So no pair is missed.
Point point_of(const cv::Mat& thumbnail) {
  cv::Mat whole, blocks, transformed;
  thumbnail.convertTo(whole, CV_32F);
  whole -= cv::mean(whole);
  const double norm = cv::norm(whole);
  cv::resize(whole, blocks, {kPointPx, kPointPx}, 0, 0, cv::INTER_AREA);
  cv::dct(blocks * (static_cast<double>(whole.cols) / kPointPx / norm), transformed);
  Point point;
  std::copy_n(transformed.ptr<float>(), point.size(), point.begin());
  return point;
}

/// Returns the squared length of a point in the first `edge` x `edge` coordinates.
float squared_length(const Point& point, size_t edge) {
  std::array<float, 4> sums{};
  sum_products(point, point, edge, sums);
  return sums[0] + sums[1] + sums[2] + sums[3];
}

/// The first 8x8 coordinates of pictures, sorted so that near ones are found soon.
class CoarsePoints {
 public:
  /// `any_turn`: near_after() then also finds pictures that are turned by quarters or mirrored.
  CoarsePoints(const std::vector<ImageFacts>& facts, bool any_turn, int threads) {
    for (size_t i = 0; i < facts.size(); ++i)
      if (facts[i].readable && !facts[i].blank) rows_.push_back(i);
    cv::Mat coarse(static_cast<int>(rows_.size()), kCoarse, CV_32F);
    parallel_for(rows_.size(), threads, [&](size_t i) {
      Point point = point_of(facts[rows_[i]].thumbnail);
      const cv::Mat all(kPointPx, kPointPx, CV_32F, point.data());
      const cv::Mat first = all(cv::Rect(0, 0, kCoarsePx, kCoarsePx)).clone();
      (any_turn ? without_turn(first) : first)
          .reshape(1, 1)
          .copyTo(coarse.row(static_cast<int>(i)));
    });
    if (!rows_.empty()) sort(coarse);
  }

  size_t size() const { return rows_.size(); }
  size_t row(size_t i) const { return rows_[i]; }  ///< of the facts

  /// Returns the points after point i that are near enough in the coarse coordinates.
  std::vector<size_t> near_after(size_t i) const {
    std::vector<size_t> found;
    for (size_t j = i + 1; j < rows_.size() && reachable(i, j); j += kRun) {
      std::array<float, kRun> squared{};
      for (size_t d = 0; d < kFirst; ++d) {
        const float* first = &first_[d][j];
        for (size_t k = 0; k < kRun; ++k) {
          const float apart = first[k] - first_[d][i];
          squared[k] += apart * apart;
        }
      }
      if (*std::min_element(squared.begin(), squared.end()) > kFarthest) continue;
      for (size_t k = 0; k < kRun && j + k < rows_.size(); ++k) {
        if (squared[k] <= kFarthest && near(i, j + k)) found.push_back(j + k);
      }
    }
    return found;
  }

 private:
  /// Returns lengths of pairs of coordinates that any turn exchanges or whose signs it changes.
  /// Lengths do not lengthen a distance.
  static cv::Mat without_turn(const cv::Mat& transformed) {
    cv::Mat lengths = cv::Mat::zeros(kCoarsePx, kCoarsePx, CV_32F);
    for (int y = 0; y < kCoarsePx; ++y) {
      lengths.at<float>(y, y) = std::abs(transformed.at<float>(y, y));
      for (int x = 0; x < y; ++x)
        lengths.at<float>(y, x) =
            std::hypot(transformed.at<float>(y, x), transformed.at<float>(x, y));
    }
    return lengths;
  }

  /// Sorts the coarse coordinates by descending variance, then the points by the first of them.
  /// Then the points that can be near a given one form one short run.
  void sort(const cv::Mat& coarse) {
    std::array<double, kCoarse> variance{};
    for (int d = 0; d < kCoarse; ++d) {
      cv::Scalar mean, deviation;
      cv::meanStdDev(coarse.col(d), mean, deviation);
      variance[static_cast<size_t>(d)] = deviation[0];
    }
    std::array<int, kCoarse> numbers;
    std::iota(numbers.begin(), numbers.end(), 0);
    std::stable_sort(numbers.begin(), numbers.end(), [&](int a, int b) {
      return variance[static_cast<size_t>(a)] > variance[static_cast<size_t>(b)];
    });
    std::vector<int> order(rows_.size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](int a, int b) {
      return coarse.at<float>(a, numbers[0]) < coarse.at<float>(b, numbers[0]);
    });
    const std::vector<size_t> rows = rows_;
    sorted_.create(coarse.rows, kCoarse, CV_32F);
    // A run of kRun may extend beyond the last point; the padding there is far from every picture.
    for (auto& first : first_) first.assign(rows.size() + kRun, 1e9f);
    for (size_t i = 0; i < order.size(); ++i) {
      rows_[i] = rows[static_cast<size_t>(order[i])];
      const auto* from = coarse.ptr<float>(order[i]);
      auto* to = sorted_.ptr<float>(static_cast<int>(i));
      for (size_t d = 0; d < numbers.size(); ++d) to[d] = from[numbers[d]];
      for (size_t d = 0; d < kFirst; ++d) first_[d][i] = to[d];
    }
  }

  bool reachable(size_t i, size_t j) const {
    const float apart = first_[0][j] - first_[0][i];
    return apart * apart <= kFarthest;
  }

  bool near(size_t i, size_t j) const {
    const auto *a = sorted_.ptr<float>(static_cast<int>(i)),
               *b = sorted_.ptr<float>(static_cast<int>(j));
    return squared_distance(a, b, kCoarse) <= kFarthest;
  }

  std::vector<size_t> rows_;
  cv::Mat sorted_;  ///< their coordinates, or lengths, by descending variance; a point in each row
  std::array<std::vector<float>, kFirst> first_;
};

/// Whether one of two thumbnails is the other mirrored, turned by quarters or both.
bool turned(const cv::Mat& a, const cv::Mat& b) {
  cv::Mat picture = a, next;
  for (int turn = 1; turn < 8; ++turn) {
    // Transposing and mirroring in turn reaches all eight forms.
    if (turn % 2 == 1) {
      cv::transpose(picture, next);
    } else {
      cv::flip(picture, next, 1);
    }
    picture = next.clone();
    if (thumbnail_correlation(picture, b) > kMinCorrelation) return true;
  }
  return false;
}

}  // namespace

double thumbnail_correlation(const cv::Mat& a, const cv::Mat& b) {
  const auto n = static_cast<double>(a.total());
  const double sum_a = cv::sum(a)[0], sum_b = cv::sum(b)[0];
  const double spread_a = a.dot(a) - sum_a * sum_a / n, spread_b = b.dot(b) - sum_b * sum_b / n;
  return (a.dot(b) - sum_a * sum_b / n) / std::sqrt(spread_a * spread_b);
}

UnionFind::UnionFind(size_t items) : parent_(items) {
  for (size_t i = 0; i < items; ++i) parent_[i] = i;
}

size_t UnionFind::root(size_t item) {
  while (parent_[item] != item) item = parent_[item] = parent_[parent_[item]];
  return item;
}

void UnionFind::unite(size_t a, size_t b) {
  a = root(a);
  b = root(b);
  parent_[std::max(a, b)] = std::min(a, b);
}

std::vector<std::vector<size_t>> UnionFind::groups() {
  std::map<size_t, std::vector<size_t>> members;
  for (size_t i = 0; i < parent_.size(); ++i) members[root(i)].push_back(i);
  std::vector<std::vector<size_t>> out;
  for (auto& [root, rows] : members) out.push_back(std::move(rows));
  return out;
}

std::vector<std::vector<size_t>> near_duplicate_groups(const std::vector<ImageFacts>& facts,
                                                       int threads,
                                                       const std::function<void()>& check_going) {
  const CoarsePoints points(facts, /*any_turn=*/false, threads);
  std::mutex mutex;  // of same
  UnionFind same(facts.size());
  parallel_for(points.size(), threads, [&](size_t i) {
    check_going();
    for (const size_t j : points.near_after(i)) {
      const size_t a = points.row(i), b = points.row(j);
      if (thumbnail_correlation(facts[a].thumbnail, facts[b].thumbnail) <= kMinCorrelation)
        continue;
      const std::lock_guard lock(mutex);
      same.unite(a, b);
    }
  });
  auto groups = same.groups();
  std::erase_if(groups, [](const auto& rows) { return rows.size() < 2; });
  return groups;
}

std::vector<std::pair<size_t, size_t>> turned_duplicates(const std::vector<ImageFacts>& facts,
                                                         int threads) {
  const CoarsePoints points(facts, /*any_turn=*/true, threads);
  // In the order of the points, so that those that are compared lie beside one another.
  std::vector<Point> all(points.size());
  std::vector<float> squared(points.size()), squared_coarse(points.size());
  parallel_for(points.size(), threads, [&](size_t i) {
    all[i] = point_of(facts[points.row(i)].thumbnail);
    squared[i] = squared_length(all[i], kPointPx);
    squared_coarse[i] = squared_length(all[i], kCoarsePx);
  });
  std::mutex mutex;  // of pairs
  std::vector<std::pair<size_t, size_t>> pairs;
  parallel_for(points.size(), threads, [&](size_t i) {
    const OtherForms forms(all[i]);
    for (const size_t j : points.near_after(i)) {
      const float coarse =
          squared_coarse[i] + squared_coarse[j] - 2 * forms.product(all[j], kCoarsePx);
      if (coarse > kFarthest) continue;
      if (squared[i] + squared[j] - 2 * forms.product(all[j], kPointPx) > kFarthest) continue;
      const size_t a = points.row(i), b = points.row(j);
      if (!turned(facts[a].thumbnail, facts[b].thumbnail)) continue;
      const std::lock_guard lock(mutex);
      pairs.emplace_back(std::min(a, b), std::max(a, b));
    }
  });
  std::sort(pairs.begin(), pairs.end());
  return pairs;
}

bool labels_conflict(const Manifest& manifest, const std::vector<size_t>& rows) {
  for (const auto row : rows) {
    const auto& first = manifest.samples[rows.front()].labels;
    const auto& labels = manifest.samples[row].labels;
    for (size_t c = 0; c < labels.size(); ++c) {
      if (labels[c] != first[c] && labels[c] >= 0 && first[c] >= 0) return true;
    }
  }
  return false;
}

std::vector<std::string> row_faults(const Manifest& manifest,
                                    const std::vector<ImageFacts>& facts,
                                    const std::vector<std::vector<size_t>>& duplicates) {
  std::vector<std::string> faults(manifest.samples.size());
  for (const auto& rows : duplicates) {
    if (!labels_conflict(manifest, rows)) continue;
    for (const auto row : rows) faults[row] = "duplicate_conflict";
  }
  for (size_t i = 0; i < faults.size(); ++i) {
    if (!facts[i].readable) {
      faults[i] = "unreadable";
    } else if (facts[i].truncated) {
      faults[i] = "truncated";
    }
  }
  return faults;
}

}  // namespace evenray
