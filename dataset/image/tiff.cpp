// SPDX-License-Identifier: Apache-2.0
#include <tiffio.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <opencv2/imgproc.hpp>

#include "core/text.hpp"
#include "dataset/image/grey_rows.hpp"

namespace evenray {
namespace {

/// The most memory libtiff may allocate at once: what the largest image needs.
constexpr tmsize_t kMostMemory = tmsize_t{2} << 30;
/// All tiles together may hold this many bytes plus four times the picture's; more is hostile.
constexpr uint64_t kMostTiles = uint64_t{64} << 20;
/// More pages are not counted.
constexpr int kMostPages = 65535;

/// A file in memory, for libtiff's read callbacks.
struct Source {
  std::string_view bytes;
  uint64_t at = 0;
  std::string message{};  ///< the first error
};

Source& source_of(thandle_t handle) { return *static_cast<Source*>(handle); }

tmsize_t read_some(thandle_t handle, void* to, tmsize_t count) {
  Source& source = source_of(handle);
  if (count <= 0 || source.at >= source.bytes.size()) return 0;
  const auto some = source.bytes.substr(source.at, static_cast<size_t>(count));
  std::memcpy(to, some.data(), some.size());
  source.at += some.size();
  return static_cast<tmsize_t>(some.size());
}

toff_t seek_to(thandle_t handle, toff_t offset, int whence) {
  Source& source = source_of(handle);
  const uint64_t from = whence == SEEK_SET   ? 0
                        : whence == SEEK_CUR ? source.at
                                             : source.bytes.size();
  return source.at = from + offset;
}

int on_tiff_error(TIFF*, void* data, const char*, const char* format, va_list arguments) {
  auto& message = static_cast<Source*>(data)->message;
  char text[256];
  std::vsnprintf(text, sizeof text, format, arguments);
  if (message.empty()) message = text;
  return 1;
}

std::string broken(const Source& source) {
  return cat("a broken TIFF", source.message.empty() ? "" : ": ", source.message);
}

struct Close {
  void operator()(TIFF* tiff) const { TIFFClose(tiff); }
  void operator()(TIFFOpenOptions* options) const { TIFFOpenOptionsFree(options); }
};
using Tiff = std::unique_ptr<TIFF, Close>;

/// Returns null if the bytes are not a TIFF file.
Tiff open(Source& source) {
  const std::unique_ptr<TIFFOpenOptions, Close> options(TIFFOpenOptionsAlloc());
  TIFFOpenOptionsSetMaxSingleMemAlloc(options.get(), kMostMemory);
  TIFFOpenOptionsSetErrorHandlerExtR(options.get(), on_tiff_error, &source);
  TIFFOpenOptionsSetWarningHandlerExtR(
      options.get(), [](TIFF*, void*, const char*, const char*, va_list) { return 1; }, nullptr);
  // The map callback lets libtiff use the bytes in place instead of copying them.
  return Tiff(TIFFClientOpenExt(
      "image",
      "r",
      &source,
      read_some,
      [](thandle_t, void*, tmsize_t) -> tmsize_t { return 0; },
      seek_to,
      [](thandle_t) { return 0; },
      [](thandle_t handle) -> toff_t { return source_of(handle).bytes.size(); },
      [](thandle_t handle, void** base, toff_t* size) {
        *base = const_cast<char*>(source_of(handle).bytes.data());
        *size = source_of(handle).bytes.size();
        return 1;
      },
      [](thandle_t, void*, toff_t) {},
      options.get()));
}

/// The header of the first picture.
struct Form {
  uint32_t width = 0, height = 0;
  uint16_t bits = 1, samples = 1, planar = PLANARCONFIG_CONTIG, photometric = 0, orientation = 1,
           format = SAMPLEFORMAT_UINT;
  bool tiled = false, convertible = false, tiles_fit = true;
  bool alpha = false;       ///< the last sample is transparency
  uint64_t tile_bytes = 0;  ///< of one tile

