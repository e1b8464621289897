// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace evenray {

/// DICOM bytes by hand, elements in the order of the calls: what no writer would let pass.
class DicomMaker {
 public:
  explicit DicomMaker(const std::string& syntax = "1.2.840.10008.1.2.1")
      : big_endian_(syntax == "1.2.840.10008.1.2.2"), implicit_(syntax == "1.2.840.10008.1.2") {
    out_ = std::string(128, '\0') + "DICM";
    const bool big = big_endian_, implicit = implicit_;
    big_endian_ = implicit_ = false;
    text(0x00020010, "UI", syntax);
    big_endian_ = big;
    implicit_ = implicit;
  }
  /// A bare data set.
  static DicomMaker without_preamble() {
    DicomMaker maker;
    maker.out_.clear();
    return maker;
  }

  DicomMaker& text(uint32_t tag, const char* vr, std::string value) {
    if (value.size() % 2) value += vr == std::string_view("UI") ? '\0' : ' ';
    return raw(tag, vr, value, value.size());
  }
  DicomMaker& words(uint32_t tag, const char* vr, const std::vector<int>& values) {
    std::string bytes;
    for (const int value : values) put(bytes, static_cast<uint16_t>(value));
    return raw(tag, vr, bytes, bytes.size());
  }
  /// `length` may lie.
  DicomMaker& raw(uint32_t tag, const char* vr, const std::string& bytes, size_t length) {
    const std::string_view kind(vr);
    put(out_, static_cast<uint16_t>(tag >> 16));
    put(out_, static_cast<uint16_t>(tag));
    const bool wide = kind == "OB" || kind == "OW" || kind == "SQ" || kind == "UN";
    if (implicit_) {
      put32(length);
    } else {
      out_ += kind;
      if (wide) {
        put(out_, 0);
        put32(length);
      } else {
        put(out_, static_cast<uint16_t>(length));
      }
    }
    out_ += bytes;
    return *this;
  }
  /// One item with a LUT in it.
  DicomMaker& lut(uint32_t tag, const std::vector<int>& entries, int first, int bits) {
    DicomMaker inside = *this;
    inside.out_.clear();
    inside.words(0x00283002, "US", {static_cast<int>(entries.size()), first, bits})
        .words(0x00283006, "OW", entries);
    DicomMaker item = *this;
    item.out_.clear();
    item.put(item.out_, 0xFFFE);
    item.put(item.out_, 0xE000);
    item.put32(inside.out_.size());
    item.out_ += inside.out_;
    return raw(tag, "SQ", item.out_, item.out_.size());
  }
  /// The image pixel module of one grey picture, without its pixels.
  DicomMaker& image(int rows,
                    int columns,
                    int stored = 12,
                    bool is_signed = false,
                    const std::string& photometric = "MONOCHROME2",
                    int high_bit = -1,
                    int allocated = 16) {
    return words(0x00280002, "US", {1})
        .text(0x00280004, "CS", photometric)
        .words(0x00280010, "US", {rows})
        .words(0x00280011, "US", {columns})
        .words(0x00280100, "US", {allocated})
        .words(0x00280101, "US", {stored})
        .words(0x00280102, "US", {high_bit < 0 ? stored - 1 : high_bit})
        .words(0x00280103, "US", {is_signed});
  }
  DicomMaker& window(const std::string& center, const std::string& width) {
    return text(0x00281050, "DS", center).text(0x00281051, "DS", width);
  }
  DicomMaker& pixels(const std::vector<int>& values) { return words(0x7FE00010, "OW", values); }
  const std::string& bytes() const { return out_; }

 private:
  void put(std::string& to, uint16_t word) const {
    const char low = static_cast<char>(word & 255), high = static_cast<char>(word >> 8);
    to += big_endian_ ? high : low;
    to += big_endian_ ? low : high;
  }
  void put32(size_t number) {
    const auto high = static_cast<uint16_t>(number >> 16), low = static_cast<uint16_t>(number);
    put(out_, big_endian_ ? high : low);
    put(out_, big_endian_ ? low : high);
  }

  std::string out_;
  bool big_endian_ = false, implicit_ = false;
};

}  // namespace evenray
