// SPDX-License-Identifier: Apache-2.0
#include "augment/magnitudes.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>

namespace evenray {
namespace {

/// The largest values, those of the last bin.
struct MagnitudeRange {
  int bins;
  double shear;
  /// Shift = side * times / divisor px, computed in this order as torchvision does; times 0: px.
  double shift_times, shift_divisor, shift_px;
  double rotate_deg, factor;
  float bits_kept, bits_taken;  ///< Posterize: bits of the first bin, and fewer in the last one
};

const MagnitudeRange& range_of(Magnitudes magnitudes) {
  static constexpr std::array<MagnitudeRange, 4> ranges = {{
      {10, .3, 150. / 331., 1, 0, 30, .9, 8, 4},
      {31, .3, 150. / 331., 1, 0, 30, .9, 8, 4},
      {31, .99, 0, 1, 32, 135, .99, 8, 6},
      {10, .3, 1, 3, 0, 30, .9, 4, 4},
  }};
  return ranges[static_cast<size_t>(magnitudes)];
}

/// torch.linspace(start, end, bins)[bin], which computes in float from the nearer end. (With AVX2,
/// torch adds up in groups of eight, and some values differ in the last bit.)
double linspace(double start, double end, int bins, int bin) {
  const auto first = static_cast<float>(start), last = static_cast<float>(end);
  const float step = (last - first) / static_cast<float>(bins - 1);
  const bool from_start = bin < bins / 2;
  const float way = step * static_cast<float>(from_start ? bin : bins - 1 - bin);
  return from_start ? first + way : last - way;
}

double shift_limit(const MagnitudeRange& range, int side) {
  return range.shift_px > 0 ? range.shift_px : range.shift_times * side / range.shift_divisor;
}

/// Calculated in this order, the values are those of the published code, to the last bit.
double detection_value(Magnitudes magnitudes, Op op, int bin, cv::Size size, Target target) {
  const double share = bin / 10.;
  const bool in_pixels = lengths_in_pixels(magnitudes);
  const auto length = [&](double px, int side) {
    return in_pixels ? share * px : share * px * side / 640;
  };
  const double shift_px = target == Target::image ? 250 : 120;
  const double cut_px = target == Target::image ? 100 : 50;
  switch (op) {
    case Op::shear_x:
    case Op::shear_y:
      return share * .3;
    case Op::translate_x:
      return length(shift_px, size.width);
    case Op::translate_y:
      return length(shift_px, size.height);
    case Op::rotate:
      return share * 30;
    case Op::brightness:
    case Op::color:
    case Op::contrast:
    case Op::sharpness:
      return share * 1.8 + .1;
    case Op::posterize:
      return std::max(1., std::trunc(share * 4));
    case Op::solarize:
      return std::trunc(share * 256);
    case Op::solarize_add:
      return std::trunc(share * 110);
    case Op::cutout:
      return target == Target::one_box
                 ? share * .75
                 : std::trunc(length(cut_px, std::min(size.width, size.height)));
    default:
      return 0;
  }
}

bool has_sign(Op op) {
  return op == Op::shear_x || op == Op::shear_y || op == Op::translate_x || op == Op::translate_y ||
         op == Op::rotate;
}

bool is_detection(Magnitudes magnitudes) {
  return magnitudes == Magnitudes::detection || magnitudes == Magnitudes::detection_share;
}

}  // namespace

int magnitude_bins(Magnitudes magnitudes) {
  constexpr int kDetectionBins = 11;
  return is_detection(magnitudes) ? kDetectionBins : range_of(magnitudes).bins;
}

bool lengths_in_pixels(Magnitudes magnitudes) {
  return is_detection(magnitudes) ? magnitudes == Magnitudes::detection
                                  : range_of(magnitudes).shift_px > 0;
}

Operation binned_operation(
    Magnitudes magnitudes, Op op, int bin, bool positive, cv::Size size, Target target) {
  assert(bin >= 0 && bin < magnitude_bins(magnitudes));
  const double sign = positive ? 1 : -1;
  if (is_detection(magnitudes))
    return {op, (has_sign(op) ? sign : 1) * detection_value(magnitudes, op, bin, size, target)};
  const MagnitudeRange& range = range_of(magnitudes);
  const auto upto = [&](double limit) { return sign * linspace(0, limit, range.bins, bin); };
  switch (op) {
    case Op::shear_x:
    case Op::shear_y:
      return {op, upto(range.shear)};
    case Op::translate_x:
      return {op, upto(shift_limit(range, size.width))};
    case Op::translate_y:
      return {op, upto(shift_limit(range, size.height))};
    case Op::rotate:
      return {op, upto(range.rotate_deg)};
    case Op::brightness:
    case Op::color:
    case Op::contrast:
    case Op::sharpness:
      return {op, 1. + upto(range.factor)};
    case Op::posterize: {
      const float per_bit = static_cast<float>(range.bins - 1) / range.bits_taken;
      return {op, range.bits_kept - std::nearbyint(static_cast<float>(bin) / per_bit)};
    }
    case Op::solarize:
      return {op, linspace(255, 0, range.bins, bin)};
    default:
      return {op, 0};
  }
}

}  // namespace evenray
