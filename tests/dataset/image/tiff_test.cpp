// SPDX-License-Identifier: Apache-2.0
#include <tiffio.h>

#include <catch2/catch.hpp>

#include "core/rng.hpp"
#include "dataset/files/image_file.hpp"
#include "dataset/image/image.hpp"
#include "tests/fixture.hpp"
#include "tests/pixels.hpp"

using namespace evenray;

namespace {

struct TiffForm {
  uint16_t compression = COMPRESSION_NONE, photometric = PHOTOMETRIC_MINISBLACK, orientation = 1;
  bool tiled = false, alpha = false, separate = false;  ///< separate: a plane per sample
  int tile_height = 16;
  uint16_t bits = 0, samples = 0, format = SAMPLEFORMAT_UINT;  ///< 0: as the pixels'
  std::vector<uint32_t> further{};  ///< the kinds (TIFFTAG_SUBFILETYPE) of further pages
};

/// The bytes of a TIFF file with these pixels.
std::string tiff_of(const cv::Mat& image, const TiffForm& form = {}) {
  const ScratchFolder scratch;
  const Path file = scratch / "x.tif";
  TIFF* tiff = TIFFOpen(file.c_str(), "w");
  REQUIRE(tiff);
  TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, image.cols);
  TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, image.rows);
  TIFFSetField(tiff,
               TIFFTAG_BITSPERSAMPLE,
               form.bits                ? form.bits
               : image.depth() == CV_8U ? 8
                                        : 16);
  TIFFSetField(tiff, TIFFTAG_SAMPLEFORMAT, form.format);
  TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, form.samples ? form.samples : image.channels());
  TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, form.photometric);
  if (form.alpha) {
    const uint16_t kind = EXTRASAMPLE_UNASSALPHA;
    TIFFSetField(tiff, TIFFTAG_EXTRASAMPLES, 1, &kind);
  }
  TIFFSetField(tiff, TIFFTAG_COMPRESSION, form.compression);
  TIFFSetField(tiff, TIFFTAG_ORIENTATION, form.orientation);
  TIFFSetField(
      tiff, TIFFTAG_PLANARCONFIG, form.separate ? PLANARCONFIG_SEPARATE : PLANARCONFIG_CONTIG);
  if (form.photometric == PHOTOMETRIC_PALETTE) {
    // Colour i is i of red and blue, and its rest of green.
    std::vector<uint16_t> up(256), down(256);
    for (size_t i = 0; i < 256; ++i) down[255 - i] = up[i] = static_cast<uint16_t>(i * 257);
    TIFFSetField(tiff, TIFFTAG_COLORMAP, up.data(), down.data(), up.data());
  }
  if (form.tiled) {
    constexpr int kWidth = 16;
    TIFFSetField(tiff, TIFFTAG_TILEWIDTH, kWidth);
    TIFFSetField(tiff, TIFFTAG_TILELENGTH, form.tile_height);
    for (int y = 0; y < image.rows; y += form.tile_height) {
      for (int x = 0; x < image.cols; x += kWidth) {
        cv::Mat tile = cv::Mat::zeros(form.tile_height, kWidth, image.type());
        const cv::Rect part =
            cv::Rect(x, y, kWidth, form.tile_height) & cv::Rect({0, 0}, image.size());
        image(part).copyTo(tile(cv::Rect({0, 0}, part.size())));
        TIFFWriteTile(tiff, tile.data, static_cast<uint32_t>(x), static_cast<uint32_t>(y), 0, 0);
      }
    }
  } else {
    TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP, 3);
    std::vector<cv::Mat> planes{image.clone()};
    if (form.separate) cv::split(image, planes);
    for (size_t p = 0; p < planes.size(); ++p)
      for (int y = 0; y < image.rows; ++y)
        TIFFWriteScanline(
            tiff, planes[p].ptr(y), static_cast<uint32_t>(y), static_cast<uint16_t>(p));
  }
  for (const uint32_t kind : form.further) {
    TIFFWriteDirectory(tiff);
    TIFFSetField(tiff, TIFFTAG_SUBFILETYPE, kind);
    TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, 2);
    TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, 1);
    TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, 8);
    TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_MINISBLACK);
    uint8_t row[2] = {1, 2};
    TIFFWriteScanline(tiff, row, 0);
  }
  TIFFClose(tiff);
  return read_file(file);
}

