// SPDX-License-Identifier: Apache-2.0
#include "dataset/dicom/pixels.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <limits>
#include <opencv2/imgproc.hpp>

#include "core/text.hpp"
#include "dataset/image/codecs.hpp"

namespace evenray {
namespace {

namespace tag = dicom_tag;

/// Uncompressed pixel data shorter than 1/kLeastShare of its stated size is refused: the picture
/// would be useless, and a small file could make us allocate a large one.
constexpr size_t kLeastShare = 64;
/// A coded radiograph needs at least one byte per kMostPixelsOfByte pixels. A blank image may need
/// less, so images up to kSmallPixels are exempt.
constexpr size_t kMostPixelsOfByte = 4096, kSmallPixels = size_t{4} << 20;
constexpr double kMostFrames = std::numeric_limits<int>::max();

enum class Coding { native, rle, jpeg, jpeg_ls, jpeg2000 };
struct Syntax {
  std::string_view uid;
  Coding coding;
};
constexpr std::array kSyntaxes = {Syntax{"1.2.840.10008.1.2", Coding::native},
                                  Syntax{"1.2.840.10008.1.2.1", Coding::native},
                                  Syntax{"1.2.840.10008.1.2.1.99", Coding::native},
                                  Syntax{"1.2.840.10008.1.2.2", Coding::native},
                                  Syntax{"1.2.840.10008.1.2.4.50", Coding::jpeg},
                                  Syntax{"1.2.840.10008.1.2.4.51", Coding::jpeg},
                                  Syntax{"1.2.840.10008.1.2.4.57", Coding::jpeg},
                                  Syntax{"1.2.840.10008.1.2.4.70", Coding::jpeg},
                                  Syntax{"1.2.840.10008.1.2.4.80", Coding::jpeg_ls},
                                  Syntax{"1.2.840.10008.1.2.4.81", Coding::jpeg_ls},
                                  Syntax{"1.2.840.10008.1.2.4.90", Coding::jpeg2000},
                                  Syntax{"1.2.840.10008.1.2.4.91", Coding::jpeg2000},
                                  Syntax{"1.2.840.10008.1.2.5", Coding::rle}};

/// Copies uncompressed samples from `first` on to 16-bit cells, interleaved.
void unpack(
    std::string_view bytes, size_t first, bool swap, const DicomLayout& layout, uint16_t* cells) {
  const auto* in = reinterpret_cast<const uint8_t*>(bytes.data());
  const size_t width = layout.bits_allocated == 16 ? 2 : 1;
  const size_t count = std::min(bytes.size() / width - first, layout.values());
  const auto at = [&](size_t sample) -> uint16_t {
    const size_t i = first + sample;
    if (width == 2) {
      return static_cast<uint16_t>(swap ? in[2 * i] << 8 | in[2 * i + 1]
                                        : in[2 * i + 1] << 8 | in[2 * i]);
    }
    // Big endian swaps the two bytes of each word, so 8-bit samples are swapped in pairs.
    const size_t k = swap ? i ^ 1 : i;
    return k < bytes.size() ? in[k] : 0;
  };
  if (layout.samples == 1 || !layout.planar) {
    for (size_t i = 0; i < count; ++i) cells[i] = at(i);
    return;
  }
  const size_t plane = layout.values() / 3;
  for (size_t i = 0; i < count; ++i) cells[i % plane * 3 + i / plane] = at(i);
}

/// Colour has 8 bits (dicom_layout() checks that), so no sample is cut by the conversion.
cv::Mat luma(const cv::Mat& cells, bool ybr) {
  cv::Mat bytes, out;
  cells.convertTo(bytes, CV_8U);
  if (ybr) {
    cv::extractChannel(bytes, out, 0);
  } else {
    cv::cvtColor(bytes, out, cv::COLOR_RGB2GRAY);
  }
  return out;
}

/// Decodes an 8-bit DCT stream, which is an ordinary JPEG file, with libjpeg. Returns false for any
/// other stream.
bool plain_jpeg(std::string_view coded, DecodedImage& image, const DicomLayout& layout) {
  for (size_t at = 2; at + 9 < coded.size() && coded[at] == '\xFF';) {
    const auto byte = [&](size_t i) { return static_cast<unsigned char>(coded[at + i]); };
    if (byte(1) >= 0xC0 && byte(1) <= 0xC2) {
      if (byte(4) != 8) return false;
      if (int(byte(5) << 8 | byte(6)) != layout.rows ||
          int(byte(7) << 8 | byte(8)) != layout.columns) {
        image.fault = "the JPEG inside has another size than the header states";
      } else {
        image = decode_jpeg(coded, 0, false, /*claims=*/false);
      }
      return true;
    }
    at += 2 + size_t(byte(2) << 8 | byte(3));
  }
  return false;
}

}  // namespace

DicomLayout dicom_layout(const DicomElements& elements) {
  DicomLayout layout;
  layout.rows = elements.word(tag::rows).value_or(0);
  layout.columns = elements.word(tag::columns).value_or(0);
  layout.samples = elements.word(tag::samples).value_or(1);
  layout.bits_allocated = elements.word(tag::bits_allocated).value_or(0);
  layout.bits_stored =
      elements.word(tag::bits_stored).value_or(static_cast<uint16_t>(layout.bits_allocated));
  layout.high_bit =
      elements.word(tag::high_bit).value_or(static_cast<uint16_t>(layout.bits_stored - 1));
  layout.is_signed = elements.word(tag::pixel_representation).value_or(0) == 1;
  layout.planar = elements.word(tag::planar).value_or(0) == 1;
  layout.photometric = elements.text(tag::photometric);
  const double frames = elements.number(tag::frames).value_or(1);
  layout.frames = static_cast<int>(std::clamp(frames, 1., kMostFrames));
  layout.fault = [&]() -> std::string {
    if (layout.samples != 1 && layout.samples != 3)
      return cat(layout.samples, " samples per pixel; only 1 and 3 are supported");
    if (auto fault =
            size_fault(uint64_t(layout.columns) * uint64_t(layout.samples), uint64_t(layout.rows));
        !fault.empty())
      return fault;
    if (layout.bits_allocated != 8 && layout.bits_allocated != 16)
      return cat(layout.bits_allocated, " bits allocated per pixel; only 8 and 16 are supported");
    if (layout.bits_stored < 1 || layout.bits_stored > layout.bits_allocated ||
        layout.high_bit < layout.bits_stored - 1 || layout.high_bit >= layout.bits_allocated)
      return cat(layout.bits_stored,
                 " bits stored with the high bit ",
                 layout.high_bit,
                 " do not fit into ",
                 layout.bits_allocated,
                 " bits allocated");
    if (layout.photometric == "PALETTE COLOR") return "a palette image";
    if (layout.samples == 3 && layout.bits_allocated != 8) return "colour of more than 8 bits";
    return "";
  }();
  return layout;
}

DicomCells dicom_cells(const DicomElements& elements, const DicomLayout& layout, int frame) {
  assert(frame >= 0 && frame < layout.frames);
  DicomCells out;
  const auto syntax = std::find_if(kSyntaxes.begin(), kSyntaxes.end(), [&](const Syntax& known) {
    return known.uid == elements.syntax;
  });
  const auto fail = [&](const std::string& fault) {
    out.fault = fault;
    return out;
  };
  if (syntax == kSyntaxes.end())
    return fail(cat("transfer syntax ", elements.syntax, " is not supported"));
  if (!elements.pixels_reached) return fail("a DICOM file without pixels");
  const bool native = syntax->coding == Coding::native;
  if (native == elements.encapsulated)
    return fail(cat("pixels in ",
                    native ? "fragments" : "one piece",
                    ", which contradicts transfer syntax ",
                    elements.syntax));
  const auto& stored = elements.elements.at(tag::pixels);
  const size_t need = layout.values() * size_t(layout.bits_allocated / 8);
  const size_t before = need * static_cast<size_t>(frame);
  std::string coded;
  if (!native) coded = coded_frame(elements, layout, frame, out.fault);
  if (!out.fault.empty()) return out;
  if (native && frame > 0 && stored.value.size() <= before)
    return fail(missing_frame(layout, frame));
  const size_t have = native ? stored.value.size() - before : coded.size();
  const bool too_little =
      native ? have < need / kLeastShare || have == 0
             : layout.values() > kSmallPixels && layout.values() / kMostPixelsOfByte > have;
  if (too_little) {
    return fail(cat(layout.columns, "x", layout.rows, " pixels cannot be in ", have, " bytes"));
  }
  if (native && layout.samples == 3 && layout.photometric != "RGB" &&
      layout.photometric != "YBR_FULL")
    return fail("uncompressed colour that is neither RGB nor YBR_FULL");

  if (syntax->coding == Coding::jpeg) {
    DecodedImage image;
    if (plain_jpeg(coded, image, layout)) {
      if (!image.fault.empty()) return fail(image.fault);
      out.truncated = image.truncated;
      if (layout.samples == 3) {
        out.pixels = image.pixels;
      } else {
        image.pixels.convertTo(out.pixels, CV_16U);
      }
      return out;
    }
  }
  cv::Mat cells = cv::Mat::zeros(layout.rows, layout.columns, CV_16UC(layout.samples));
  auto* to = cells.ptr<uint16_t>();
  switch (syntax->coding) {
    case Coding::native: {
      const bool bytes_in_order = layout.bits_allocated == 8 && stored.vr == dicom_vr('O', 'B');
      unpack(stored.value,
             before * 8 / size_t(layout.bits_allocated),
             elements.big_endian && !bytes_in_order,
             layout,
             to);
      out.truncated = have < need;
      break;
    }
    case Coding::rle:
      out.fault = decode_dicom_rle(coded, layout, to, out.truncated);
      break;
    case Coding::jpeg:
    case Coding::jpeg_ls:
      out.fault = decode_dicom_jpeg(coded, syntax->coding == Coding::jpeg_ls, layout, to);
      break;
    case Coding::jpeg2000:
      out.fault = decode_dicom_jpeg2000(coded, layout, to);
      break;
  }
  if (!out.fault.empty()) return out;
  // OpenJPEG undoes the colour transform itself, so the result is RGB whatever the header states.
  const bool ybr = layout.photometric.starts_with("YBR_FULL") && syntax->coding != Coding::jpeg2000;
  out.pixels = layout.samples == 3 ? luma(cells, ybr) : cells;
  return out;
}

std::string decode_dicom_rle(std::string_view coded,
                             const DicomLayout& layout,
                             uint16_t* cells,
                             bool& truncated) {
  constexpr size_t kHeaderBytes = 64;
  const auto number = [&](size_t i) {
    uint32_t value = 0;
    for (size_t k = 4; k-- > 0;) value = value << 8 | static_cast<unsigned char>(coded[4 * i + k]);
    return value;
  };
  const size_t bytes_a_sample = size_t(layout.bits_allocated / 8);
  const size_t segments = bytes_a_sample * size_t(layout.samples);
  if (coded.size() < kHeaderBytes || number(0) != segments)
    return cat("an RLE header that does not list ", segments, " segments");
  const size_t pixels = layout.values() / size_t(layout.samples);
  for (size_t s = 0; s < segments; ++s) {
    const size_t begin = number(s + 1), end = s + 1 < segments ? number(s + 2) : coded.size();
    if (begin < kHeaderBytes || begin > coded.size() || end < begin || end > coded.size()) {
      truncated = true;
      continue;
    }
    const std::string_view in = coded.substr(begin, end - begin);
    // Of each sample, the segment with the most significant byte comes first.
    const int shift = 8 * int(bytes_a_sample - 1 - s % bytes_a_sample);
    uint16_t* sample = cells + s / bytes_a_sample;
    size_t made = 0;
    const auto put = [&](char byte) {
      sample[made++ * size_t(layout.samples)] |=
          static_cast<uint16_t>(static_cast<unsigned char>(byte) << shift);
    };
    for (size_t at = 0; at < in.size() && made < pixels;) {
      const int code = static_cast<signed char>(in[at++]);
      if (code >= 0) {
        for (int i = 0; i <= code && at < in.size() && made < pixels; ++i) put(in[at++]);
      } else if (code != -128 && at < in.size()) {
        const char byte = in[at++];
        for (int i = 0; i <= -code && made < pixels; ++i) put(byte);
      }
    }
    truncated |= made < pixels;
  }
  return "";
}

}  // namespace evenray