  explicit Form(TIFF* tiff) : tiled(TIFFIsTiled(tiff) != 0) {
    TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &width);
    TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &height);
    TIFFGetFieldDefaulted(tiff, TIFFTAG_BITSPERSAMPLE, &bits);
    TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLESPERPIXEL, &samples);
    TIFFGetFieldDefaulted(tiff, TIFFTAG_PLANARCONFIG, &planar);
    TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLEFORMAT, &format);
    TIFFGetFieldDefaulted(tiff, TIFFTAG_ORIENTATION, &orientation);
    TIFFGetField(tiff, TIFFTAG_PHOTOMETRIC, &photometric);
    if (orientation < 1 || orientation > 8) orientation = 1;
    uint16_t extras = 0, *kinds = nullptr;
    if (TIFFGetField(tiff, TIFFTAG_EXTRASAMPLES, &extras, &kinds) == 1 && extras > 0)
      alpha = kinds[extras - 1] != EXTRASAMPLE_UNSPECIFIED;
    char why[1024];
    convertible = TIFFRGBAImageOK(tiff, why) == 1;
    if (!tiled) return;
    const uint64_t picture = (uint64_t{width} * samples * bits + 7) / 8 * height;
    const uint64_t tile = TIFFTileSize64(tiff), most = kMostTiles + 4 * picture;
    tile_bytes = tile;
    tiles_fit = tile > 0 && tile <= kMostTiles + picture && TIFFNumberOfTiles(tiff) <= most / tile;
  }

  bool grey() const {
    return photometric == PHOTOMETRIC_MINISBLACK || photometric == PHOTOMETRIC_MINISWHITE;
  }

  /// Grey or RGB of 8 or 16 bits, read as stored. libtiff converts anything else to 8-bit RGBA.
  bool plain() const {
    return (bits == 8 || bits == 16) && (grey() || photometric == PHOTOMETRIC_RGB) &&
           samples >= (grey() ? 1 : 3) && samples <= 4 &&
           (samples == 1 || planar == PLANARCONFIG_CONTIG);
  }

  /// Why the picture cannot be read; empty if it can.
  std::string fault() const {
    if (auto size = size_fault(width, height); !size.empty()) return size;
    if (format != SAMPLEFORMAT_UINT) return "a TIFF whose samples are not unsigned integers";
    if (!plain() && !convertible)
      return cat("a TIFF of ",
                 samples,
                 " samples per pixel of ",
                 bits,
                 " bits (photometric ",
                 photometric,
                 "), which is not supported");
    if (!tiles_fit) return "a TIFF whose tiles are far larger than its picture";
    return "";
  }

  std::string converted_mode() const {
    if (photometric == PHOTOMETRIC_PALETTE) return "P";
    if (grey()) return bits == 1 ? "1" : "L";
    return photometric == PHOTOMETRIC_YCBCR ? "YCbCr" : "RGB";
  }
};

/// Returns how many rows could be read.
int read_strips(TIFF* tiff, cv::Size size, int type, GreyRows& grey) {
  cv::Mat rows(GreyRows::kRows, size.width, type);
  for (int y = 0; y < size.height; y += rows.rows) {
    const int wanted = std::min(rows.rows, size.height - y);
    int got = 0;
    while (got < wanted &&
           TIFFReadScanline(tiff, rows.ptr(got), static_cast<uint32_t>(y + got)) == 1)
      ++got;
    grey.add(rows.rowRange(0, got), y);
    if (got < wanted) return y + got;
  }
  return size.height;
}

/// As read_strips(), for tiles; the result is a whole number of rows of tiles, or all rows.
int read_tiles(TIFF* tiff, cv::Size size, int type, GreyRows& grey) {
  uint32_t tile_width = 0, tile_height = 0;
  TIFFGetField(tiff, TIFFTAG_TILEWIDTH, &tile_width);
  TIFFGetField(tiff, TIFFTAG_TILELENGTH, &tile_height);
  const uint64_t row_bytes = uint64_t{tile_width} * CV_ELEM_SIZE(type);
  std::vector<uint8_t> tile(TIFFTileSize64(tiff));
  if (tile.size() != row_bytes * tile_height) return 0;
  const auto width = static_cast<uint32_t>(size.width), height = static_cast<uint32_t>(size.height);
  for (uint32_t y = 0; y < height; y += tile_height) {
    cv::Mat rows(static_cast<int>(std::min(tile_height, height - y)), size.width, type);
    for (uint32_t x = 0; x < width; x += tile_width) {
      if (TIFFReadTile(tiff, tile.data(), x, y, 0, 0) < 0) return static_cast<int>(y);
      const size_t columns = std::min(tile_width, width - x);
      for (int row = 0; row < rows.rows; ++row)
        std::memcpy(rows.ptr(row, static_cast<int>(x)),
                    tile.data() + static_cast<size_t>(row) * row_bytes,
                    columns * rows.elemSize());
    }
    grey.add(rows, static_cast<int>(y));
  }
  return size.height;
}