/// Says that the last of nine tiles of 256 bytes lies beyond the end of the file.
std::string without_last_of_nine_tiles(std::string bytes) {
  const auto little_endian = [](uint32_t number) {
    return std::string(reinterpret_cast<const char*>(&number), sizeof number);
  };
  const size_t place = bytes.find(little_endian(8 + 7 * 256) + little_endian(8 + 8 * 256));
  REQUIRE(place != std::string::npos);
  return bytes.replace(place + 4, 4, little_endian(1 << 24));
}

cv::Mat slope(int type, cv::Size size = {14, 11}) {
  cv::Mat image(size, type);
  cv::randu(image, 0, CV_MAT_DEPTH(type) == CV_8U ? 256 : 65536);
  return image;
}

}  // namespace

TEST_CASE("TIFF: grey of 8 and 16 bits, plain and compressed") {
  for (const int type : {CV_8UC1, CV_16UC1}) {
    for (const int compression : {COMPRESSION_NONE, COMPRESSION_LZW, COMPRESSION_ADOBE_DEFLATE}) {
      const cv::Mat image = slope(type);
      TiffForm form;
      form.compression = static_cast<uint16_t>(compression);
      const DecodedImage decoded = decode_image_bytes(tiff_of(image, form));
      CHECK(decoded.fault == "");
      CHECK_FALSE(decoded.truncated);
      CHECK(same_pixels(decoded.pixels, image));
    }
  }
}

TEST_CASE("TIFF: further pages and transparency are told, thumbnails and masks are not pages") {
  const cv::Mat image = slope(CV_8UC1);
  TiffForm form;
  CHECK(decode_image_bytes(tiff_of(image, form)).pictures == 1);
  form.further = {0, FILETYPE_REDUCEDIMAGE, FILETYPE_PAGE, FILETYPE_MASK};
  const DecodedImage paged = decode_image_bytes(tiff_of(image, form));
  CHECK(paged.pictures == 3);
  CHECK(same_pixels(paged.pixels, image));
  TiffForm clear;
  clear.photometric = PHOTOMETRIC_RGB;
  clear.alpha = true;
  cv::Mat colour, half = cv::Mat(image.size(), CV_8UC1, cv::Scalar(255));
  half.colRange(0, 7) = 0;
  cv::merge(std::vector<cv::Mat>{image, image, image, half}, colour);
  const DecodedImage seen = decode_image_bytes(tiff_of(colour, clear));
  CHECK(same_pixels(seen.pixels, image));
  REQUIRE(seen.losses.size() == 1);
  CHECK(seen.losses[0].second ==
        "50.0 % of the pixels are transparent; their colours are read as if they were opaque");
}

TEST_CASE("TIFF: 16 bits in separate planes are read with 8, and this is told") {
  const cv::Mat image = slope(CV_16UC1);
  TiffForm form;
  form.photometric = PHOTOMETRIC_RGB;
  form.separate = true;
  cv::Mat colour, expected;
  cv::merge(std::vector<cv::Mat>{image, image, image}, colour);
  const DecodedImage seen = decode_image_bytes(tiff_of(colour, form));
  CHECK(seen.fault == "");
  image.convertTo(expected, CV_8U, 255. / 65535);
  REQUIRE(seen.pixels.type() == CV_8UC1);
  CHECK(cv::norm(seen.pixels, expected, cv::NORM_INF) <= 1);
  REQUIRE(seen.losses.size() == 1);
  CHECK(seen.losses[0] == std::pair<std::string, std::string>{
                              "bits_lost", "a TIFF of 16 bits that is read with 8 bits"});
}

