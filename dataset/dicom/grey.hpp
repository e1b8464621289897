// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <vector>

#include "dataset/dicom/dicom.hpp"
#include "dataset/dicom/pixels.hpp"

namespace evenray {

/// A lookup table of a file (PS3.3 C.11.1.1). Values below `first` map to the first entry, values
/// past the end to the last.
struct DicomLut {
  int first = 0;  ///< value that maps to entry 0
  int bits = 16;  ///< bits per entry
  std::vector<uint16_t> entries;
};

/// How the cells of a file become grey, from its header.
struct GreyRules {
  int bits_allocated = 16, bits_stored = 16, high_bit = 15;
  bool is_signed = false;
  double slope = 1, intercept = 0;
  std::optional<DicomLut> modality_lut, voi_lut;
  enum class Function { linear, linear_exact, sigmoid } function = Function::linear;
  std::optional<double> window_center, window_width;  ///< finite numbers if set
  bool window_given = false;                   ///< the file has window elements, usable or not
  bool inverse = false;                        ///< the lowest value is white
  std::optional<std::pair<int, int>> padding;  ///< values, both ends included

  /// The bits of a cell that hold the value.
  uint16_t mask() const {
    return static_cast<uint16_t>(((1u << bits_stored) - 1) << (high_bit + 1 - bits_stored));
  }
};
/// Reads the rules from a header.
GreyRules grey_rules(const DicomElements& elements, const DicomLayout& layout);

/// Returns the share of cells with bits that are not part of the value, neither as its extended
/// sign nor because the cell is padding. Such bits may be an overlay, or the header may be wrong.
float beyond_bits(const cv::Mat& cells, const GreyRules& rules);

/// Converts CV_16UC1 cells to the CV_8UC1 or CV_16UC1 image that decode_dicom() returns. On failure
/// returns an empty image and sets `fault`.
cv::Mat displayed_grey(const cv::Mat& cells,
                       const GreyRules& rules,
                       const DicomOptions& options,
                       std::string& fault);

}  // namespace evenray
