// SPDX-License-Identifier: Apache-2.0
#include "core/page/chart_axis.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/number.hpp"

namespace evenray {
namespace {

/// floor(log10 |value|); the small term keeps 0.1, 0.01, ... in their own decade despite rounding.
int decade(double value) {
  return static_cast<int>(std::floor(std::log10(std::abs(value)) + 1e-9));
}

/// Makes low < high, with enough distance that doubles can represent distinct ticks between them.
void widen(double& low, double& high) {
  if (!std::isfinite(low) || !std::isfinite(high) || !std::isfinite(high - low)) {
    low = 0;
    high = 1;
  }
  if (low > high) std::swap(low, high);
  const double size = std::max(std::abs(low), std::abs(high));
  if (size < 1e-300) {
    low = 0;
    high = 1;
  } else if (high - low < 1e-9 * size) {
    low -= .1 * size;
    high += .1 * size;
  }
}

}  // namespace

std::vector<double> round_ticks(double low, double high, int wanted) {
  widen(low, high);
  const double raw = (high - low) / std::max(1, wanted);
  const double power = std::pow(10., std::floor(std::log10(raw)));
  // The factor 1.3 prefers the smaller step as long as it gives at most 30 % more ticks.
  double step = 10 * power;
  for (const double factor : {1., 2., 5.}) {
    if (raw <= 1.3 * factor * power) {
      step = factor * power;
      break;
    }
  }
  // Without the slack, rounding of low / step would add a tick outside a range with round ends.
  constexpr double kSlack = 1e-9;
  const double first = std::floor(low / step + kSlack), last = std::ceil(high / step - kSlack);
  std::vector<double> ticks;
  for (double i = first; i <= last; ++i) {
    // i * step would multiply the rounding error of a step below 1 (3 * .1 != .3). The quotient of
    // two whole numbers is correctly rounded.
    ticks.push_back(step < 1 ? i / std::round(1 / step) : i * step);
    if (step < 1e-15) ticks.back() = i * step;
  }
  return ticks;
}

std::string AxisScale::tick_text(double tick) const {
  if (ticks.size() < 2 || tick == 0) return number_text(tick);
  return number_text(tick, std::max(1, decade(tick) - decade(ticks[1] - ticks[0]) + 1));
}

AxisScale make_scale(const Axis& axis, const std::vector<double>& values, int wanted_ticks) {
  const auto given = [](std::optional<double> end) { return end && std::isfinite(*end); };
  double low = INFINITY, high = -INFINITY;
  for (const double value : values) {
    if (!std::isfinite(value)) continue;
    low = std::min(low, value);
    high = std::max(high, value);
  }
  if (given(axis.low)) {
    low = *axis.low;
    if (high <= low) high = low + std::max(1., std::abs(low) * .1);
  }
  if (given(axis.high)) {
    high = *axis.high;
    if (!(low < high)) low = high - std::max(1., std::abs(high) * .1);
  }
  widen(low, high);
  const auto all = round_ticks(low, high, wanted_ticks);
  AxisScale scale;
  scale.low = given(axis.low) ? low : all.front();
  scale.high = given(axis.high) ? high : all.back();
  const double slack = (scale.high - scale.low) * 1e-9;
  for (const double tick : all) {
    if (tick >= scale.low - slack && tick <= scale.high + slack) scale.ticks.push_back(tick);
  }
  return scale;
}

std::vector<double> spread_labels(const std::vector<double>& wanted,
                                  double apart,
                                  double low,
                                  double high) {
  std::vector<size_t> order(wanted.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(
      order.begin(), order.end(), [&](size_t a, size_t b) { return wanted[a] < wanted[b]; });
  struct Block {
    double middle, count;
  };
  // Labels that would overlap are merged into one block around the mean of their wanted positions
  // (as in isotonic regression by pooling adjacent violators).
  const auto clamped = [&](double middle, double count) {
    const double half = (count - 1) * apart / 2;
    return std::max(low + half, std::min(high - half, middle));
  };
  std::vector<Block> blocks;
  for (const size_t i : order) {
    Block block{clamped(wanted[i], 1), 1};
    while (!blocks.empty()) {
      const Block& above = blocks.back();
      if (block.middle - above.middle >= (block.count + above.count) / 2 * apart - 1e-9) break;
      const double count = block.count + above.count;
      const double middle = (block.middle * block.count + above.middle * above.count) / count;
      block = {clamped(middle, count), count};
      blocks.pop_back();
    }
    blocks.push_back(block);
  }
  std::vector<double> placed(wanted.size());
  size_t next = 0;
  for (const auto& [middle, count] : blocks) {
    for (size_t k = 0; k < count; ++k) {
      placed[order[next++]] = middle + (static_cast<double>(k) - (count - 1) / 2) * apart;
    }
  }
  return placed;
}

}  // namespace evenray
