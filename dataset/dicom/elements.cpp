// SPDX-License-Identifier: Apache-2.0
#include "dataset/dicom/elements.hpp"

#include <libdeflate.h>

#include <algorithm>
#include <array>

#include "core/deflate.hpp"
#include "core/text.hpp"
#include "dataset/dicom/dicom.hpp"
#include "dataset/dicom/walk.hpp"
#include "dataset/image/image.hpp"

namespace evenray {
namespace {

namespace tag = dicom_tag;

constexpr std::string_view kMark = "DICM";
constexpr size_t kMarkAt = 128;
constexpr std::array kKept = {tag::sop_class,
                              tag::transfer_syntax,
                              tag::sop_instance,
                              tag::modality,
                              tag::patient_id,
                              tag::sex,
                              tag::age,
                              tag::body_part,
                              tag::imager_spacing,
                              tag::view_position,
                              tag::study,
                              tag::series,
                              tag::laterality,
                              tag::image_laterality,
                              tag::samples,
                              tag::photometric,
                              tag::planar,
                              tag::frames,
                              tag::rows,
                              tag::columns,
                              tag::pixel_spacing,
                              tag::bits_allocated,
                              tag::bits_stored,
                              tag::high_bit,
                              tag::pixel_representation,
                              tag::padding,
                              tag::padding_limit,
                              tag::burned_in,
                              tag::window_center,
                              tag::window_width,
                              tag::intercept,
                              tag::slope,
                              tag::voi_function,
                              tag::modality_lut,
                              tag::lut_descriptor,
                              tag::lut_data,
                              tag::voi_lut,
                              tag::presentation_shape,
                              tag::extended_offsets,
                              tag::pixels};

/// More fragments than any radiograph has, so that a hostile file cannot fill the memory.
constexpr size_t kMostFragments = size_t{1} << 20;

bool kept(uint32_t tag) { return std::find(kKept.begin(), kKept.end(), tag) != kKept.end(); }

void read_fragments(DicomWalk& walk, DicomElements& out) {
  out.encapsulated = true;
  std::optional<size_t> first;  // where the first fragment begins; a table of offsets is before it
  while (walk.ok()) {
    const size_t begin = walk.at;
    const DicomHeader item = walk.header();
    if (!walk.ok() || item.tag == kSequenceEnd) break;
    if (item.tag != kItem || item.length == kUndefinedLength ||
        out.fragments.size() == kMostFragments) {
      walk.damaged = true;
      break;
    }
    const auto bytes = walk.take(item.length);
    if (!first) {
      out.offsets = bytes;
      first = walk.at;
    } else {
      out.fragments.push_back({begin - *first, bytes});
    }
  }
}

void read_elements(DicomWalk& walk, DicomElements& out) {
  while (walk.ok() && !walk.at_end()) {
    const DicomHeader h = walk.header();
    if (!walk.ok() || h.tag == kItemEnd) break;
    if (h.tag == tag::pixels) {
      out.pixels_reached = true;
      DicomElements::Element pixels{h.vr, {}};
      if (h.length == kUndefinedLength) {
        read_fragments(walk, out);
      } else {
        pixels.value = walk.take(h.length);
      }
      out.elements.emplace(h.tag, pixels);
      break;
    }
    const size_t start = walk.at;
    walk.skip(h);
    if (walk.ok() && kept(h.tag)) {
      out.elements.emplace(h.tag, DicomElements::Element{h.vr, walk.since(start)});
    }
  }
  out.ends_early = walk.ended;
  // Damage after the pixels or among their fragments does not invalidate the header.
  if (walk.damaged) {
    if (out.pixels_reached) {
      out.ends_early = true;
    } else {
      out.fault = cat("a damaged DICOM data set at byte ", walk.at);
    }
  }
}

std::string inflate_raw(std::string_view bytes, std::string& fault) {
  struct Free {
    void operator()(libdeflate_decompressor* d) const { libdeflate_free_decompressor(d); }
  };
  const std::unique_ptr<libdeflate_decompressor, Free> inflater(libdeflate_alloc_decompressor());
  const uint64_t most =
      std::min<uint64_t>(kMaxImageFileBytes, uint64_t{kMaxDeflateRatio} * bytes.size());
  std::string out;
  for (uint64_t room = std::min<uint64_t>(most, 4 * bytes.size() + 4096);;
       room = std::min(most, 2 * room)) {
    out.resize(room);
    size_t used = 0;
    const auto result = libdeflate_deflate_decompress(
        inflater.get(), bytes.data(), bytes.size(), out.data(), out.size(), &used);
    if (result == LIBDEFLATE_SUCCESS) {
      out.resize(used);
      return out;
    }
    if (result == LIBDEFLATE_INSUFFICIENT_SPACE && room < most) continue;
    fault = result == LIBDEFLATE_INSUFFICIENT_SPACE
                ? cat("a deflated data set of more than ", most, " bytes")
                : "a damaged deflated data set";
    return "";
  }
}

/// Reads the file meta information, which is always explicit and little endian. Returns where the
/// data set begins.
size_t read_meta(std::string_view bytes, DicomElements& out) {
  const bool marked =
      bytes.size() >= kMarkAt + kMark.size() && bytes.substr(kMarkAt, kMark.size()) == kMark;
  DicomWalk walk(bytes, false, false);
  walk.at = marked ? kMarkAt + kMark.size() : 0;
  while (walk.ok() && walk.rest().starts_with(std::string_view("\x02\0", 2))) {
    const DicomHeader h = walk.header();
    const size_t start = walk.at;
    if (walk.ok()) walk.skip(h);
    if (walk.ok() && kept(h.tag)) {
      out.elements.emplace(h.tag, DicomElements::Element{h.vr, walk.since(start)});
    }
  }
  out.ends_early = walk.ended;
  if (walk.damaged) out.fault = cat("a damaged DICOM header at byte ", walk.at);
  return walk.at;
}

}  // namespace

DicomElements read_dicom_elements(std::string_view bytes) {
  DicomElements out;
  const size_t start = read_meta(bytes, out);
  if (!out.fault.empty() || out.ends_early) {
    if (out.fault.empty()) out.fault = "a DICOM file that ends within its header";
    return out;
  }
  std::string_view data = bytes.substr(start);
  out.syntax = out.text(tag::transfer_syntax);
  if (out.syntax.find_first_not_of("0123456789.") != std::string::npos || out.syntax.size() > 64) {
    out.fault = "a transfer syntax that is not a UID";
    return out;
  }
  if (out.syntax.empty()) {
    const bool is_explicit = data.size() >= 6 && is_dicom_vr(dicom_vr(data[4], data[5]));
    out.syntax = is_explicit ? "1.2.840.10008.1.2.1" : "1.2.840.10008.1.2";
  }
  out.implicit = out.syntax == "1.2.840.10008.1.2";
  out.big_endian = out.syntax == "1.2.840.10008.1.2.2";
  if (out.syntax == "1.2.840.10008.1.2.1.99") {
    out.inflated = std::make_shared<const std::string>(inflate_raw(data, out.fault));
    if (!out.fault.empty()) return out;
    data = *out.inflated;
  }
  DicomWalk walk(data, out.big_endian, out.implicit);
  read_elements(walk, out);
  if (out.fault.empty() && !out.pixels_reached && out.ends_early) {
    out.fault = "a DICOM file that ends before its pixels";
  }
  return out;
}

bool is_dicom(std::string_view bytes) {
  if (bytes.size() >= kMarkAt + kMark.size() && bytes.substr(kMarkAt, kMark.size()) == kMark)
    return true;
  if (!bytes.starts_with(std::string_view("\x08\0", 2)) &&
      !bytes.starts_with(std::string_view("\x02\0", 2)))
    return false;
  const bool implicit = bytes.size() < 6 || !is_dicom_vr(dicom_vr(bytes[4], bytes[5]));
  // Other files do not begin by chance with so many elements in order, none longer than the bytes.
  constexpr int kEnough = 4;
  DicomWalk walk(bytes, false, implicit);
  uint32_t last = 0;
  for (int found = 0; found < kEnough; ++found) {
    const DicomHeader h = walk.header();
    if (!walk.ok() || h.tag <= last || h.tag >> 16 > 0x0040) return false;
    last = h.tag;
    walk.skip(h);
    if (!walk.ok()) return false;
  }
  return true;
}

std::string DicomElements::text(uint32_t tag) const {
  const auto found = elements.find(tag);
  if (found == elements.end()) return "";
  std::string_view value = found->second.value;
  const auto padding = [](char c) { return c == ' ' || c == '\0'; };
  while (!value.empty() && padding(value.back())) value.remove_suffix(1);
  while (!value.empty() && padding(value.front())) value.remove_prefix(1);
  return std::string(value);
}

std::string DicomElements::text(uint32_t tag, size_t n) const {
  const auto values = split_text(text(tag), '\\');
  return n < values.size() ? trim(values[n]) : "";
}

std::optional<double> DicomElements::number(uint32_t tag, size_t n) const {
  const std::string value = text(tag, n);
  double out = 0;
  if (!parse_double(value.starts_with('+') ? value.substr(1) : value, out)) return std::nullopt;
  return out;
}

std::optional<uint16_t> DicomElements::word(uint32_t tag, size_t n) const {
  const auto found = elements.find(tag);
  if (found == elements.end() || found->second.value.size() < 2 * n + 2) return std::nullopt;
  const auto a = static_cast<unsigned char>(found->second.value[2 * n]),
             b = static_cast<unsigned char>(found->second.value[2 * n + 1]);
  return static_cast<uint16_t>(big_endian ? a << 8 | b : b << 8 | a);
}

std::optional<DicomElements> DicomElements::first_item(uint32_t tag) const {
  const auto found = elements.find(tag);
  if (found == elements.end()) return std::nullopt;
  DicomWalk sequence(found->second.value, big_endian, implicit);
  const DicomHeader item = sequence.header();
  if (!sequence.ok() || item.tag != kItem) return std::nullopt;
  DicomElements out;
  out.syntax = syntax;
  out.big_endian = big_endian;
  out.implicit = implicit;
  DicomWalk walk(item.length == kUndefinedLength ? sequence.rest() : sequence.take(item.length),
                 big_endian,
                 implicit);
  read_elements(walk, out);
  if (!out.fault.empty()) return std::nullopt;
  return out;
}

}  // namespace evenray
