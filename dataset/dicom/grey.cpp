// SPDX-License-Identifier: Apache-2.0
#include "dataset/dicom/grey.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/text.hpp"

namespace evenray {
namespace {

namespace tag = dicom_tag;

constexpr double kLowShare = .005, kHighShare = .995;
/// Half a grey level of 8 bits: a share nearer to an end is shown as black or white.
constexpr double kEnd = .5 / 255;
/// No modality has values this large; a rescale that would produce them counts as absent.
constexpr double kBeyond = 1e12;
/// The least share of pixels that a usable window leaves between black and white.
constexpr double kLeastBetween = .01;

std::optional<DicomLut> read_lut(const DicomElements& elements, uint32_t sequence, bool is_signed) {
  const auto item = elements.first_item(sequence);
  if (!item) return std::nullopt;
  const auto count = item->word(tag::lut_descriptor, 0), first = item->word(tag::lut_descriptor, 1),
             bits = item->word(tag::lut_descriptor, 2);
  const auto data = item->elements.find(tag::lut_data);
  if (!count || !first || !bits || data == item->elements.end()) return std::nullopt;
  if (*bits < 1 || *bits > 16) return std::nullopt;
  DicomLut lut;
  lut.bits = *bits;
  const auto descriptor = item->elements.find(tag::lut_descriptor);
  is_signed |= descriptor->second.vr == dicom_vr('S', 'S');
  lut.first = is_signed ? static_cast<int16_t>(*first) : *first;
  const size_t entries = *count == 0 ? 65536 : *count;
  const std::string_view bytes = data->second.value;
  if (bytes.size() >= 2 * entries) {
    for (size_t i = 0; i < entries; ++i) lut.entries.push_back(*item->word(tag::lut_data, i));
  } else if (lut.bits <= 8 && bytes.size() >= entries) {
    for (size_t i = 0; i < entries; ++i)
      lut.entries.push_back(static_cast<unsigned char>(bytes[i]));
  } else {
    return std::nullopt;
  }
  // Some writers state fewer bits than their entries have.
  const auto largest = *std::max_element(lut.entries.begin(), lut.entries.end());
  while (largest >> lut.bits != 0) ++lut.bits;
  return lut;
}

double look_up(const DicomLut& lut, double value) {
  const double last = static_cast<double>(lut.entries.size() - 1);
  return lut.entries[static_cast<size_t>(std::clamp(std::floor(value) - lut.first, 0., last))];
}

/// Returns a number of `bits` bits, of which the highest is the sign if `is_signed`.
int signed_value(size_t code, int bits, bool is_signed) {
  const auto value = static_cast<int>(code);
  return is_signed && code >> (bits - 1) != 0 ? value - (1 << bits) : value;
}

size_t code_of(size_t cell, const GreyRules& rules) {
  return (cell & rules.mask()) >> (rules.high_bit + 1 - rules.bits_stored);
}

int stored_value(size_t cell, const GreyRules& rules) {
  return signed_value(code_of(cell, rules), rules.bits_stored, rules.is_signed);
}

/// The padding value may need all the bits of a cell.
bool is_padding(size_t cell, const GreyRules& rules) {
  if (!rules.padding) return false;
  const auto& [first, last] = *rules.padding;
  const int whole = signed_value(cell, rules.bits_allocated, rules.is_signed);
  const int stored = stored_value(cell, rules);
  return (whole >= first && whole <= last) || (stored >= first && stored <= last);
}

/// A table over all cells: how often each occurs and its modality value. Every later step works on
/// this table instead of on pixels.
class Table {
 public:
  Table(const cv::Mat& cells, const GreyRules& rules)
      : size_(size_t{1} << rules.bits_allocated), counts_(size_), values_(size_), padding_(size_) {
    for (int y = 0; y < cells.rows; ++y) {
      const auto* row = cells.ptr<uint16_t>(y);
      for (int x = 0; x < cells.cols; ++x) ++counts_[index(row[x])];
    }
    for (size_t c = 0; c < size_; ++c) {
      const int stored = stored_value(c, rules);
      padding_[c] = is_padding(c, rules);
      if (padding_[c]) counts_[c] = 0;
      values_[c] = rules.modality_lut ? look_up(*rules.modality_lut, stored)
                                      : stored * rules.slope + rules.intercept;
    }
    total_ = std::accumulate(counts_.begin(), counts_.end(), int64_t{0});
    for (size_t c = 0; c < size_; ++c) {
      if (counts_[c] > 0) used_.push_back(c);
    }
    std::sort(
        used_.begin(), used_.end(), [&](size_t a, size_t b) { return values_[a] < values_[b]; });
  }

