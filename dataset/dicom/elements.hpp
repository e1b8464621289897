// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace evenray {

/// A tag as one number: group << 16 | element, so that (0028,0010) reads 0x00280010.
namespace dicom_tag {
inline constexpr uint32_t sop_class = 0x00020002, transfer_syntax = 0x00020010,
                          sop_instance = 0x00080018, modality = 0x00080060, patient_id = 0x00100020,
                          sex = 0x00100040, age = 0x00101010, body_part = 0x00180015,
                          imager_spacing = 0x00181164, view_position = 0x00185101,
                          study = 0x0020000D, series = 0x0020000E, laterality = 0x00200060,
                          image_laterality = 0x00200062, samples = 0x00280002,
                          photometric = 0x00280004, planar = 0x00280006, frames = 0x00280008,
                          rows = 0x00280010, columns = 0x00280011, pixel_spacing = 0x00280030,
                          bits_allocated = 0x00280100, bits_stored = 0x00280101,
                          high_bit = 0x00280102, pixel_representation = 0x00280103,
                          padding = 0x00280120, padding_limit = 0x00280121, burned_in = 0x00280301,
                          window_center = 0x00281050, window_width = 0x00281051,
                          intercept = 0x00281052, slope = 0x00281053, voi_function = 0x00281056,
                          modality_lut = 0x00283000, lut_descriptor = 0x00283002,
                          lut_data = 0x00283006, voi_lut = 0x00283010,
                          presentation_shape = 0x20500020, extended_offsets = 0x7FE00001,
                          pixels = 0x7FE00010;
}  // namespace dicom_tag

/// The two letters of a value representation as one number.
constexpr uint16_t dicom_vr(char a, char b) {
  return static_cast<uint16_t>(static_cast<unsigned char>(a) << 8 | static_cast<unsigned char>(b));
}

/// The elements of a data set that dicom_tag names, as bytes. Nothing else of a file is kept, in
/// particular no names, dates, comments or private groups. The views point into the bytes that were
/// read (or into `inflated`), which must outlive them.
struct DicomElements {
  struct Element {
    uint16_t vr = 0;  ///< 0 if the syntax is implicit
    std::string_view value;
  };

  /// Transfer syntax UID, digits and dots only; guessed (little endian) if the file has none.
  std::string syntax;
  bool big_endian = false, implicit = false;
  std::map<uint32_t, Element> elements;
  bool pixels_reached = false;  ///< parsing reached the pixel data: the header is complete
  bool encapsulated = false;    ///< pixel data in fragments
  /// A fragment of the pixel data and where its item begins, in bytes after the table of offsets.
  struct Fragment {
    uint64_t offset = 0;
    std::string_view bytes;
  };
  std::vector<Fragment> fragments;
  std::string_view offsets;  ///< the table of offsets before the fragments; may be empty
  /// The file ends within an element; the pixel data may be shorter than its length field states.
  bool ends_early = false;
  std::string fault;                            ///< why there is no data set; empty if there is
  std::shared_ptr<const std::string> inflated;  ///< the data set of a deflated file

  bool has(uint32_t tag) const { return elements.contains(tag); }
  /// Returns a text without its padding; "" if the element is missing. It may hold any bytes, so do
  /// not put it into messages.
  std::string text(uint32_t tag) const;
  /// Returns the n-th (from 0) of the values of a text; "" if there are fewer.
  std::string text(uint32_t tag, size_t n) const;
  /// Returns the n-th number of a text element; nullopt if it is missing, not a number or not
  /// finite.
  std::optional<double> number(uint32_t tag, size_t n = 0) const;
  /// Returns the n-th 16-bit word of a binary element; nullopt if it is missing.
  std::optional<uint16_t> word(uint32_t tag, size_t n = 0) const;
  /// Returns the first item of a sequence, with those of its elements that dicom_tag names; nullopt
  /// if there is none or it is damaged.
  std::optional<DicomElements> first_item(uint32_t tag) const;
};

/// Parses a DICOM file (PS3.10, or a bare data set without a preamble): implicit, explicit, big
/// endian and deflated. Every length is checked against the bytes that are there, sequences may be
/// nested 32 deep, pixel data may have a million fragments, and a deflated data set may inflate to
/// 512 MiB. Allocates only the list of fragments and the inflated data set.
DicomElements read_dicom_elements(std::string_view bytes);

}  // namespace evenray
