// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <vector>

#include "dataset/dicom/dicom.hpp"
#include "dataset/dicom/pixels.hpp"

namespace evenray {

/// A LUT of the file (PS3.3 C.11.1.1): values below `first` take the first entry, above the last.
struct DicomLut {
  int first = 0;
  int bits = 16;  ///< of an entry
  std::vector<uint16_t> entries;
};

/// What a file says on how its cells become grey.
struct GreyRules {
  int bits_stored = 16, high_bit = 15;
  bool is_signed = false;
  double slope = 1, intercept = 0;
  std::optional<DicomLut> modality_lut, voi_lut;
  enum class Function { linear, linear_exact, sigmoid } function = Function::linear;
  std::optional<double> window_center, window_width;  ///< neither is finite-checked further
  bool window_given = false;  ///< the file has window elements, be they usable or not
  bool inverse = false;
  std::optional<std::pair<int, int>> padding;  ///< stored values, both ends included
};
GreyRules grey_rules(const DicomElements& elements, const DicomLayout& layout);

/// CV_16UC1 cells -> CV_8UC1 or CV_16UC1 as decode_dicom() gives them. `fault`: why there is none.
cv::Mat displayed_grey(const cv::Mat& cells,
                       const GreyRules& rules,
                       const DicomOptions& options,
                       std::string& fault);

}  // namespace evenray
