// SPDX-License-Identifier: Apache-2.0
#include "dataset/image/image.hpp"

#include <jpeglib.h>
#include <cstdio>

#include <catch2/catch.hpp>
#include <opencv2/imgproc.hpp>

#include "core/csv.hpp"
#include "core/error.hpp"
#include "dataset/files/image_file.hpp"
#include "dataset/reader.hpp"
#include "tests/fixture.hpp"
#include "tests/pixels.hpp"

using namespace evenray;

namespace {

/// A JPEG of a grey or BGR image; orientation > 0 puts an EXIF block in front.
std::string encode_jpeg(const cv::Mat& image, int orientation = 0, bool progressive = false) {
  jpeg_compress_struct jpeg{};
  jpeg_error_mgr errors{};
  jpeg.err = jpeg_std_error(&errors);
  jpeg_create_compress(&jpeg);
  unsigned char* bytes = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&jpeg, &bytes, &size);
  jpeg.image_width = static_cast<JDIMENSION>(image.cols);
  jpeg.image_height = static_cast<JDIMENSION>(image.rows);
  jpeg.input_components = image.channels();
  jpeg.in_color_space = image.channels() == 3 ? JCS_EXT_BGR : JCS_GRAYSCALE;
  jpeg_set_defaults(&jpeg);
  jpeg_set_quality(&jpeg, 95, TRUE);
  if (progressive) jpeg_simple_progression(&jpeg);
  jpeg_start_compress(&jpeg, TRUE);
  if (orientation > 0) {
    std::string exif("Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0?\0\0\0\0\0\0", 32);
    exif[25] = static_cast<char>(orientation);
    jpeg_write_marker(&jpeg,
                      JPEG_APP0 + 1,
                      reinterpret_cast<const JOCTET*>(exif.data()),
                      static_cast<unsigned int>(exif.size()));
  }
  while (jpeg.next_scanline < jpeg.image_height) {
    JSAMPROW row = const_cast<JSAMPROW>(image.ptr(static_cast<int>(jpeg.next_scanline)));
    jpeg_write_scanlines(&jpeg, &row, 1);
  }
  jpeg_finish_compress(&jpeg);
  std::string out(reinterpret_cast<char*>(bytes), size);
  jpeg_destroy_compress(&jpeg);
  std::free(bytes);
  return out;
}

cv::Mat ramp(int height, int width) {
  cv::Mat image(height, width, CV_8UC1);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) image.at<uint8_t>(y, x) = cv::saturate_cast<uint8_t>(x + y / 2);
  }
  return image;
}

double largest_difference(const cv::Mat& a, const cv::Mat& b) {
  return cv::norm(a, b, cv::NORM_INF);
}

}  // namespace

TEST_CASE("PNGs of every kind become one grey channel") {
  const CsvTable table = read_csv(golden_path("dataset/png_grey.csv"));
  REQUIRE(table.rows.size() == 10);
  for (const auto& row : table.rows) {
    INFO(row[0]);
    const DecodedImage image = decode_image(golden_path("dataset/" + row[0]));
    REQUIRE(image.fault == "");
    CHECK_FALSE(image.truncated);
    REQUIRE(image.pixels.type() == (row[1] == "16" ? CV_16UC1 : CV_8UC1));
    REQUIRE(cat(image.height, " ", image.width) == row[2] + " " + row[3]);
    cv::Mat wide, expected(image.height, image.width, CV_32S);
    image.pixels.convertTo(wide, CV_32S);
    const auto values = split_text(row[4], ' ');
    REQUIRE(values.size() == expected.total());
    for (size_t i = 0; i < values.size(); ++i)
      expected.at<int>(static_cast<int>(i)) = std::stoi(values[i]);
    CHECK(largest_difference(wide, expected) <= (row[0].starts_with("grey") ? 0 : 1));
  }
}

TEST_CASE("transparency and further frames of a PNG are told") {
  const auto losses = [](const char* name) {
    return decode_image(golden_path(cat("dataset/", name))).losses;
  };
  for (const auto* name : {"grey8.png", "grey16.png", "rgb8.png", "rgb16.png"})
    CHECK(losses(name).empty());
  for (const auto* name : {"rgba8.png", "greya8.png", "palette.png"}) {
    INFO(name);
    REQUIRE(losses(name).size() == 1);
    CHECK(losses(name)[0].first == "transparent");
  }
  std::string bytes = encode_png(cv::Mat(4, 6, CV_8UC1, cv::Scalar(9)));
  CHECK(decode_image_bytes(bytes).pictures == 1);
  // After the header: acTL, three frames, played once.
  bytes.insert(33,
               std::string("\0\0\0\x08"
                           "acTL\0\0\0\x03\0\0\0\x01\xB9\xEA\x8A\x56",
                           20));
  const DecodedImage animated = decode_image_bytes(bytes);
  CHECK(animated.fault == "");
  CHECK(animated.pictures == 3);
}

