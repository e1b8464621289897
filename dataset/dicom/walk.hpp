// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

#include "dataset/dicom/elements.hpp"

namespace evenray {

/// Delimiters of sequences and their items (PS3.5, 7.5), which have no VR in any syntax.
inline constexpr uint32_t kUndefinedLength = 0xFFFFFFFF;
inline constexpr uint32_t kItem = 0xFFFEE000, kItemEnd = 0xFFFEE00D, kSequenceEnd = 0xFFFEE0DD;
/// The deepest nesting of sequences that is read.
inline constexpr int kMaxDepth = 32;

inline bool is_dicom_vr(uint16_t vr) {
  const auto letter = [](int c) { return c >= 'A' && c <= 'Z'; };
  return letter(vr >> 8) && letter(vr & 255);
}

/// Whether elements of this VR have two reserved bytes and a length of four bytes (PS3.5, 7.1.2).
inline bool has_long_form(uint16_t vr) {
  constexpr std::array kLong = {dicom_vr('O', 'B'),
                                dicom_vr('O', 'D'),
                                dicom_vr('O', 'F'),
                                dicom_vr('O', 'L'),
                                dicom_vr('O', 'V'),
                                dicom_vr('O', 'W'),
                                dicom_vr('S', 'Q'),
                                dicom_vr('S', 'V'),
                                dicom_vr('U', 'C'),
                                dicom_vr('U', 'N'),
                                dicom_vr('U', 'R'),
                                dicom_vr('U', 'T'),
                                dicom_vr('U', 'V')};
  return std::find(kLong.begin(), kLong.end(), vr) != kLong.end();
}

/// Tag, VR and length in front of a value.
struct DicomHeader {
  uint32_t tag = 0;
  uint16_t vr = 0;
  uint32_t length = 0;
};

/// A position in a data set. Every step is checked against the bytes that are there: a step past
/// the end sets `ended`, one that finds invalid bytes sets `damaged`; both flags stay set.
class DicomWalk {
 public:
  DicomWalk(std::string_view bytes, bool big_endian, bool implicit)
      : bytes_(bytes), big_endian_(big_endian), implicit_(implicit) {}

  bool ok() const { return !ended && !damaged; }
  bool at_end() const { return at == bytes_.size(); }
  size_t left() const { return bytes_.size() - at; }
  std::string_view rest() const { return bytes_.substr(at); }
  std::string_view since(size_t start) const { return bytes_.substr(start, at - start); }

  /// Reads the header of an element or of an item delimiter, which never has a VR.
  DicomHeader header() {
    DicomHeader h;
    const uint32_t group = word();
    h.tag = group << 16 | word();
    if (implicit_ || group == 0xFFFE) {
      h.length = number();
      return h;
    }
    if (left() < 2) {
      ended = true;
      return h;
    }
    h.vr = dicom_vr(bytes_[at], bytes_[at + 1]);
    at += 2;
    if (!is_dicom_vr(h.vr)) {
      damaged = true;
    } else if (has_long_form(h.vr)) {
      word();
      h.length = number();
    } else {
      h.length = word();
    }
    return h;
  }

  /// Steps over a value and returns it, shortened if the bytes end first.
  std::string_view take(uint32_t length) {
    const auto value = bytes_.substr(at, length);
    if (value.size() < length) ended = true;
    at += value.size();
    return value;
  }

  /// Steps over a value, including one of undefined length.
  void skip(const DicomHeader& h, int depth = 0) {
    if (h.length != kUndefinedLength) {
      take(h.length);
      return;
    }
    // An element of VR UN and undefined length is a sequence in implicit form (PS3.5, 6.2.2).
    const bool outside = implicit_;
    implicit_ |= h.vr == dicom_vr('U', 'N');
    skip_items(depth + 1);
    implicit_ = outside;
  }

  size_t at = 0;
  bool ended = false, damaged = false;

 private:
  void skip_items(int depth) {
    if (depth > kMaxDepth) damaged = true;
    while (ok()) {
      const DicomHeader item = header();
      if (!ok() || item.tag == kSequenceEnd) return;
      if (item.tag != kItem) {
        damaged = true;
      } else if (item.length != kUndefinedLength) {
        take(item.length);
      } else {
        skip_elements(depth);
      }
    }
  }
  void skip_elements(int depth) {
    while (ok()) {
      const DicomHeader element = header();
      if (!ok() || element.tag == kItemEnd) return;
      skip(element, depth);
    }
  }
  uint16_t word() {
    if (left() < 2) {
      ended = true;
      return 0;
    }
    const auto a = static_cast<unsigned char>(bytes_[at]),
               b = static_cast<unsigned char>(bytes_[at + 1]);
    at += 2;
    return static_cast<uint16_t>(big_endian_ ? a << 8 | b : b << 8 | a);
  }
  uint32_t number() {
    const uint32_t first = word(), second = word();
    return big_endian_ ? first << 16 | second : second << 16 | first;
  }

  std::string_view bytes_;
  bool big_endian_, implicit_;
};

}  // namespace evenray
