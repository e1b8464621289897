// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <opencv2/core.hpp>
#include <string>
#include <string_view>

#include "dataset/dicom/elements.hpp"

namespace evenray {

/// The image pixel module (PS3.3 C.7.6.3), checked: what passes is safe to take memory for.
struct DicomLayout {
  int rows = 0, columns = 0, samples = 1;
  int bits_allocated = 0, bits_stored = 0, high_bit = 0;
  bool is_signed = false, planar = false;
  std::string photometric;
  std::string fault;

  size_t values() const { return size_t(rows) * size_t(columns) * size_t(samples); }
};
DicomLayout dicom_layout(const DicomElements& elements);

/// Cells as the file has them, before any mask: CV_16UC1, or CV_8UC1 luma of a colour image.
struct DicomCells {
  cv::Mat pixels;
  bool truncated = false;
  std::string fault;
};
DicomCells dicom_cells(const DicomElements& elements, const DicomLayout& layout);

/// Decoders of one code stream into `layout.values()` cells of 16 bits, colour interleaved; each
/// holds the stream's own size against the layout before it takes memory. "" or the fault.
std::string decode_dicom_jpeg(std::string_view coded,
                              bool jpeg_ls,
                              const DicomLayout& layout,
                              uint16_t* cells);
std::string decode_dicom_jpeg2000(std::string_view coded,
                                  const DicomLayout& layout,
                                  uint16_t* cells);
/// PS3.5 annex G. Segments that end early leave zeros and set `truncated`.
std::string decode_dicom_rle(std::string_view coded,
                             const DicomLayout& layout,
                             uint16_t* cells,
                             bool& truncated);

}  // namespace evenray