TEST_CASE("a JPEG gives its luma") {
  const cv::Mat grey = ramp(64, 96);
  CHECK(largest_difference(decode_image_bytes(encode_jpeg(grey)).pixels, grey) <= 3);
  CHECK(largest_difference(decode_image_bytes(encode_jpeg(grey, 0, true)).pixels, grey) <= 3);
  cv::Mat colour(32, 32, CV_8UC3, cv::Scalar(200, 40, 90)), luma;
  cv::cvtColor(colour, luma, cv::COLOR_BGR2GRAY);
  const DecodedImage image = decode_image_bytes(encode_jpeg(colour));
  REQUIRE(image.pixels.type() == CV_8UC1);
  CHECK(largest_difference(image.pixels, luma) <= 1);
}

TEST_CASE("EXIF orientations are applied") {
  cv::Mat stored(16, 32, CV_8UC1, cv::Scalar(0));
  stored(cv::Rect(0, 0, 8, 8)) = 255;
  stored(cv::Rect(24, 0, 8, 8)) = 128;
  // Where the stored first pixel and the end of the stored first row are to be seen
  // (EXIF 2.32, 4.6.4): bottom, right.
  struct Corners {
    bool first_bottom, first_right, end_bottom, end_right;
  };
  const std::vector<Corners> expected = {{0, 0, 0, 1},
                                         {0, 1, 0, 0},
                                         {1, 1, 1, 0},
                                         {1, 0, 1, 1},
                                         {0, 0, 1, 0},
                                         {0, 1, 1, 1},
                                         {1, 1, 0, 1},
                                         {1, 0, 0, 0}};
  for (int orientation = 1; orientation <= 8; ++orientation) {
    INFO("orientation " << orientation);
    const DecodedImage image = decode_image_bytes(encode_jpeg(stored, orientation));
    const Corners& corners = expected[static_cast<size_t>(orientation - 1)];
    CHECK(image.orientation == orientation);
    CHECK(image.pixels.size() == (orientation < 5 ? cv::Size(32, 16) : cv::Size(16, 32)));
    CHECK(cv::Size(image.width, image.height) == image.pixels.size());
    const auto at = [&](bool bottom, bool right) {
      return int(
          image.pixels.at<uint8_t>(bottom ? image.height - 2 : 1, right ? image.width - 2 : 1));
    };
    CHECK(at(corners.first_bottom, corners.first_right) > 240);
    CHECK(std::abs(at(corners.end_bottom, corners.end_right) - 128) < 10);
  }
  CHECK(decode_image_bytes(encode_jpeg(stored, 9)).orientation == 1);
}

TEST_CASE("a JPEG cut short is truncated, one without its end mark is not") {
  const cv::Mat image = noise(120, 100);
  for (const bool progressive : {false, true}) {
    INFO("progressive " << progressive);
    const std::string whole = encode_jpeg(image, 0, progressive);
    const DecodedImage good = decode_image_bytes(whole);
    CHECK_FALSE(good.truncated);
    const DecodedImage unmarked =
        decode_image_bytes(std::string_view(whole).substr(0, whole.size() - 2));
    CHECK_FALSE(unmarked.truncated);
    CHECK(largest_difference(unmarked.pixels, good.pixels) == 0);
    for (const double share : {.2, .5, .9, .98}) {
      INFO("share " << share);
      const auto cut = decode_image_bytes(
          std::string_view(whole).substr(0, size_t(double(whole.size()) * share)));
      CHECK(cut.truncated);
      CHECK(cut.pixels.size() == image.size());
      CHECK(cut.fault == "");
    }
  }
}

TEST_CASE("a progressive JPEG cut between two scans is truncated") {
  const std::string whole = encode_jpeg(noise(64, 64), 0, true);
  const size_t last_scan = whole.rfind("\xFF\xDA");
  REQUIRE(last_scan != std::string::npos);
  CHECK(decode_image_bytes(std::string_view(whole).substr(0, last_scan)).truncated);
}