  size_t index(uint16_t cell) const { return cell & (size_ - 1); }
  size_t size() const { return size_; }
  bool padding(size_t cell) const { return padding_[cell]; }

  /// Returns the brightness of each cell value: 0 is black, 1 is white.
  std::vector<double> shares(double (*of)(double value, double low, double high),
                             double low,
                             double high) const {
    std::vector<double> out(size_);
    for (size_t c = 0; c < size_; ++c) out[c] = of(values_[c], low, high);
    return out;
  }
  std::vector<double> shares(const DicomLut& lut) const {
    std::vector<double> out(size_);
    const double white = double((1 << lut.bits) - 1);
    for (size_t c = 0; c < size_; ++c) out[c] = look_up(lut, values_[c]) / white;
    return out;
  }

  /// Returns the modality value at the quantile `share` of the pixels, one that occurs; 0 if there
  /// are no pixels.
  double quantile(double share) const {
    const auto rank = static_cast<int64_t>(std::lround(share * double(total_ - 1)));
    int64_t seen = 0;
    for (const auto c : used_) {
      seen += counts_[c];
      if (seen > rank) return values_[c];
    }
    return 0;
  }

  /// Whether enough pixels are neither black nor white, and the pixels are not all of one grey.
  bool shows(const std::vector<double>& shares) const {
    int64_t between = 0;
    double lowest = 1, highest = 0;
    for (const auto c : used_) {
      if (shares[c] > kEnd && shares[c] < 1 - kEnd) between += counts_[c];
      lowest = std::min(lowest, shares[c]);
      highest = std::max(highest, shares[c]);
    }
    const bool flat = used_.size() > 1 && highest - lowest < 2 * kEnd;
    return !flat && double(between) >= kLeastBetween * double(total_);
  }