TEST_CASE("TIFF: white is zero, colour, on its side") {
  const cv::Mat image = slope(CV_8UC1);
  TiffForm form;
  form.photometric = PHOTOMETRIC_MINISWHITE;
  cv::Mat inverse;
  cv::bitwise_not(image, inverse);
  CHECK(same_pixels(decode_image_bytes(tiff_of(image, form)).pixels, inverse));
  form.photometric = PHOTOMETRIC_RGB;
  cv::Mat colour;
  cv::merge(std::vector<cv::Mat>{image, image, image}, colour);
  CHECK(same_pixels(decode_image_bytes(tiff_of(colour, form)).pixels, image));
  TiffForm side;
  side.orientation = 6;
  const DecodedImage turned = decode_image_bytes(tiff_of(image, side));
  CHECK(turned.orientation == 6);
  CHECK(turned.width == 11);
  CHECK(turned.pixels.at<uint8_t>(0, 10) == image.at<uint8_t>(0, 0));
  const ScratchFolder scratch;
  write_text(scratch / "a.tif", tiff_of(image, side));
  CHECK(upright_size(scratch / "a.tif") == cv::Size(11, 14));
  CHECK(stored_bits(scratch / "a.tif") == 8);
  write_text(scratch / "b.tif", tiff_of(slope(CV_16UC1)));
  CHECK(stored_bits(scratch / "b.tif") == 16);
}

TEST_CASE("TIFF: tiles, also of an image that does not fill them, and cut ones") {
  TiffForm tiled;
  tiled.tiled = true;
  for (const int type : {CV_8UC1, CV_16UC1}) {
    for (const cv::Size size : {cv::Size(14, 11), cv::Size(32, 48), cv::Size(37, 21)}) {
      const cv::Mat image = slope(type, size);
      const DecodedImage decoded = decode_image_bytes(tiff_of(image, tiled));
      CHECK(decoded.fault == "");
      CHECK_FALSE(decoded.truncated);
      CHECK(same_pixels(decoded.pixels, image));
    }
  }
  // The rows above the lost tile are whole.
  const cv::Mat image = slope(CV_8UC1, {37, 41});
  const DecodedImage cut = decode_image_bytes(without_last_of_nine_tiles(tiff_of(image, tiled)));
  CHECK(cut.fault == "");
  CHECK(cut.truncated);
  CHECK(same_pixels(cut.pixels.rowRange(0, 32), image.rowRange(0, 32)));
}

TEST_CASE("TIFF: palettes and one bit a pixel become grey of 8 bits") {
  const cv::Mat image = slope(CV_8UC1);
  TiffForm form;
  form.photometric = PHOTOMETRIC_PALETTE;
  const DecodedImage coloured = decode_image_bytes(tiff_of(image, form));
  CHECK(coloured.fault == "");
  CHECK(coloured.mode == "P");
  CHECK(coloured.coloured > .5f);
  REQUIRE(coloured.pixels.size() == image.size());
  const int index = image.at<uint8_t>(4, 5);  // luma of (i, 255 - i, i)
  CHECK(std::abs(coloured.pixels.at<uint8_t>(4, 5) - (.413 * index + .587 * (255 - index))) < 1);
  // In tiles, too; of a lost tile the rest is there.
  const cv::Mat large = slope(CV_8UC1, {37, 41});
  TiffForm tiled = form;
  tiled.tiled = true;
  const DecodedImage tiles = decode_image_bytes(tiff_of(large, tiled));
  CHECK(tiles.fault == "");
  CHECK_FALSE(tiles.truncated);
  CHECK(same_pixels(tiles.pixels, decode_image_bytes(tiff_of(large, form)).pixels));
  const DecodedImage cut = decode_image_bytes(without_last_of_nine_tiles(tiff_of(large, tiled)));
  CHECK(cut.fault == "");
  CHECK(cut.truncated);
  CHECK(same_pixels(cut.pixels.rowRange(0, 32), tiles.pixels.rowRange(0, 32)));
  for (const uint16_t photometric : {PHOTOMETRIC_MINISBLACK, PHOTOMETRIC_MINISWHITE}) {
    TiffForm line;
    line.bits = 1;
    line.photometric = photometric;
    const DecodedImage bits = decode_image_bytes(tiff_of(image, line));
    CHECK(bits.fault == "");
    CHECK(bits.mode == "1");
    for (int x = 0; x < 14; ++x) {
      const bool one = (image.at<uint8_t>(2, x / 8) >> (7 - x % 8) & 1) != 0;
      CHECK(bits.pixels.at<uint8_t>(2, x) ==
            (one == (photometric == PHOTOMETRIC_MINISBLACK) ? 255 : 0));
    }
  }
  const ScratchFolder scratch;
  write_text(scratch / "a.tif", tiff_of(image, form));
  CHECK(stored_bits(scratch / "a.tif") == 8);
  form.orientation = 6;
  const DecodedImage turned = decode_image_bytes(tiff_of(image, form));
  CHECK(turned.pixels.at<uint8_t>(0, 10) == coloured.pixels.at<uint8_t>(0, 0));
}

