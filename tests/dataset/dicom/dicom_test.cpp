// SPDX-License-Identifier: Apache-2.0
#include "dataset/dicom/dicom.hpp"

#include <openssl/evp.h>

#include <catch2/catch.hpp>
#include <cmath>

#include "core/csv.hpp"
#include "core/parallel.hpp"
#include "dataset/files/image_file.hpp"
#include "dataset/image/image.hpp"
#include "tests/dataset/dicom/made.hpp"
#include "tests/dataset/dicom/read.hpp"
#include "tests/fixture.hpp"
#include "tests/pixels.hpp"

using namespace evenray;

namespace {

std::string md5_hex(const cv::Mat& image) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  EVP_Digest(image.data, image.total() * image.elemSize(), digest, &size, EVP_md5(), nullptr);
  std::string out;
  for (unsigned int i = 0; i < size; ++i) {
    out += "0123456789abcdef"[digest[i] >> 4];
    out += "0123456789abcdef"[digest[i] & 15];
  }
  return out;
}

}  // namespace

TEST_CASE("radiographs in eight transfer syntaxes give the stored values that pydicom reads",
          "[data]") {
  const auto folder = real_data("dicom");
  if (folder.empty()) return;
  const CsvTable table = read_csv(folder / "pixel-truth.csv");
  int files = 0;
  for (const auto& row : table.rows) {
    const auto of = [&](const char* column) { return row[table.require(column)]; };
    INFO(of("file"));
    const DecodedImage image = decoded(read_file(folder / of("file")), Voi::none);
    REQUIRE(image.fault == "");
    CHECK_FALSE(image.truncated);
    REQUIRE(image.pixels.type() == CV_16UC1);
    CHECK(cat(image.height, " ", image.width) == of("rows") + " " + of("cols"));
    double darkest = 0, brightest = 0;
    cv::minMaxLoc(image.pixels, &darkest, &brightest);
    CHECK(cat(darkest, " ", brightest) == of("pixel_min") + " " + of("pixel_max"));
    CHECK(fixed(cv::sum(image.pixels)[0], 0) == of("pixel_sum"));
    CHECK(md5_hex(image.pixels) == of("md5_u16le"));
    CHECK(stored_bits(folder / of("file")) == 16);
    ++files;
  }
  CHECK(files == 8);
}

TEST_CASE("a radiograph of MONOCHROME1 shows bone bright, by its window", "[data]") {
  const auto folder = real_data("dicom");
  if (folder.empty()) return;
  const std::string bytes = read_file(folder / "RG3_JPLL");
  const DecodedImage stored = decoded(bytes, Voi::none), shown = decode_image_bytes(bytes);
  REQUIRE(shown.pixels.type() == CV_16UC1);
  for (const int y : {100, 880, 1700}) {
    for (const int x : {300, 700, 900, 1500}) {
      const double value = stored.pixels.at<uint16_t>(y, x);
      const double share = std::clamp((value - 549.5) / 1023 + .5, 0., 1.);
      CHECK(std::abs(shown.pixels.at<uint16_t>(y, x) - 65535 * (1 - share)) <= 1);
    }
  }
}

TEST_CASE("every transfer syntax gives the picture that was put in") {
  const Json golden = golden_json("dataset/dicom_grey.json").at("syntaxes");
  CHECK(golden.at("files").size() == 14);
  for (const auto& [name, truth] : golden.at("files").items()) {
    INFO(name);
    const std::string bytes = golden_dicom(name);
    CHECK(is_dicom(bytes));
    const auto expected = golden.at(truth.at("picture").get<std::string>()).get<std::vector<int>>();
    const auto found = levels(decoded(bytes, Voi::none));
    REQUIRE(found.size() == expected.size());
    int largest = 0;
    for (size_t i = 0; i < found.size(); ++i)
      largest = std::max(largest, std::abs(found[i] - expected[i]));
    CHECK(largest <= truth.at("largest_difference").get<int>());
    const bool eight = name == "eight.dcm" || name == "jpeg_baseline.dcm";
    CHECK(decode_image_bytes(bytes).pixels.type() == (eight ? CV_8UC1 : CV_16UC1));
    CHECK(stored_bits(golden_path("dataset/dicom/" + name)) == (eight ? 8 : 16));
  }
}

