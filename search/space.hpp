// SPDX-License-Identifier: Apache-2.0
#pragma once
// The search room chooses settings by trials: a space says which settings may have which values
// (this header), a sampler proposes points of it (parzen.hpp), and run_search() tries them, the
// better ones longer, and keeps a journal (search.hpp). It does not know what a trial does.
#include <string>
#include <vector>

#include "core/rng.hpp"

namespace evenray {

/// The values that one setting may have. A value is a number: the logarithm of the setting with
/// `log`, the index of a choice with `choices`, else the setting itself.
struct Dimension {
  std::string key;                     ///< "classify.lr"
  std::vector<std::string> choices{};  ///< not empty: the setting is one of these words
  double low = 0, high = 0;            ///< range of the value, without choices
  bool log = false, whole = false;     ///< whole: the setting is rounded to an integer, and the
                                       ///< range extends .5 beyond both ends

  /// Returns the setting for a value, as it stands after "KEY=".
  std::string text(double value) const;
  /// Returns a value, uniform over the range (before rounding) or the choices.
  double draw(Rng& rng) const;
};

/// Parses "KEY=LOW..HIGH", "KEY=LOW..HIGH log", "KEY=LOW..HIGH whole" (also both words) or
/// "KEY=WORD|WORD|...". Throws 78 for another text, a range that is empty, or one that is not above
/// 0 with `log`.
Dimension parse_dimension(const std::string& text);

/// One value per dimension.
using Point = std::vector<double>;

/// Returns "KEY=VALUE" for each dimension.
std::vector<std::string> settings_of(const std::vector<Dimension>& space, const Point& point);

}  // namespace evenray
