// SPDX-License-Identifier: Apache-2.0
#include "dataset/duplicates.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <numeric>
#include <opencv2/imgproc.hpp>

namespace evenray {
namespace {

constexpr double kMinCorrelation = .98;
constexpr int kCoarsePx = 8, kCoarse = kCoarsePx * kCoarsePx;
/// kFirst of the coarse numbers suffice to separate most pairs; kRun rows are compared at a time,
/// which the compiler can vectorize.
constexpr size_t kFirst = 8, kRun = 16;
/// Two unit vectors with correlation c have the squared distance 2 - 2c. The small addition allows
/// for rounding.
constexpr float kFarthest = 2 - 2 * static_cast<float>(kMinCorrelation) + 1e-3f;

/// Pictures as points with 64 coordinates: the thumbnail with zero mean and unit norm, averaged
/// over 8x8 blocks and multiplied by 8 (an orthogonal projection), then its cosine transform (an
/// orthogonal transform). Neither lengthens a distance: if two points are too far apart in some of
/// the coordinates, then the thumbnails are too far apart. So no pair is missed.
class CoarsePoints {
 public:
  /// `any_turn`: the points are the same for a picture that is turned by quarters or mirrored.
  CoarsePoints(const std::vector<ImageFacts>& facts, bool any_turn) {
    for (size_t i = 0; i < facts.size(); ++i) {
      if (facts[i].readable && !facts[i].blank) rows_.push_back(i);
    }
    const auto n = static_cast<int>(rows_.size());
    cv::Mat points(n, kCoarse, CV_32F);
    for (int i = 0; i < n; ++i) {
      const cv::Mat numbers = coarse(facts[rows_[static_cast<size_t>(i)]].thumbnail);
      (any_turn ? without_turn(numbers) : numbers).reshape(1, 1).copyTo(points.row(i));
    }
    sort(points);
  }

  /// Calls use(row, row) for each pair that is near enough in the coarse numbers.
  template <class Use>
  void each_near_pair(const Use& use) const {
    for (size_t i = 0; i < rows_.size(); ++i) {
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
          if (squared[k] <= kFarthest && near(i, j + k)) use(rows_[i], rows_[j + k]);
        }
      }
    }
  }

 private:
  static cv::Mat coarse(const cv::Mat& thumbnail) {
    cv::Mat whole, blocks, transformed;
    thumbnail.convertTo(whole, CV_32F);
    whole -= cv::mean(whole);
    whole /= cv::norm(whole);
    cv::resize(whole, blocks, {kCoarsePx, kCoarsePx}, 0, 0, cv::INTER_AREA);
    cv::dct(blocks * kCoarsePx, transformed);
    return transformed;
  }

  /// Mirroring changes signs of the transform, a quarter turn also transposes it. Neither changes
  /// the length of a pair of mirrored elements, and lengths do not lengthen a distance.
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

  /// Sorts the coordinates by descending variance, then the pictures by the first coordinate. Then
  /// the rows that can be near a given row form one short run.
  void sort(const cv::Mat& points) {
    std::array<double, kCoarse> variance{};
    for (int d = 0; d < kCoarse; ++d) {
      cv::Scalar mean, deviation;
      cv::meanStdDev(points.col(d), mean, deviation);
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
      return points.at<float>(a, numbers[0]) < points.at<float>(b, numbers[0]);
    });
    const std::vector<size_t> rows = rows_;
    sorted_.create(points.rows, kCoarse, CV_32F);
    // A run of kRun may extend beyond the last row; the padding there is far from every picture.
    for (auto& first : first_) first.assign(rows.size() + kRun, 1e9f);
    for (size_t i = 0; i < order.size(); ++i) {
      rows_[i] = rows[static_cast<size_t>(order[i])];
      const auto* from = points.ptr<float>(order[i]);
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
    float squared = 0;
    for (int d = 0; d < kCoarse; ++d) squared += (a[d] - b[d]) * (a[d] - b[d]);
    return squared <= kFarthest;
  }

  std::vector<size_t> rows_;
  cv::Mat sorted_;
  std::array<std::vector<float>, kFirst> first_;
};

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

std::vector<std::vector<size_t>> near_duplicate_groups(const std::vector<ImageFacts>& facts) {
  UnionFind same(facts.size());
  CoarsePoints(facts, false).each_near_pair([&](size_t a, size_t b) {
    if (same.root(a) == same.root(b)) return;
    if (thumbnail_correlation(facts[a].thumbnail, facts[b].thumbnail) > kMinCorrelation)
      same.unite(a, b);
  });
  auto groups = same.groups();
  std::erase_if(groups, [](const auto& rows) { return rows.size() < 2; });
  return groups;
}

std::vector<std::pair<size_t, size_t>> turned_duplicates(const std::vector<ImageFacts>& facts) {
  std::vector<std::pair<size_t, size_t>> pairs;
  CoarsePoints(facts, true).each_near_pair([&](size_t a, size_t b) {
    cv::Mat picture = facts[a].thumbnail, turned;
    for (int turn = 0; turn < 8; ++turn) {
      if (turn > 0 && thumbnail_correlation(picture, facts[b].thumbnail) > kMinCorrelation) {
        pairs.emplace_back(std::min(a, b), std::max(a, b));
        return;
      }
      // Transposing and mirroring in turn reaches all eight.
      if (turn % 2 == 0) {
        cv::transpose(picture, turned);
      } else {
        cv::flip(picture, turned, 1);
      }
      picture = turned.clone();
    }
  });
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
