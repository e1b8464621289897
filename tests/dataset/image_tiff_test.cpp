// SPDX-License-Identifier: Apache-2.0
#include <tiffio.h>

#include <catch2/catch.hpp>

#include "core/rng.hpp"
#include "dataset/image.hpp"
#include "tests/fixture.hpp"
#include "tests/pixels.hpp"

using namespace evenray;

namespace {

struct TiffForm {
  uint16_t compression = COMPRESSION_NONE, photometric = PHOTOMETRIC_MINISBLACK, orientation = 1;
  bool tiled = false;
};

/// The bytes of a TIFF file with these pixels.
std::string tiff_of(const cv::Mat& image, const TiffForm& form = {}) {
  const ScratchFolder scratch;
  const Path file = scratch / "x.tif";
  TIFF* tiff = TIFFOpen(file.c_str(), "w");
  REQUIRE(tiff);
  TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, image.cols);
  TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, image.rows);
  TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, image.depth() == CV_8U ? 8 : 16);
  TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, image.channels());
  TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, form.photometric);
  TIFFSetField(tiff, TIFFTAG_COMPRESSION, form.compression);
  TIFFSetField(tiff, TIFFTAG_ORIENTATION, form.orientation);
  TIFFSetField(tiff, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG);
  if (form.tiled) {
    TIFFSetField(tiff, TIFFTAG_TILEWIDTH, 16);
    TIFFSetField(tiff, TIFFTAG_TILELENGTH, 16);
    std::vector<uint8_t> tile(static_cast<size_t>(TIFFTileSize(tiff)));
    TIFFWriteTile(tiff, tile.data(), 0, 0, 0, 0);
  } else {
    TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP, 3);
    cv::Mat copy = image.clone();
    for (int y = 0; y < image.rows; ++y)
      TIFFWriteScanline(tiff, copy.ptr(y), static_cast<uint32_t>(y));
  }
  TIFFClose(tiff);
  return read_file(file);
}

cv::Mat slope(int type) {
  cv::Mat image(11, 14, type);
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

TEST_CASE("TIFF: what is not read says why; an early end is found") {
  TiffForm tiled;
  tiled.tiled = true;
  CHECK(decode_image_bytes(tiff_of(slope(CV_8UC1), tiled)).fault == "a TIFF in tiles");
  TiffForm palette;
  palette.photometric = PHOTOMETRIC_CIELAB;
  CHECK(
      contains(decode_image_bytes(tiff_of(slope(CV_8UC3), palette)).fault, "neither grey nor RGB"));
  const std::string whole = tiff_of(slope(CV_16UC1));
  std::string cut = whole;
  // The second strip's pixels lie beyond the end: their offset is the last of its kind.
  cut.resize(whole.size() / 3);
  const DecodedImage broken = decode_image_bytes(cut);
  CHECK((broken.truncated || !broken.fault.empty()));
  CHECK(
      contains(decode_image_bytes(std::string("II*\0\xFF\xFF\xFF\xFF", 8)).fault, "a broken TIFF"));
}

TEST_CASE("TIFF: damaged files neither crash nor take much memory") {
  TiffForm form;
  form.compression = COMPRESSION_LZW;
  const std::string whole = tiff_of(slope(CV_8UC1), form);
  for (uint64_t seed = 0; seed < 500; ++seed) {
    Rng rng(seed);
    std::string bytes = whole;
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
