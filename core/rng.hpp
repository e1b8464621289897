// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace evenray {

/// A counter-based random stream: Philox 4x32-10 (Salmon et al. 2011, "Parallel random numbers: as
/// easy as 1, 2, 3"). Work that may run in any order or on any thread takes one fork a unit, named
/// by purpose and index, so that results depend on neither. Example: `Rng(seed).fork("augment",
/// row)`. Values are the same on every machine, but for the last bits of normal(), which are the C
/// library's.
class Rng {
 public:
  explicit Rng(uint64_t seed) : key_(seed) {}

  /// A stream of its own, a function of this stream's key, purpose and index alone: draws made so
  /// far do not matter.
  Rng fork(std::string_view purpose, uint64_t index = 0) const;

  uint32_t bits32();
  uint64_t bits64();
  /// In [0, 1), 53 random bits.
  double uniform();
  double uniform(double low, double high) { return low + (high - low) * uniform(); }
  /// In 0 .. n-1 without bias; n > 0.
  uint64_t below(uint64_t n);
  bool chance(double probability) { return uniform() < probability; }
  /// Standard normal (Box-Muller; two values a pair of draws).
  double normal();

  /// Fisher-Yates.
  template <class T>
  void shuffle(std::vector<T>& items) {
    for (size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[below(i)]);
  }

  /// What identifies the stream: Rng(key()) starts it again.
  uint64_t key() const { return key_; }

 private:
  uint64_t key_;
  uint64_t block_ = 0;
  std::array<uint32_t, 4> buffer_{};
  int used_ = 4;
  double spare_normal_ = 0;
  bool has_spare_ = false;
};

/// Philox 4x32-10 as published: the 128-bit output for a counter and a key (exposed for the
/// published test vectors).
std::array<uint32_t, 4> philox4x32(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key);

}  // namespace evenray