TEST_CASE("colour gives its luma") {
  const auto grey = levels(decoded(golden_dicom("rgb.dcm")));
  const auto stored = levels(decoded(golden_dicom("eight.dcm"), Voi::none));
  for (size_t i = 0; i < grey.size(); ++i) {
    const int v = stored[i];
    const double luma = .299 * v + .587 * (v / 2) + .114 * (255 - v);
    REQUIRE(std::abs(grey[i] - luma) <= 1);
  }
  CHECK(levels(decoded(golden_dicom("rle_rgb.dcm"))) == grey);
  CHECK(levels(decoded(golden_dicom("jpeg_lossless_rgb.dcm"))) == grey);
}

TEST_CASE("stored values become grey as in pydicom") {
  const Json cases = golden_json("dataset/dicom_grey.json").at("grey");
  CHECK(cases.size() == 16);
  for (const auto& c : cases) {
    INFO(c.at("name"));
    const auto stored = c.at("stored").get<std::vector<int>>();
    const int bits = c.at("bits");
    for (const auto* syntax : {"1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"}) {
      DicomMaker maker(syntax);
      maker.image(1, static_cast<int>(stored.size()), bits, c.at("signed"), c.at("photometric"));
      if (!c.at("window").is_null()) {
        maker.window(exact(c.at("window")[0]) + "\\7", exact(c.at("window")[1]) + "\\9");
      }
      if (!c.at("slope").is_null()) {
        maker.text(0x00281052, "DS", exact(c.at("intercept")));
        maker.text(0x00281053, "DS", exact(c.at("slope")));
      }
      if (!c.at("function").is_null()) maker.text(0x00281056, "CS", c.at("function"));
      const auto add_lut = [&](uint32_t tag, const Json& lut) {
        if (!lut.is_null()) maker.lut(tag, lut[0].get<std::vector<int>>(), lut[1], lut[2]);
      };
      add_lut(0x00283000, c.at("modality"));
      add_lut(0x00283010, c.at("voi"));
      if (!c.at("shape").is_null()) maker.text(0x20500020, "CS", c.at("shape"));
      std::vector<int> cells;
      for (const int value : stored) cells.push_back(value & ((1 << bits) - 1));
      maker.pixels(cells);
      for (const auto& [depth, white] : {std::pair{16, 65535.}, {8, 255.}}) {
        const auto found = levels(decoded(maker.bytes(), Voi::file, depth));
        REQUIRE(found.size() == stored.size());
        for (size_t i = 0; i < found.size(); ++i) {
          INFO(syntax << " stored " << stored[i]);
          CHECK(std::abs(found[i] - white * c.at("share")[i].get<double>()) <= .6);
        }
      }
    }
  }
}

TEST_CASE("bits outside of those stored do not count") {
  // 12 bits below bit 13: overlays above, dirt below.
  const auto bytes = DicomMaker()
                         .image(1, 4, 12, false, "MONOCHROME2", 13)
                         .pixels({0, 0x8003, 4095 << 2, 0xC000 | 100 << 2 | 3})
                         .bytes();
  CHECK(levels(decoded(bytes, Voi::none)) == std::vector<int>{0, 0, 4095, 100});
}

TEST_CASE("stored values of signed pixels are raised by half their range") {
  const auto bytes = DicomMaker().image(1, 4, 12, true).pixels({0x800, 0xFFFF, 0, 0x7FF}).bytes();
  CHECK(levels(decoded(bytes, Voi::none)) == std::vector<int>{0, 2047, 2048, 4095});
}

