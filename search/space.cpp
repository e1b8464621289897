// SPDX-License-Identifier: Apache-2.0
#include "search/space.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "core/error.hpp"
#include "core/text.hpp"

namespace evenray {

std::string Dimension::text(double value) const {
  if (!choices.empty()) return choices.at(static_cast<size_t>(value));
  const double setting = log ? std::exp(value) : value;
  if (whole) {
    const auto bound = [&](double end) { return log ? std::exp(end) : end; };
    return cat(std::llround(std::clamp(setting, bound(low) + .5, bound(high) - .5)));
  }
  // Four digits: the text is what is tried, and a person can write it too.
  std::array<char, 32> digits{};
  std::snprintf(digits.data(), digits.size(), "%.4g", setting);
  return digits.data();
}

double Dimension::draw(Rng& rng) const {
  if (!choices.empty()) return static_cast<double>(rng.below(choices.size()));
  return rng.uniform(low, high);
}

Dimension parse_dimension(const std::string& text) {
  const auto fail = [&](const char* what) {
    return Error(Exit::config,
                 cat("tune.space: '",
                     text,
                     "' ",
                     what,
                     "; write KEY=LOW..HIGH, KEY=LOW..HIGH log, KEY=LOW..HIGH whole or "
                     "KEY=WORD|WORD"));
  };
  const size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0) throw fail("has no key");
  Dimension out{.key = trim(text.substr(0, equals))};
  const std::string rest = trim(text.substr(equals + 1));
  if (rest.find("..") == std::string::npos) {
    for (const auto& word : split_text(rest, '|')) out.choices.push_back(trim(word));
    if (out.choices.size() < 2) throw fail("offers no choice");
    return out;
  }
  const auto words = split_text(rest, ' ');
  for (size_t i = 1; i < words.size(); ++i) {
    if (words[i] == "log") {
      out.log = true;
    } else if (words[i] == "whole") {
      out.whole = true;
    } else if (!words[i].empty()) {
      throw fail("ends in an unknown word");
    }
  }
  const size_t dots = words[0].find("..");
  if (!parse_double(words[0].substr(0, dots), out.low) ||
      !parse_double(words[0].substr(dots + 2), out.high))
    throw fail("has a bound that is not a number");
  if (out.whole) out.low = std::ceil(out.low), out.high = std::floor(out.high);
  if (!(out.low < out.high)) throw fail("is an empty range");
  if (out.log && !(out.low > 0)) throw fail("has a logarithm of 0 or less");
  if (out.whole) out.low -= .5, out.high += .5;
  if (out.log) out.low = std::log(out.low), out.high = std::log(out.high);
  return out;
}

std::vector<std::string> settings_of(const std::vector<Dimension>& space, const Point& point) {
  std::vector<std::string> out;
  for (size_t i = 0; i < space.size(); ++i)
    out.push_back(cat(space[i].key, "=", space[i].text(point[i])));
  return out;
}

}  // namespace evenray
