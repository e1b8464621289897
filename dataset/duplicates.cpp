// SPDX-License-Identifier: Apache-2.0
#include "dataset/duplicates.hpp"

#include <algorithm>
#include <map>
#include <opencv2/imgproc.hpp>

namespace evenray {
namespace {

constexpr float kMinCorrelation = .98f;
constexpr int kCoarsePx = 8;
constexpr int kBlockRows = 256;

/// One row an image: its thumbnail by means of 8x8 blocks, times 8, which is an orthogonal
/// projection to 64 numbers.
cv::Mat coarse_rows(const std::vector<ImageFacts>& facts) {
  cv::Mat rows(static_cast<int>(facts.size()), kCoarsePx * kCoarsePx, CV_32F, cv::Scalar(0));
  for (size_t i = 0; i < facts.size(); ++i) {
    if (facts[i].thumbnail.empty()) continue;
    cv::Mat coarse;
    cv::resize(facts[i].thumbnail, coarse, {kCoarsePx, kCoarsePx}, 0, 0, cv::INTER_AREA);
    cv::Mat(coarse.reshape(1, 1) * kCoarsePx).copyTo(rows.row(static_cast<int>(i)));
  }
  return rows;
}

}  // namespace

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
  // Thumbnails are unit vectors, so a correlation c is a squared distance 2 - 2c, and no projection
  // lengthens a distance: what is too far apart in the coarse picture is too far apart in the fine
  // one, and no pair is missed.
  constexpr float farthest = 2 - 2 * kMinCorrelation;
  const cv::Mat coarse = coarse_rows(facts);
  const auto n = static_cast<int>(facts.size());
  std::vector<float> squared(facts.size());
  for (int i = 0; i < n; ++i) squared[i] = static_cast<float>(coarse.row(i).dot(coarse.row(i)));
  UnionFind same(facts.size());
  for (int first = 0; first < n; first += kBlockRows) {
    const int last = std::min(n, first + kBlockRows);
    cv::Mat products;
    cv::gemm(
        coarse.rowRange(first, last), coarse.rowRange(first, n), 1, {}, 0, products, cv::GEMM_2_T);
    for (int i = first; i < last; ++i) {
      if (!facts[i].readable || facts[i].blank) continue;
      const auto* product = products.ptr<float>(i - first);
      for (int j = i + 1; j < n; ++j) {
        if (squared[i] + squared[j] - 2 * product[j - first] > farthest) continue;
        if (!facts[j].readable || facts[j].blank) continue;
        if (facts[i].thumbnail.dot(facts[j].thumbnail) > kMinCorrelation) same.unite(i, j);
      }
    }
  }
  auto groups = same.groups();
  std::erase_if(groups, [](const auto& rows) { return rows.size() < 2; });
  return groups;
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