TEST_CASE("without a window the percentiles are taken, and so for an absurd one") {
  // 1000 pixels: five of 0, 990 rising from 1000 by 1, five of 4000.
  std::vector<int> values(5, 0);
  for (int i = 0; i < 990; ++i) values.push_back(1000 + i);
  values.insert(values.end(), 5, 4000);
  const auto make = [&](const std::string& center, const std::string& width) {
    DicomMaker maker;
    maker.image(10, 100);
    if (!width.empty()) maker.window(center, width);
    return maker.pixels(values).bytes();
  };
  const auto expected = levels(decoded(make("", ""), Voi::percentile));
  // Ranks 5 and 994 of 0..999: the first and the last of the rising ones.
  CHECK(expected[0] == 0);
  CHECK(expected[5] == 0);
  CHECK(std::abs(expected[500] - 65535 * 495. / 989) <= 1);
  CHECK(expected[994] == 65535);
  CHECK(expected[999] == 65535);
  for (const auto& [center, width] :
       std::vector<std::pair<std::string, std::string>>{{"", ""},
                                                        {"500", "0"},
                                                        {"500", "-5"},
                                                        {"nan", "100"},
                                                        {"x", "100"},
                                                        {"9000", "100"},
                                                        {"-9000", "100"},
                                                        {"500", "10"},
                                                        {"1500", "1e30"}}) {
    INFO(center << " " << width);
    CHECK(levels(decoded(make(center, width))) == expected);
  }
  CHECK(levels(decoded(make("1500", "600"))) != expected);
  const auto whole = levels(decoded(make("1500", "600"), Voi::minmax));
  CHECK(whole[0] == 0);
  CHECK(std::abs(whole[5] - 65535 * 1000. / 4000) <= 1);
  CHECK(whole[999] == 65535);
  CHECK(decoded(make("", ""), Voi::file).fault ==
        "the file has neither a window nor a VOI LUT; use --voi auto, percentile or minmax");
  CHECK(decoded(make("500", "0"), Voi::file).fault ==
        "the window of the file cannot be used; use --voi auto, percentile or minmax");
  CHECK(levels(decoded(make("9000", "100"), Voi::file)) == std::vector<int>(1000, 0));
}

TEST_CASE("padding does not move the percentiles") {
  std::vector<int> values(500, 4095);
  for (int i = 0; i < 500; ++i) values.push_back(i);
  DicomMaker with, without;
  with.image(10, 100).words(0x00280120, "US", {4095}).pixels(values);
  without.image(10, 100).pixels(values);
  CHECK(levels(decoded(with.bytes(), Voi::minmax))[500 + 499] == 65535);
  CHECK(levels(decoded(without.bytes(), Voi::minmax))[500 + 499] < 65535 / 4);
}

TEST_CASE("a picture of one value is black, its negative white") {
  const std::vector<int> values(4, 7);
  const auto make = [&](const char* photometric) {
    return DicomMaker().image(2, 2, 12, false, photometric).pixels(values).bytes();
  };
  CHECK(levels(decoded(make("MONOCHROME2"))) == std::vector<int>(4, 0));
  CHECK(levels(decoded(make("MONOCHROME1"))) == std::vector<int>(4, 65535));
}

TEST_CASE("a data set without its preamble is known, text is not") {
  auto maker = DicomMaker::without_preamble();
  maker.text(0x00080008, "CS", "ORIGINAL").text(0x00080060, "CS", "DX").image(1, 2).pixels({0, 9});
  CHECK(is_dicom(maker.bytes()));
  CHECK(levels(decode_image_bytes(maker.bytes())) == std::vector<int>{0, 65535});
  CHECK_FALSE(is_dicom(""));
  CHECK_FALSE(is_dicom(std::string("\x08\0\x05\0", 4)));
  CHECK_FALSE(is_dicom("\x08 hello, this is a text of some length and no data set at all"));
  CHECK_FALSE(is_dicom(std::string(200, '\0')));
}

TEST_CASE("files are decoded from many threads at once") {
  std::vector<std::string> files;
  for (const auto* name : {"jpegls.dcm", "jpeg_lossless.dcm", "jpeg_extended.dcm", "jpeg2000.dcm"})
    files.push_back(golden_dicom(name));
  std::vector<std::string> digests(64);
  parallel_for(64, 8, [&](size_t i) {
    digests[i] = md5_hex(decoded(files[i % files.size()], Voi::none).pixels);
  });
  for (size_t i = files.size(); i < digests.size(); ++i)
    CHECK(digests[i] == digests[i % files.size()]);
}
