// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <vector>

#include "dataset/copies/landmarks.hpp"

namespace evenray {

/// Finds pictures that share landmarks, without comparing each picture with each other one:
/// locality-sensitive hashing (Indyk and Motwani, STOC 1998) of the descriptors. Eight tables each
/// hash some bits of a descriptor; two hashes that differ in at most one bit (Lv et al., VLDB 2007)
/// are a vote for a pair of pictures.
class LandmarkIndex {
 public:
  struct Candidate {
    size_t picture;
    bool mirrored;  ///< whether its mirrored form shares the landmarks
    float votes;    ///< each weighted by how rare its hash is
  };

  /// `pictures` must outlive the index.
  explicit LandmarkIndex(const std::vector<const Landmarks*>& pictures);

  /// Returns the pictures before `picture` that share landmarks with it as it is or mirrored: at
  /// most 20, those with the most votes first. Thread-safe.
  std::vector<Candidate> candidates(size_t picture) const;

 private:
  struct Table {
    std::vector<int> bits;         ///< positions that are hashed, 0 to 255
    std::vector<uint32_t> starts;  ///< per hash, where its pictures begin; one more at the end
    std::vector<uint32_t> pictures;
  };
  void vote(const cv::Mat& descriptors,
            size_t before,
            std::vector<float>& votes,
            std::vector<uint32_t>& voted) const;

  const std::vector<const Landmarks*>& pictures_;
  std::vector<Table> tables_;
};

}  // namespace evenray