 private:
  size_t size_;
  std::vector<int64_t> counts_;
  std::vector<double> values_;
  std::vector<bool> padding_;
  std::vector<size_t> used_;  ///< cells of pixels that are not padding, sorted by modality value
  int64_t total_ = 0;
};

double between(double value, double low, double high) {
  return high > low ? std::clamp((value - low) / (high - low), 0., 1.) : 0;
}

/// PS3.3 C.11.2.1.2.1, equations C.11-1 to C.11-3.
double linear(double value, double center, double width) {
  if (value <= center - .5 - (width - 1) / 2) return 0;
  if (value > center - .5 + (width - 1) / 2) return 1;
  return (value - (center - .5)) / (width - 1) + .5;
}
double linear_exact(double value, double center, double width) {
  return std::clamp((value - center) / width + .5, 0., 1.);
}
double sigmoid(double value, double center, double width) {
  return 1 / (1 + std::exp(-4 * (value - center) / width));
}

/// Applies the file's own VOI; returns an empty vector if it has none that can be applied.
std::vector<double> own_shares(const Table& table, const GreyRules& rules) {
  if (rules.voi_lut) return table.shares(*rules.voi_lut);
  if (!rules.window_center || !rules.window_width) return {};
  const double center = *rules.window_center, width = *rules.window_width;
  switch (rules.function) {
    case GreyRules::Function::linear:
      return width >= 1 ? table.shares(linear, center, width) : std::vector<double>();
    case GreyRules::Function::linear_exact:
      return width > 0 ? table.shares(linear_exact, center, width) : std::vector<double>();
    case GreyRules::Function::sigmoid:
      return width > 0 ? table.shares(sigmoid, center, width) : std::vector<double>();
  }
  return {};
}

std::vector<double> percentile_shares(const Table& table) {
  const double low = table.quantile(kLowShare), high = table.quantile(kHighShare);
  return low < high ? table.shares(between, low, high)
                    : table.shares(between, table.quantile(0), table.quantile(1));
}

std::vector<double> chosen_shares(const Table& table,
                                  const GreyRules& rules,
                                  Voi voi,
                                  std::string& fault) {
  if (voi == Voi::minmax) return table.shares(between, table.quantile(0), table.quantile(1));
  if (voi == Voi::percentile) return percentile_shares(table);
  std::vector<double> own = own_shares(table, rules);
  if (voi == Voi::file) {
    if (own.empty()) {
      fault = cat(rules.window_given ? "the window of the file cannot be used"
                                     : "the file has neither a window nor a VOI LUT",
                  "; use --voi auto, percentile or minmax");
    }
    return own;
  }
  return own.empty() || !table.shows(own) ? percentile_shares(table) : own;
}

template <class Pixel>
cv::Mat mapped(const cv::Mat& cells, const Table& table, const std::vector<Pixel>& to) {
  cv::Mat out(cells.size(), cv::DataType<Pixel>::type);
  for (int y = 0; y < cells.rows; ++y) {
    const auto* in = cells.ptr<uint16_t>(y);
    auto* row = out.ptr<Pixel>(y);
    for (int x = 0; x < cells.cols; ++x) row[x] = to[table.index(in[x])];
  }
  return out;
}

/// Padding is background, which is black also where the lowest value is white.
template <class Pixel>
std::vector<Pixel> levels(const Table& table,
                          const std::vector<double>& shares,
                          bool inverse,
                          double white) {
  std::vector<Pixel> out(shares.size());
  for (size_t c = 0; c < out.size(); ++c) {
    if (table.padding(c)) continue;
    const double seen = std::clamp(inverse ? 1 - shares[c] : shares[c], 0., 1.);
    out[c] = static_cast<Pixel>(std::lround(seen * white));
  }
  return out;
}

}  // namespace

GreyRules grey_rules(const DicomElements& elements, const DicomLayout& layout) {
  GreyRules rules;
  rules.bits_allocated = layout.bits_allocated;
  rules.bits_stored = layout.bits_stored;
  rules.high_bit = layout.high_bit;
  rules.is_signed = layout.is_signed;
  rules.modality_lut = read_lut(elements, tag::modality_lut, layout.is_signed);
  const double slope = elements.number(tag::slope).value_or(1);
  const double intercept = elements.number(tag::intercept).value_or(0);
  if (slope != 0 && std::abs(slope) < kBeyond && std::abs(intercept) < kBeyond) {
    rules.slope = slope;
    rules.intercept = intercept;
  }
  const double lowest = layout.is_signed ? -(1 << (layout.bits_stored - 1)) : 0;
  const double highest = lowest + (1 << layout.bits_stored) - 1;
  const bool negative = !rules.modality_lut &&
                        std::min(lowest * rules.slope, highest * rules.slope) + rules.intercept < 0;
  rules.voi_lut = read_lut(elements, tag::voi_lut, negative);
  const std::string function = elements.text(tag::voi_function);
  if (function == "LINEAR_EXACT") rules.function = GreyRules::Function::linear_exact;
  if (function == "SIGMOID") rules.function = GreyRules::Function::sigmoid;
  rules.window_center = elements.number(tag::window_center);
  rules.window_width = elements.number(tag::window_width);
  rules.window_given = elements.has(tag::window_center) || elements.has(tag::window_width);
  rules.inverse =
      layout.photometric == "MONOCHROME1" || elements.text(tag::presentation_shape) == "INVERSE";
  if (const auto padding = elements.word(tag::padding)) {
    const auto value = [&](uint16_t word) {
      return layout.is_signed ? static_cast<int16_t>(word) : int{word};
    };
    const int one = value(*padding);
    const int other = value(elements.word(tag::padding_limit).value_or(*padding));
    rules.padding = std::minmax(one, other);
  }
  return rules;
}

float beyond_bits(const cv::Mat& cells, const GreyRules& rules) {
  const size_t all = (size_t{1} << rules.bits_allocated) - 1;
  const size_t above = all & ~((size_t{2} << rules.high_bit) - 1);
  size_t beyond = 0;
  for (int y = 0; y < cells.rows; ++y) {
    const auto* row = cells.ptr<uint16_t>(y);
    for (int x = 0; x < cells.cols; ++x) {
      const size_t cell = row[x] & all, rest = cell & ~size_t{rules.mask()};
      const bool extended_sign = rules.is_signed && rest == above && stored_value(cell, rules) < 0;
      beyond += rest != 0 && !extended_sign && !is_padding(cell, rules);
    }
  }
  return static_cast<float>(beyond) / static_cast<float>(cells.total());
}

cv::Mat displayed_grey(const cv::Mat& cells,
                       const GreyRules& rules,
                       const DicomOptions& options,
                       std::string& fault) {
  const Table table(cells, rules);
  if (options.voi == Voi::none) {
    const int raise = rules.is_signed ? 1 << (rules.bits_stored - 1) : 0;
    std::vector<uint16_t> stored(table.size());
    for (size_t c = 0; c < stored.size(); ++c)
      stored[c] = static_cast<uint16_t>(stored_value(c, rules) + raise);
    return mapped(cells, table, stored);
  }
  const auto shares = chosen_shares(table, rules, options.voi, fault);
  if (!fault.empty()) return {};
  const int bits = options.bits == 0 ? (rules.bits_stored > 8 ? 16 : 8) : options.bits;
  return bits == 8 ? mapped(cells, table, levels<uint8_t>(table, shares, rules.inverse, 255))
                   : mapped(cells, table, levels<uint16_t>(table, shares, rules.inverse, 65535));
}

}  // namespace evenray
