// SPDX-License-Identifier: Apache-2.0
#include "dataset/copies/landmark_index.hpp"

#include <algorithm>
#include <bit>
#include <numeric>
#include <tuple>
#include <utility>

#include "core/rng.hpp"

namespace evenray {
namespace {

constexpr size_t kTables = 8, kMostCandidates = 20;
constexpr int kDescriptorBits = 256, kFewestBits = 12, kMostBits = 22;
constexpr float kFewestVotes = 1;
/// A hash of more landmarks says nothing: it is that of a plate's edge or of a burned-in letter.
/// Its bucket is left empty.
constexpr uint32_t kMostInBucket = 64;

uint32_t hash_of(const uint8_t* descriptor, const std::vector<int>& bits) {
  uint32_t hash = 0;
  for (const int bit : bits) hash = hash << 1 | (descriptor[bit / 8] >> (bit % 8) & 1u);
  return hash;
}

}  // namespace

LandmarkIndex::LandmarkIndex(const std::vector<const Landmarks*>& pictures)
    : pictures_(pictures), tables_(kTables) {
  size_t landmarks = 0;
  for (const auto* picture : pictures) landmarks += picture->points.size();
  // If all hashes were equally frequent, one of eight would have a landmark.
  const int bits =
      std::clamp(static_cast<int>(std::bit_width(landmarks)) + 3, kFewestBits, kMostBits);
  Rng rng(1);
  for (auto& table : tables_) {
    std::vector<int> positions(kDescriptorBits);
    std::iota(positions.begin(), positions.end(), 0);
    rng.shuffle(positions);
    table.bits.assign(positions.begin(), positions.begin() + bits);
    table.starts.assign((size_t{1} << bits) + 1, 0);
    const auto each = [&](const auto& use) {
      for (size_t p = 0; p < pictures.size(); ++p)
        for (int row = 0; row < pictures[p]->descriptors.rows; ++row)
          use(hash_of(pictures[p]->descriptors.ptr(row), table.bits), static_cast<uint32_t>(p));
    };
    each([&](uint32_t hash, uint32_t) { ++table.starts[hash + 1]; });
    for (auto& count : table.starts)
      if (count > kMostInBucket) count = 0;
    std::partial_sum(table.starts.begin(), table.starts.end(), table.starts.begin());
    table.pictures.resize(table.starts.back());
    std::vector<uint32_t> next(table.starts.begin(), table.starts.end() - 1);
    each([&](uint32_t hash, uint32_t picture) {
      if (next[hash] < table.starts[hash + 1]) table.pictures[next[hash]++] = picture;
    });
  }
}

void LandmarkIndex::vote(const cv::Mat& descriptors,
                         size_t before,
                         std::vector<float>& votes,
                         std::vector<uint32_t>& voted) const {
  // The tables of a large collection do not fit into the processor's cache: all look-ups of a
  // table are requested from memory at once.
  std::vector<uint32_t> hashes;
  std::vector<std::pair<uint32_t, uint32_t>> buckets;
  for (const auto& table : tables_) {
    hashes.clear();
    for (int row = 0; row < descriptors.rows; ++row) {
      const uint32_t hash = hash_of(descriptors.ptr(row), table.bits);
      hashes.push_back(hash);
      for (size_t bit = 0; bit < table.bits.size(); ++bit) hashes.push_back(hash ^ 1u << bit);
    }
    for (const auto hash : hashes) __builtin_prefetch(&table.starts[hash]);
    buckets.clear();
    for (const auto hash : hashes) {
      const uint32_t begin = table.starts[hash], end = table.starts[hash + 1];
      if (begin == end) continue;
      buckets.emplace_back(begin, end);
      __builtin_prefetch(&table.pictures[begin]);
    }
    for (const auto& [begin, end] : buckets) {
      const float weight = 1.f / static_cast<float>(end - begin);
      for (uint32_t k = begin; k < end; ++k) {
        const uint32_t picture = table.pictures[k];
        if (picture >= before) break;  // a bucket's pictures ascend
        if (votes[picture] == 0) voted.push_back(picture);
        votes[picture] += weight;
      }
    }
  }
}

std::vector<LandmarkIndex::Candidate> LandmarkIndex::candidates(size_t picture) const {
  static thread_local std::vector<float> votes;
  votes.resize(pictures_.size());
  std::vector<Candidate> found;
  const auto& landmarks = *pictures_[picture];
  for (const bool mirrored : {false, true}) {
    std::vector<uint32_t> voted;
    vote(mirrored ? landmarks.mirrored : landmarks.descriptors, picture, votes, voted);
    for (const auto other : voted) {
      if (votes[other] >= kFewestVotes) found.push_back({other, mirrored, votes[other]});
      votes[other] = 0;
    }
  }
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) {
    return std::tie(b.votes, a.picture) < std::tie(a.votes, b.picture);
  });
  if (found.size() > kMostCandidates) found.resize(kMostCandidates);
  return found;
}

}  // namespace evenray