TEST_CASE("a JPEG is decoded scaled where that leaves enough pixels") {
  const std::string bytes = encode_jpeg(ramp(300, 400), 6);
  const DecodedImage image = decode_image_bytes(bytes, 80);
  CHECK(image.pixels.size() == cv::Size(113, 150));  // 3/8, upright
  CHECK(cv::Size(image.width, image.height) == cv::Size(300, 400));
  CHECK(decode_image_bytes(bytes, 300).pixels.size() == cv::Size(300, 400));
  CHECK(decode_image_bytes(bytes, 5000).pixels.size() == cv::Size(300, 400));
  CHECK(decode_image_bytes(bytes, 1).pixels.size() == cv::Size(38, 50));
}

TEST_CASE("a PNG that is cut or damaged is truncated") {
  const cv::Mat image = noise(60, 50, CV_16UC1);
  const std::string whole = encode_png(image);
  for (const double share : {.3, .6, .99}) {
    const auto cut =
        decode_image_bytes(std::string_view(whole).substr(0, size_t(double(whole.size()) * share)));
    CHECK(cut.truncated);
    CHECK(cut.pixels.size() == image.size());
  }
  std::string flipped = whole;
  flipped[whole.size() / 2] = static_cast<char>(flipped[whole.size() / 2] ^ 16);
  CHECK(decode_image_bytes(flipped).truncated);
  const auto unmarked = decode_image_bytes(std::string_view(whole).substr(0, whole.size() - 12));
  CHECK_FALSE(unmarked.truncated);
  CHECK(largest_difference(unmarked.pixels, image) == 0);
}

TEST_CASE("what is no image has a fault and no pixels") {
  const std::string jpeg = encode_jpeg(ramp(20, 20)), png = encode_png(ramp(20, 20));
  std::string huge = png;
  // 60000 x 60000 with the header's true checksum, so that only the size can be refused.
  const unsigned char header[] = {
      0, 0, 0xEA, 0x60, 0, 0, 0xEA, 0x60, 8, 0, 0, 0, 0, 0xA5, 0xB9, 0x2A, 0x9E};
  huge.replace(16, sizeof header, reinterpret_cast<const char*>(header), sizeof header);
  // 16000 x 16000 would be read, but not from 200 bytes.
  std::string bomb = png;
  const unsigned char large[] = {
      0, 0, 0x3E, 0x80, 0, 0, 0x3E, 0x80, 0x08, 0, 0, 0, 0, 0x64, 0x15, 0x80, 0x02};
  bomb.replace(16, sizeof large, reinterpret_cast<const char*>(large), sizeof large);
  std::string tall_jpeg = jpeg;
  const size_t frame = jpeg.find("\xFF\xC0");
  for (const size_t i : {5, 6, 7, 8}) tall_jpeg[frame + i] = '\xF0';
  for (const std::string& bytes : {std::string(),
                                   std::string("hello"),
                                   jpeg.substr(0, 3),
                                   jpeg.substr(0, 100),
                                   png.substr(0, 8),
                                   png.substr(0, 20),
                                   huge,
                                   bomb,
                                   tall_jpeg}) {
    const DecodedImage image = decode_image_bytes(bytes);
    INFO(bytes.size() << " bytes: " << image.fault);
    CHECK(image.pixels.empty());
    CHECK(image.fault != "");
    CHECK(image.fault.find('\n') == std::string::npos);
  }
  CHECK(decode_image_bytes(huge).fault == "60000x60000 pixels, more than the limit of 256 Mpx");
  CHECK(decode_image_bytes(bomb).fault ==
        cat("16000x16000 pixels cannot be in ", bomb.size(), " bytes"));
  CHECK(decode_image_bytes(tall_jpeg).fault.find("61680x61680") != std::string::npos);
}

TEST_CASE("every single damaged byte of a header ends in a value") {
  const std::string jpeg = encode_jpeg(ramp(24, 24), 6), png = encode_png(ramp(24, 24));
  for (const std::string& whole : {jpeg, png}) {
    for (size_t i = 0; i < std::min<size_t>(whole.size(), 700); ++i) {
      for (const int flip : {1, 128, 255}) {
        std::string bytes = whole;
        bytes[i] = static_cast<char>(bytes[i] ^ flip);
        const DecodedImage image = decode_image_bytes(bytes);
        REQUIRE(image.pixels.empty() == !image.fault.empty());
      }
    }
  }
}

TEST_CASE("a missing file is an error") { CHECK_THROWS_AS(decode_image("/nowhere/x.png"), Error); }