/// Returns 1 and the pages after the first that are neither thumbnails nor masks. Moves the file to
/// its last page.
int count_pages(TIFF* tiff) {
  int pages = 1;
  while (pages < kMostPages && TIFFReadDirectory(tiff) == 1) {
    uint32_t type = 0;
    TIFFGetFieldDefaulted(tiff, TIFFTAG_SUBFILETYPE, &type);
    pages += (type & (FILETYPE_REDUCEDIMAGE | FILETYPE_MASK)) == 0;
  }
  return pages;
}

DecodedImage decode_first_page(TIFF* tiff, const Source& source) {
  DecodedImage image;
  const Form form(tiff);
  image.fault = form.fault();
  if (!image.fault.empty()) return image;
  image.width = static_cast<int>(form.width);
  image.height = static_cast<int>(form.height);
  image.orientation = form.orientation;
  if (!form.plain()) {
    claim_memory(image, 5);
    cv::Mat rgba = cv::Mat::zeros(image.height, image.width, CV_8UC4);
    const auto read = [&](bool stop_on_error) {
      // With the file's own orientation libtiff does not rotate the image.
      return TIFFReadRGBAImageOriented(tiff,
                                       form.width,
                                       form.height,
                                       rgba.ptr<uint32_t>(),
                                       form.orientation,
                                       stop_on_error) == 1;
    };
    image.truncated = !read(true);
    if (image.truncated && !read(false)) {
      image.fault = broken(source);
      return image;
    }
    GreyRows grey(image, CV_8UC4, /*colour=*/true, /*alpha=*/false);
    grey.add(rgba, 0);
    grey.finish();
    if (form.bits > 8 && form.photometric != PHOTOMETRIC_PALETTE)
      image.losses.emplace_back("bits_lost",
                                cat("a TIFF of ", form.bits, " bits that is read with 8 bits"));
    image.mode = form.converted_mode();
    return image;
  }
  const cv::Size size(image.width, image.height);
  const int type = CV_MAKETYPE(form.bits == 8 ? CV_8U : CV_16U, form.samples);
  if (!form.tiled && TIFFScanlineSize64(tiff) != uint64_t{form.width} * CV_ELEM_SIZE(type)) {
    image.fault = "a broken TIFF: its rows do not have the length that its header states";
    return image;
  }
  claim_memory(image, static_cast<int>(CV_ELEM_SIZE1(type)), 2 * form.tile_bytes);
  GreyRows grey(image, type, /*colour=*/!form.grey(), form.alpha);
  const int rows =
      form.tiled ? read_tiles(tiff, size, type, grey) : read_strips(tiff, size, type, grey);
  if (rows == 0) {
    image.fault = broken(source);
    return image;
  }
  grey.finish();
  image.truncated = rows < image.height;
  if (form.photometric == PHOTOMETRIC_MINISWHITE) cv::bitwise_not(image.pixels, image.pixels);
  if (!form.grey())
    image.mode = cat(form.samples == 3 ? "RGB" : "RGBA", form.bits == 16 ? ";16" : "");
  return image;
}

}  // namespace

DecodedImage decode_tiff(std::string_view bytes) {
  Source source{bytes};
  const Tiff tiff = open(source);
  if (!tiff) {
    DecodedImage image;
    image.fault = broken(source);
    return image;
  }
  DecodedImage image = decode_first_page(tiff.get(), source);
  if (image.fault.empty()) image.pictures = count_pages(tiff.get());
  return image;
}

std::optional<cv::Size> tiff_size(std::string_view bytes) {
  Source source{bytes};
  const Tiff tiff = open(source);
  if (!tiff) return std::nullopt;
  const Form form(tiff.get());
  if (!form.fault().empty()) return std::nullopt;
  const cv::Size size(static_cast<int>(form.width), static_cast<int>(form.height));
  return form.orientation > 4 ? cv::Size(size.height, size.width) : size;
}

int tiff_bits(std::string_view bytes) {
  Source source{bytes};
  const Tiff tiff = open(source);
  if (!tiff) return 8;
  const Form form(tiff.get());
  return form.fault().empty() && form.plain() ? form.bits : 8;
}

}  // namespace evenray
