// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <opencv2/core.hpp>
#include <string>
#include <string_view>

#include "dataset/dicom/elements.hpp"

namespace evenray {

/// The image pixel module (PS3.3 C.7.6.3) after its checks: if `fault` is empty, memory for the
/// image may be allocated.
struct DicomLayout {
  int rows = 0, columns = 0, samples = 1;
  int bits_allocated = 0, bits_stored = 0, high_bit = 0;
  int frames = 1;  ///< pictures in the file, as its header states
  bool is_signed = false, planar = false;
  std::string photometric;
  std::string fault;  ///< why the image cannot be read; empty if it can

  /// Samples of one frame.
  size_t values() const { return size_t(rows) * size_t(columns) * size_t(samples); }
};
/// Reads and checks the layout.
DicomLayout dicom_layout(const DicomElements& elements);

/// Pixel cells as stored, before any bit mask.
struct DicomCells {
  cv::Mat pixels;          ///< CV_16UC1, or CV_8UC1 luma of a colour image
  bool truncated = false;  ///< the pixel data ended early; the rest is 0
  std::string fault;       ///< why there are no pixels; empty if there are
};
/// Decodes one frame (from 0, less than layout.frames) of a file whose layout has no fault.
DicomCells dicom_cells(const DicomElements& elements, const DicomLayout& layout, int frame = 0);

/// Returns the joined fragments of one frame (PS3.5 A.4). A table of offsets tells frames apart;
/// without one, each fragment is a frame if their numbers are equal, else a frame begins with each
/// fragment that begins a coded stream. On failure returns "" and sets `fault`.
std::string coded_frame(const DicomElements& elements,
                        const DicomLayout& layout,
                        int frame,
                        std::string& fault);
/// The fault of a frame that the file states but does not hold.
std::string missing_frame(const DicomLayout& layout, int frame);

/// Decode one code stream into `layout.values()` cells of 16 bits, colour interleaved. Each checks
/// the size that the stream states against the layout before it allocates. Return "" or the fault.
std::string decode_dicom_jpeg(std::string_view coded,
                              bool jpeg_ls,
                              const DicomLayout& layout,
                              uint16_t* cells);
std::string decode_dicom_jpeg2000(std::string_view coded,
                                  const DicomLayout& layout,
                                  uint16_t* cells);
/// Run-length encoding by PS3.5 annex G. If a segment ends early, the rest is 0 and `truncated` is
/// set.
std::string decode_dicom_rle(std::string_view coded,
                             const DicomLayout& layout,
                             uint16_t* cells,
                             bool& truncated);

}  // namespace evenray
