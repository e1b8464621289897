// SPDX-License-Identifier: Apache-2.0
#include <png.h>

#include <algorithm>
#include <bit>
#include <cassert>
#include <csetjmp>
#include <cstring>
#include <opencv2/imgproc.hpp>
#include <vector>

#include "core/deflate.hpp"
#include "core/error.hpp"
#include "core/text.hpp"
#include "dataset/image/grey_rows.hpp"

namespace evenray {
namespace {

static_assert(std::endian::native == std::endian::little, "PNG's 16-bit samples are swapped");

/// libpng reports errors by longjmp, which runs no destructors, so objects that own memory live
/// outside the functions that are jumped out of.
struct Coder {
  png_structp png = nullptr;
  png_infop info = nullptr;
  std::jmp_buf failed{};
  char message[128] = "";
  std::string_view input;
  bool input_ended = false;
  std::string output;
};

[[noreturn]] void on_png_error(png_structp png, png_const_charp message) {
  auto& coder = *static_cast<Coder*>(png_get_error_ptr(png));
  std::snprintf(coder.message, sizeof coder.message, "%s", message);
  std::longjmp(coder.failed, 1);
}

void on_warning(png_structp, png_const_charp) {}

void on_read(png_structp png, png_bytep out, size_t count) {
  auto& coder = *static_cast<Coder*>(png_get_io_ptr(png));
  if (count > coder.input.size()) {
    coder.input_ended = true;
    png_error(png, "the file ends early");
  }
  std::memcpy(out, coder.input.data(), count);
  coder.input.remove_prefix(count);
}

void on_write(png_structp png, png_bytep bytes, size_t count) {
  static_cast<Coder*>(png_get_io_ptr(png))
      ->output.append(reinterpret_cast<const char*>(bytes), count);
}

struct Reader : Coder {
  explicit Reader(std::string_view bytes) {
    input = bytes;
    png = png_create_read_struct(
        PNG_LIBPNG_VER_STRING, static_cast<Coder*>(this), on_png_error, on_warning);
    info = png ? png_create_info_struct(png) : nullptr;
    if (!info) throw Error(Exit::failed, "no memory for libpng");
    png_set_read_fn(png, static_cast<Coder*>(this), on_read);
  }
  ~Reader() { png_destroy_read_struct(&png, &info, nullptr); }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;
};

struct Writer : Coder {
  Writer() {
    png = png_create_write_struct(
        PNG_LIBPNG_VER_STRING, static_cast<Coder*>(this), on_png_error, on_warning);
    info = png ? png_create_info_struct(png) : nullptr;
    if (!info) throw Error(Exit::failed, "no memory for libpng");
    png_set_write_fn(png, static_cast<Coder*>(this), on_write, [](png_structp) {});
  }
  ~Writer() { png_destroy_write_struct(&png, &info); }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;
};

/// Returns the number of frames of an animated PNG (chunk acTL before the pixels); 1 for others.
int animation_frames(std::string_view bytes) {
  const auto number = [&](size_t at) {
    uint32_t value = 0;
    for (size_t i = at; i < at + 4; ++i) value = value << 8 | static_cast<unsigned char>(bytes[i]);
    return value;
  };
  constexpr size_t kMark = 8, kAround = 12;  // length, name and checksum of a chunk
  for (size_t at = kMark; at + kAround <= bytes.size(); at += kAround + number(at)) {
    const std::string_view name = bytes.substr(at + 4, 4);
    if (name == "IDAT") break;
    if (name == "acTL" && number(at) >= 4)
      return static_cast<int>(std::clamp<uint32_t>(number(at + 8), 1, PNG_UINT_31_MAX));
  }
  return 1;
}

bool read_png_header(Reader& reader) {
  if (setjmp(reader.failed)) return false;
  // size_fault() checks the size; libpng's own limit of a million px per side would report first.
  png_set_user_limits(reader.png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
  png_read_info(reader.png, reader.info);
  return true;
}

std::string mode_of(const Reader& reader) {
  const int bits = png_get_bit_depth(reader.png, reader.info);
  const auto deep = [&](const char* name) { return cat(name, bits == 16 ? ";16" : ""); };
  switch (png_get_color_type(reader.png, reader.info)) {
    case PNG_COLOR_TYPE_PALETTE:
      return "P";
    case PNG_COLOR_TYPE_RGB:
      return deep("RGB");
    case PNG_COLOR_TYPE_RGB_ALPHA:
      return deep("RGBA");
    case PNG_COLOR_TYPE_GRAY_ALPHA:
      return deep("LA");
    default:
      return bits == 16 ? "I;16" : bits == 1 ? "1" : "L";
  }
}

/// Makes libpng return rows of 1 or 3 samples, and perhaps one of transparency, of 8 or 16 bits in
/// the machine's byte order.
bool start_png(Reader& reader) {
  if (setjmp(reader.failed)) return false;
  const png_structp png = reader.png;
  if (png_get_color_type(png, reader.info) == PNG_COLOR_TYPE_PALETTE) png_set_palette_to_rgb(png);
  if (png_get_bit_depth(png, reader.info) < 8) png_set_expand_gray_1_2_4_to_8(png);
  if (png_get_bit_depth(png, reader.info) == 16) png_set_swap(png);
  if (png_get_valid(png, reader.info, PNG_INFO_tRNS)) png_set_tRNS_to_alpha(png);
  png_set_interlace_handling(png);
  png_read_update_info(png, reader.info);
  return true;
}

bool interlaced(const Reader& reader) {
  return png_get_interlace_type(reader.png, reader.info) != PNG_INTERLACE_NONE;
}

/// Reads the next rows; of an interlaced file, all rows.
bool read_png_rows(Reader& reader, std::vector<png_bytep>& rows) {
  if (setjmp(reader.failed)) return false;
  const int passes = interlaced(reader) ? PNG_INTERLACE_ADAM7_PASSES : 1;
  for (int pass = 0; pass < passes; ++pass)
    png_read_rows(reader.png, rows.data(), nullptr, static_cast<png_uint_32>(rows.size()));
  return true;
}

/// Reads what follows the pixels: the last checksum and the end mark.
bool read_tail(Reader& reader) {
  if (setjmp(reader.failed)) return false;
  png_read_end(reader.png, nullptr);
  return true;
}

std::vector<png_bytep> row_pointers(const cv::Mat& image) {
  std::vector<png_bytep> rows(static_cast<size_t>(image.rows));
  for (int y = 0; y < image.rows; ++y) {
    rows[static_cast<size_t>(y)] = const_cast<png_bytep>(image.ptr(y));
  }
  return rows;
}

bool write_all(Writer& writer, const cv::Mat& image, std::vector<png_bytep>& rows, int level) {
  if (setjmp(writer.failed)) return false;
  png_set_compression_level(writer.png, level);
  png_set_IHDR(writer.png,
               writer.info,
               static_cast<png_uint_32>(image.cols),
               static_cast<png_uint_32>(image.rows),
               image.depth() == CV_16U ? 16 : 8,
               image.channels() == 3 ? PNG_COLOR_TYPE_RGB : PNG_COLOR_TYPE_GRAY,
               PNG_INTERLACE_NONE,
               PNG_COMPRESSION_TYPE_DEFAULT,
               PNG_FILTER_TYPE_DEFAULT);
  png_write_info(writer.png, writer.info);
  if (image.depth() == CV_16U) png_set_swap(writer.png);
  if (image.channels() == 3) png_set_bgr(writer.png);
  png_write_image(writer.png, rows.data());
  png_write_end(writer.png, nullptr);
  return true;
}

}  // namespace

DecodedImage decode_png(std::string_view bytes) {
  DecodedImage image;
  Reader reader(bytes);
  if (!read_png_header(reader)) {
    image.fault = cat("a broken PNG: ", reader.message);
    return image;
  }
  const png_uint_32 width = png_get_image_width(reader.png, reader.info);
  const png_uint_32 height = png_get_image_height(reader.png, reader.info);
  image.fault = size_fault(width, height);
  if (!image.fault.empty()) return image;
  if (png_get_rowbytes(reader.png, reader.info) > kMaxDeflateRatio * bytes.size() / height) {
    image.fault = cat(width, "x", height, " pixels cannot be in ", bytes.size(), " bytes");
    return image;
  }
  const std::string mode = mode_of(reader);
  if (!start_png(reader)) {
    image.fault = cat("a broken PNG: ", reader.message);
    return image;
  }
  image.mode = mode;
  image.width = static_cast<int>(width);
  image.height = static_cast<int>(height);
  const int depth = png_get_bit_depth(reader.png, reader.info) == 16 ? CV_16U : CV_8U;
  const int channels = png_get_channels(reader.png, reader.info);
  const int type = CV_MAKETYPE(depth, channels);
  const auto sample_bytes = static_cast<int>(CV_ELEM_SIZE1(type));
  claim_memory(image, interlaced(reader) ? sample_bytes * (1 + channels) : sample_bytes);
  GreyRows grey(image, type, /*colour=*/channels >= 3, /*alpha=*/channels % 2 == 0);
  const int step = interlaced(reader) ? image.height : GreyRows::kRows;
  for (int y = 0; y < image.height && !image.truncated; y += step) {
    cv::Mat stored = cv::Mat::zeros(std::min(step, image.height - y), image.width, type);
    auto rows = row_pointers(stored);
    image.truncated = !read_png_rows(reader, rows);
    grey.add(stored, y);
  }
  grey.finish();
  // A file that lacks only its end mark has all its pixels; a wrong checksum means that the pixels
  // may be wrong.
  image.truncated = image.truncated || (!read_tail(reader) && !reader.input_ended);
  image.pictures = animation_frames(bytes);
  return image;
}

std::string encode_png(const cv::Mat& image, int level) {
  assert(!image.empty());
  assert(image.type() == CV_8UC1 || image.type() == CV_16UC1 || image.type() == CV_8UC3);
  Writer writer;
  auto rows = row_pointers(image);
  if (!write_all(writer, image, rows, level)) {
    throw Error(Exit::failed, cat("cannot write a PNG: ", writer.message));
  }
  return std::move(writer.output);
}

}  // namespace evenray