TEST_CASE("TIFF: what is not read says why; an early end is found") {
  TiffForm floats;
  floats.bits = 32;
  floats.samples = 1;
  floats.format = SAMPLEFORMAT_IEEEFP;
  CHECK(contains(decode_image_bytes(tiff_of(slope(CV_8UC4), floats)).fault, "unsigned integers"));
  TiffForm deep;
  deep.bits = 32;
  deep.samples = 1;
  CHECK(decode_image_bytes(tiff_of(slope(CV_8UC4), deep)).fault ==
        "a TIFF of 1 samples per pixel of 32 bits (photometric 1), which is not supported");
  const std::string whole = tiff_of(slope(CV_16UC1));
  std::string cut = whole;
  // The second strip's pixels lie beyond the end: their offset is the last of its kind.
  cut.resize(whole.size() / 3);
  const DecodedImage broken = decode_image_bytes(cut);
  CHECK((broken.truncated || !broken.fault.empty()));
  CHECK(
      contains(decode_image_bytes(std::string("II*\0\xFF\xFF\xFF\xFF", 8)).fault, "a broken TIFF"));
}

TEST_CASE("TIFF: a small file whose tiles take much to decode is refused before") {
  TiffForm form;
  form.tile_height = 1 << 22;
  form.tiled = true;
  form.compression = COMPRESSION_ADOBE_DEFLATE;
  for (const uint16_t photometric : {PHOTOMETRIC_MINISBLACK, PHOTOMETRIC_PALETTE}) {
    form.photometric = photometric;
    CHECK(decode_image_bytes(tiff_of(slope(CV_8UC1, {64, 2}), form)).fault ==
          "a TIFF whose tiles are far larger than its picture");
  }
}

TEST_CASE("TIFF: damaged files neither crash nor take much memory") {
  TiffForm packed, tiled, palette;
  packed.compression = COMPRESSION_LZW;
  tiled.compression = COMPRESSION_ADOBE_DEFLATE;
  palette.photometric = PHOTOMETRIC_PALETTE;
  tiled.tiled = palette.tiled = true;
  const std::vector<std::string> wholes{tiff_of(slope(CV_8UC1), packed),
                                        tiff_of(slope(CV_16UC1, {37, 21}), tiled),
                                        tiff_of(slope(CV_8UC1, {37, 21}), palette)};
  for (uint64_t seed = 0; seed < 500; ++seed) {
    Rng rng(seed);
    std::string bytes = wholes[seed % wholes.size()];
    for (int i = 0; i < 4; ++i)
      bytes[static_cast<size_t>(rng.uniform(4, double(bytes.size())))] =
          static_cast<char>(rng.uniform(0, 256));
    const DecodedImage decoded = decode_image_bytes(bytes);
    CHECK((decoded.pixels.empty() != decoded.fault.empty()));
  }
}

TEST_CASE("a DICOM file whose preamble is a TIFF header is DICOM") {
  std::string bytes = read_file(golden_path("dataset/dicom/explicit.dcm"));
  const DecodedImage plain = decode_image_bytes(bytes);
  bytes.replace(0, 8, std::string("II*\0\x08\0\0\0", 8));
  const DecodedImage dual = decode_image_bytes(bytes);
  CHECK(dual.fault == "");
  CHECK(same_pixels(dual.pixels, plain.pixels));
  const ScratchFolder scratch;
  write_text(scratch / "a", bytes);
  CHECK(stored_bits(scratch / "a") == 16);
  CHECK(upright_size(scratch / "a") == plain.pixels.size());
}
