// SPDX-License-Identifier: Apache-2.0
#include <csetjmp>
#include <cstdio>
// jpeglib.h must come first: without it jerror.h leaves out some codes.
#include <jpeglib.h>

#include <jerror.h>
#include <libexif/exif-data.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <vector>

#include "core/text.hpp"
#include "dataset/image/codecs.hpp"

namespace evenray {
namespace {

/// Radiographs have about ten scans; a file with thousands is built to waste time.
constexpr int kMaxScans = 200;

/// The state of one decoding. libjpeg reports errors by longjmp, which runs no destructors, so
/// objects that own memory live outside the functions that are jumped out of.
struct Decoder {
  jpeg_decompress_struct jpeg{};
  jpeg_error_mgr errors{};
  jpeg_progress_mgr progress{};
  std::jmp_buf failed{};
  bool damaged = false, ended_early = false;
  char message[JMSG_LENGTH_MAX] = "";

  Decoder();
  ~Decoder() { jpeg_destroy_decompress(&jpeg); }
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;
};

Decoder& decoder_of(j_common_ptr jpeg) { return *static_cast<Decoder*>(jpeg->client_data); }

[[noreturn]] void on_jpeg_error(j_common_ptr jpeg) {
  Decoder& decoder = decoder_of(jpeg);
  jpeg->err->format_message(jpeg, decoder.message);
  std::longjmp(decoder.failed, 1);
}

/// JWRN_JPEG_EOF alone means that only the end marker is missing after complete data. If data is
/// missing too, libjpeg also reports a marker within a scan.
void on_message(j_common_ptr jpeg, int level) {
  if (level >= 0) return;
  Decoder& decoder = decoder_of(jpeg);
  switch (jpeg->err->msg_code) {
    case JWRN_HIT_MARKER:
    case JWRN_HUFF_BAD_CODE:
    case JWRN_ARITH_BAD_CODE:
    case JWRN_MUST_RESYNC:
      decoder.damaged = true;
      break;
    case JWRN_JPEG_EOF:
      decoder.ended_early = true;
      break;
    default:
      break;
  }
}

void on_progress(j_common_ptr jpeg) {
  if (!jpeg->is_decompressor) return;
  if (reinterpret_cast<j_decompress_ptr>(jpeg)->input_scan_number <= kMaxScans) return;
  Decoder& decoder = decoder_of(jpeg);
  std::snprintf(decoder.message, sizeof decoder.message, "more than %d scans", kMaxScans);
  std::longjmp(decoder.failed, 1);
}

Decoder::Decoder() {
  jpeg.err = jpeg_std_error(&errors);
  errors.error_exit = on_jpeg_error;
  errors.emit_message = on_message;
  errors.output_message = [](j_common_ptr) {};
  progress.progress_monitor = on_progress;
  jpeg.client_data = this;
}

/// Whether a progressive file was cut between two scans. No warning reports that; it shows only in
/// the precision that the coefficients reached.
bool coarse(const jpeg_decompress_struct& jpeg) {
  if (!jpeg.progressive_mode || !jpeg.coef_bits) return false;
  for (int k = 0; k < DCTSIZE2; ++k) {
    if (jpeg.coef_bits[0][k] != 0) return true;
  }
  return false;
}

/// The smallest k such that scaling by k/8 keeps both sides at least `min_side_px` long; 8 if
/// `min_side_px` is 0.
unsigned int scale_eighths(const jpeg_decompress_struct& jpeg, int min_side_px) {
  if (min_side_px <= 0) return 8;
  const uint64_t shorter = std::min(jpeg.image_width, jpeg.image_height);
  for (unsigned int k = 1; k < 8; ++k) {
    if (shorter * k / 8 >= static_cast<uint64_t>(min_side_px)) return k;
  }
  return 8;
}

bool read_jpeg_header(Decoder& decoder, std::string_view bytes) {
  if (setjmp(decoder.failed)) return false;
  jpeg_decompress_struct& jpeg = decoder.jpeg;
  jpeg_create_decompress(&jpeg);
  jpeg.client_data = &decoder;
  jpeg.progress = &decoder.progress;
  jpeg_mem_src(&jpeg, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  jpeg_save_markers(&jpeg, JPEG_APP0 + 1, 0xFFFF);
  jpeg_read_header(&jpeg, TRUE);
  return true;
}

bool start_jpeg(Decoder& decoder, int min_side_px, bool with_chroma) {
  if (setjmp(decoder.failed)) return false;
  decoder.jpeg.out_color_space = with_chroma ? JCS_YCbCr : JCS_GRAYSCALE;
  if (with_chroma) decoder.jpeg.do_fancy_upsampling = FALSE;
  decoder.jpeg.scale_num = scale_eighths(decoder.jpeg, min_side_px);
  decoder.jpeg.scale_denom = 8;
  jpeg_start_decompress(&decoder.jpeg);
  return true;
}

/// Reads the rows into `pixels`. If `row` has room for three components per pixel, reads through it
/// and counts in `coloured` the pixels whose chroma is stronger than coding noise.
bool read_jpeg_rows(Decoder& decoder,
                    cv::Mat& pixels,
                    std::vector<uint8_t>& row,
                    int64_t& coloured) {
  constexpr int kNeutral = 128, kTolerance = 12;
  if (setjmp(decoder.failed)) return false;
  jpeg_decompress_struct& jpeg = decoder.jpeg;
  while (jpeg.output_scanline < jpeg.output_height) {
    uint8_t* luma = pixels.ptr(static_cast<int>(jpeg.output_scanline));
    JSAMPROW samples = row.empty() ? luma : row.data();
    jpeg_read_scanlines(&jpeg, &samples, 1);
    if (row.empty()) continue;
    for (JDIMENSION x = 0; x < jpeg.output_width; ++x, samples += 3) {
      luma[x] = samples[0];
      coloured += std::abs(samples[1] - kNeutral) > kTolerance ||
                  std::abs(samples[2] - kNeutral) > kTolerance;
    }
  }
  if (decoder.ended_early && coarse(jpeg)) decoder.damaged = true;
  jpeg_finish_decompress(&jpeg);
  return true;
}

int read_orientation(const jpeg_decompress_struct& jpeg) {
  constexpr std::string_view mark("Exif\0\0", 6);
  for (auto* marker = jpeg.marker_list; marker; marker = marker->next) {
    const std::string_view content(reinterpret_cast<const char*>(marker->data),
                                   marker->data_length);
    if (!content.starts_with(mark)) continue;
    const std::unique_ptr<ExifData, void (*)(ExifData*)> exif(
        exif_data_new_from_data(marker->data, marker->data_length), exif_data_unref);
    if (!exif) continue;
    const ExifEntry* entry = exif_content_get_entry(exif->ifd[EXIF_IFD_0], EXIF_TAG_ORIENTATION);
    if (!entry || entry->format != EXIF_FORMAT_SHORT || entry->size < 2) continue;
    const int value = exif_get_short(entry->data, exif_data_get_byte_order(exif.get()));
    return value >= 1 && value <= 8 ? value : 1;
  }
  return 1;
}

}  // namespace

DecodedImage decode_jpeg(std::string_view bytes,
                         int min_side_px,
                         bool measure_colour,
                         bool claims) {
  DecodedImage image;
  Decoder decoder;
  const auto broken = [&] { return cat("a broken JPEG: ", decoder.message); };
  if (!read_jpeg_header(decoder, bytes)) {
    image.fault = broken();
    return image;
  }
  const jpeg_decompress_struct& jpeg = decoder.jpeg;
  image.fault = size_fault(jpeg.image_width, jpeg.image_height);
  if (jpeg.num_components > 3) image.fault = "a JPEG of four colour components (CMYK)";
  if (!image.fault.empty()) return image;
  image.width = static_cast<int>(jpeg.image_width);
  image.height = static_cast<int>(jpeg.image_height);
  image.orientation = read_orientation(jpeg);
  image.mode = jpeg.num_components == 1 ? "L" : "RGB";
  const bool with_chroma = measure_colour && jpeg.jpeg_color_space == JCS_YCbCr;
  // A progressive file keeps all its coefficients, of two bytes.
  if (claims) claim_memory(image, jpeg.progressive_mode ? 1 + 2 * jpeg.num_components : 1);
  if (!start_jpeg(decoder, min_side_px, with_chroma)) {
    image.fault = broken();
    return image;
  }
  image.pixels = cv::Mat::zeros(
      static_cast<int>(jpeg.output_height), static_cast<int>(jpeg.output_width), CV_8UC1);
  // Rows after an error stay 0: the picture is there in part, as in a truncated file.
  std::vector<uint8_t> row(with_chroma ? 3 * static_cast<size_t>(jpeg.output_width) : 0);
  int64_t coloured = 0;
  const bool whole = read_jpeg_rows(decoder, image.pixels, row, coloured);
  image.coloured = static_cast<float>(coloured) / static_cast<float>(image.pixels.total());
  if (!whole && jpeg.output_scanline == 0) {
    image.fault = broken();
    return image;
  }
  image.truncated = !whole || decoder.damaged;
  return image;
}

std::optional<cv::Size> jpeg_size(std::string_view head) {
  Decoder decoder;
  if (!read_jpeg_header(decoder, head)) return std::nullopt;
  const cv::Size size(static_cast<int>(decoder.jpeg.image_width),
                      static_cast<int>(decoder.jpeg.image_height));
  const bool on_its_side = read_orientation(decoder.jpeg) > 4;
  return on_its_side ? cv::Size(size.height, size.width) : size;
}

}  // namespace evenray
