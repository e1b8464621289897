// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace evenray {

/// A counter-based random stream: Philox 4x32-10 (Salmon et al. 2011, "Parallel random numbers: as
/// easy as 1, 2, 3"). Work that may run in any order or on any thread uses one fork per unit,
/// identified by purpose and index, so that results depend on neither order nor threads. Example:
/// `Rng(seed).fork("augment", row)`. Values are the same on every machine, except for the last bits
/// of normal(), which depend on the C library.
class Rng {
 public:
  explicit Rng(uint64_t seed) : key_(seed) {}

  /// Returns an independent stream that depends only on this stream's key, `purpose` and `index`,
  /// not on the values drawn so far.
  Rng fork(std::string_view purpose, uint64_t index = 0) const;

  /// Uniform over all 32-bit or 64-bit values.
  uint32_t bits32();
  uint64_t bits64();
  /// Uniform in [0, 1), with 53 random bits.
  double uniform();
  /// Uniform in [low, high).
  double uniform(double low, double high) { return low + (high - low) * uniform(); }
  /// Uniform in 0 .. n-1 without bias; requires n > 0.
  uint64_t below(uint64_t n);
  /// True with this probability.
  bool chance(double probability) { return uniform() < probability; }
  /// Standard normal (Box-Muller; two values per pair of draws).
  double normal();

  /// Shuffles in place (Fisher-Yates).
  template <class T>
  void shuffle(std::vector<T>& items) {
    for (size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[below(i)]);
  }

  /// The key that identifies the stream: Rng(key()) restarts it.
  uint64_t key() const { return key_; }

 private:
  uint64_t key_;
  uint64_t block_ = 0;                ///< counter of the next block
  std::array<uint32_t, 4> buffer_{};  ///< the current block
  int used_ = 4;                      ///< values of buffer_ that were returned
  double spare_normal_ = 0;
  bool has_spare_ = false;
};

/// Philox 4x32-10 as published: returns the 128-bit output for a counter and a key. Public only for
/// the published test vectors.
std::array<uint32_t, 4> philox4x32(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key);

}  // namespace evenray