TEST_CASE("pad keeps the aspect and fills with the border's median") {
  cv::Mat image(40, 20, CV_8UC1, cv::Scalar(200));
  cv::rectangle(image, cv::Rect(0, 0, 20, 40), cv::Scalar(30), 1);
  Placement placement;
  const cv::Mat out = fit_image(image, 20, 20, Fit::pad, placement);
  REQUIRE(out.size() == cv::Size(20, 20));
  CHECK(placement.scale_x == .5f);
  CHECK(placement.scale_y == .5f);
  CHECK(placement.offset_x == 5);
  CHECK(placement.offset_y == 0);
  CHECK(out.at<uint8_t>(10, 0) == 30);
  CHECK(out.at<uint8_t>(10, 19) == 30);
  CHECK(out.at<uint8_t>(10, 10) == 200);
  CHECK(out.at<uint8_t>(0, 5) ==
        (3 * 30 + 200 + 2) / 4);  // the area average of the corner's four pixels
}

TEST_CASE("stretch and crop say where a source pixel went") {
  cv::Mat image(30, 60, CV_16UC1, cv::Scalar(1000));
  image(cv::Rect(30, 10, 10, 10)) = 60000;
  Placement placement;
  const cv::Mat stretched = fit_image(image, 60, 60, Fit::stretch, placement);
  CHECK(stretched.type() == CV_16UC1);
  CHECK(placement.scale_x == 1);
  CHECK(placement.scale_y == 2);
  CHECK(stretched.at<uint16_t>(30, 35) == 60000);

  const cv::Mat cropped = fit_image(image, 15, 15, Fit::crop, placement);
  CHECK(cropped.size() == cv::Size(15, 15));
  CHECK(placement.scale_x == .5f);
  CHECK(placement.offset_x == -7.5f);
  CHECK(placement.offset_y == 0);
  const float x0 = 30 * placement.scale_x + placement.offset_x,
              x1 = 40 * placement.scale_x + placement.offset_x;
  CHECK(x0 == 7.5f);
  CHECK(cropped.at<uint16_t>(7, int(x0) + 1) == 60000);
  CHECK(cropped.at<uint16_t>(7, int(x1) + 1) == 1000);
}

TEST_CASE("fit takes any size to any size") {
  for (const auto& [height, width] : {std::pair{1, 1}, {1, 7}, {9, 1}, {50, 3}, {3, 50}}) {
    for (const Fit fit : {Fit::pad, Fit::stretch, Fit::crop}) {
      Placement placement;
      const cv::Mat image(height, width, CV_8UC1, cv::Scalar(77));
      const cv::Mat out = fit_image(image, 8, 5, fit, placement);
      CHECK(out.size() == cv::Size(5, 8));
      CHECK(largest_difference(out, cv::Mat(8, 5, CV_8UC1, cv::Scalar(77))) == 0);
    }
  }
  CHECK(parse_fit("crop") == Fit::crop);
  CHECK_THROWS_WITH(parse_fit("padd"), Catch::Contains("did you mean 'pad'"));
}

TEST_CASE("encode_png keeps every value") {
  for (const int type : {CV_8UC1, CV_16UC1}) {
    const cv::Mat image = noise(17, 23, type);
    const DecodedImage back = decode_image_bytes(encode_png(image, 1));
    REQUIRE(back.pixels.type() == type);
    CHECK(largest_difference(back.pixels, image) == 0);
  }
  const DecodedImage red =
      decode_image_bytes(encode_png(cv::Mat(4, 4, CV_8UC3, cv::Scalar(0, 0, 255))));
  CHECK(int(red.pixels.at<uint8_t>(0, 0)) == 76);  // the luma of pure red
}

TEST_CASE("FracAtlas has 47 truncated and 18 rotated files", "[data]") {
  const auto folder = real_data("fracatlas");
  if (folder.empty()) return;
  int truncated = 0, rotated = 0, unreadable = 0, truncated_fractured = 0, outside = 0;
  for (const auto& sample : read_dataset(folder).samples) {
    const DecodedImage image = decode_image(sample.file, 80);
    truncated += image.truncated;
    truncated_fractured += image.truncated && sample.exclusive_class() == 1;
    rotated += image.orientation != 1;
    unreadable += image.pixels.empty();
    for (const auto& box : sample.boxes) {
      outside +=
          box.x0 < 0 || box.y0 < 0 || box.x1 > float(image.width) || box.y1 > float(image.height);
    }
    if (sample.id == "IMG0002628") {
      CHECK(image.orientation == 8);
      CHECK(cv::Size(image.width, image.height) == cv::Size(454, 373));
    }
  }
  CHECK(truncated == 47);
  CHECK(truncated_fractured == 0);
  CHECK(rotated == 18);
  CHECK(unreadable == 0);
  CHECK(outside == 0);
}
