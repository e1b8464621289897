// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <cmath>

#include "core/rng.hpp"
#include "dataset/dicom/dicom.hpp"
#include "dataset/files/image_file.hpp"
#include "dataset/image/image.hpp"
#include "tests/dataset/dicom/made.hpp"
#include "tests/dataset/dicom/read.hpp"
#include "tests/fixture.hpp"

using namespace evenray;

TEST_CASE("pixels that end early are truncated, or no picture at all") {
  const auto whole = DicomMaker().image(40, 10).pixels(std::vector<int>(400, 5)).bytes();
  CHECK_FALSE(decoded(whole).truncated);
  const auto cut = decoded(whole.substr(0, whole.size() - 300));
  CHECK(cut.truncated);
  CHECK(cut.pixels.size() == cv::Size(10, 40));
  CHECK(decoded(whole.substr(0, whole.size() - 795)).fault == "10x40 pixels cannot be in 5 bytes");
  const std::string rle = golden_dicom("rle.dcm");
  CHECK(decoded(rle.substr(0, rle.size() - 200)).truncated);
  for (const auto* name :
       {"jpegls.dcm", "jpeg_lossless.dcm", "jpeg_extended.dcm", "jpeg2000.dcm", "deflated.dcm"}) {
    INFO(name);
    const std::string coded = golden_dicom(name);
    const auto image = decoded(coded.substr(0, coded.size() - 200));
    CHECK(image.pixels.empty());
    CHECK(image.fault != "");
  }
}

TEST_CASE("what is not read has a fault that says so") {
  const auto fault = [](const DicomMaker& maker) {
    return decode_image_bytes(maker.bytes()).fault;
  };
  const std::vector<int> few(4, 1);
  CHECK(fault(DicomMaker("1.2.840.10008.1.2.4.201").image(2, 2).pixels(few)) ==
        "transfer syntax 1.2.840.10008.1.2.4.201 is not supported");
  CHECK(fault(DicomMaker("1.2\xFF").image(2, 2).pixels(few)) ==
        "a transfer syntax that is not a UID");
  CHECK(fault(DicomMaker().image(60000, 60000).pixels(few)) ==
        "60000x60000 pixels, more than the limit of 256 Mpx");
  CHECK(fault(DicomMaker().image(16000, 16000).pixels(few)) ==
        "16000x16000 pixels cannot be in 8 bytes");
  CHECK(fault(DicomMaker().image(0, 2).pixels(few)) == "an empty picture");
  CHECK(fault(DicomMaker().image(2, 2)) == "a DICOM file without pixels");
  CHECK(fault(DicomMaker().image(2, 2, 32, false, "MONOCHROME2", 31, 32).pixels(few)) ==
        "32 bits allocated per pixel; only 8 and 16 are supported");
  CHECK(fault(DicomMaker().image(2, 2, 12, false, "MONOCHROME2", 3).pixels(few)) ==
        "12 bits stored with the high bit 3 do not fit into 16 bits allocated");
  CHECK(fault(DicomMaker().image(2, 2, 8, false, "PALETTE COLOR").pixels(few)) ==
        "a palette image");
  CHECK(fault(DicomMaker("1.2.840.10008.1.2.4.70").image(2, 2).pixels(few)) ==
        "pixels in one piece, which contradicts transfer syntax 1.2.840.10008.1.2.4.70");
  const auto error = error_of([] { parse_voi("percentil"); });
  CHECK(error.code() == Exit::config);
  CHECK(contains(error.what(), "did you mean 'percentile'"));
  CHECK(parse_voi("none") == Voi::none);
}

TEST_CASE("sequences nested without end are refused, deep ones skipped") {
  const auto nested = [](int depth) {
    std::string inside;
    for (int i = 0; i < depth; ++i)
      inside +=
          std::string("\xFE\xFF\x00\xE0\xFF\xFF\xFF\xFF\x08\x00\x40\x11SQ\0\0\xFF\xFF\xFF\xFF", 20);
    for (int i = 0; i < depth; ++i)
      inside += std::string("\xFE\xFF\xDD\xE0\0\0\0\0\xFE\xFF\x0D\xE0\0\0\0\0", 16);
    inside += std::string("\xFE\xFF\xDD\xE0\0\0\0\0", 8);
    return DicomMaker()
        .raw(0x00081140, "SQ", inside, 0xFFFFFFFF)
        .image(1, 2)
        .pixels({0, 9})
        .bytes();
  };
  CHECK(levels(decoded(nested(8))) == std::vector<int>{0, 65535});
  CHECK(contains(decoded(nested(200000)).fault, "a damaged DICOM data set"));
}

TEST_CASE("a JPEG whose marks are out of order is refused") {
  const std::string whole = golden_dicom("jpeg_lossless.dcm");
  const size_t start = whole.find("\xFF\xD8\xFF"), frame = whole.find("\xFF\xC3", start);
  REQUIRE(frame != std::string::npos);
  const auto fault = [](const std::string& bytes) { return decode_image_bytes(bytes).fault; };
  // FF01 stands alone and takes no length: a search that does not step over it never ends.
  std::string lone = whole;
  lone[start + 3] = '\x01';
  CHECK(fault(lone) == "no JPEG frame in the pixel data");
  const size_t table = whole.find("\xFF\xC4", frame);
  REQUIRE(table != std::string::npos);
  std::string twice = whole;
  twice[table + 1] = '\xC3';
  CHECK(fault(twice) == "no JPEG frame in the pixel data");
  std::string larger = whole;
  larger[frame + 5] = '\x70';
  CHECK(fault(larger) == "the JPEG inside has another size than the header states");
}

TEST_CASE("numbers beyond all measure end in grey") {
  for (const char* slope : {"0", "1e308", "-1e308", "1e-308", "inf", "x"}) {
    for (const char* number : {"1e308", "-1e308", "0", "1e-320"}) {
      for (const char* function : {"LINEAR", "LINEAR_EXACT", "SIGMOID"}) {
        const auto bytes = DicomMaker()
                               .image(1, 4)
                               .window(number, "1e308")
                               .text(0x00281052, "DS", number)
                               .text(0x00281053, "DS", slope)
                               .text(0x00281056, "CS", function)
                               .pixels({0, 1, 2000, 4095})
                               .bytes();
        INFO(slope << " " << number << " " << function);
        const auto found = levels(decoded(bytes));
        CHECK(std::abs(found[0] - found[3]) == 65535);
      }
    }
  }
}

TEST_CASE("damaged copies of every syntax end in a value") {
  const Json golden = golden_json("dataset/dicom_grey.json").at("syntaxes").at("files");
  for (const auto& [name, truth] : golden.items()) {
    const std::string whole = golden_dicom(name);
    for (uint64_t i = 0; i < 300; ++i) {
      INFO(name << " " << i);
      Rng rng = Rng(i).fork(name);
      std::string bytes = whole;
      const size_t at = rng.below(bytes.size()), length = 1 + rng.below(60);
      switch (rng.below(4)) {
        case 0:
          bytes.resize(at);
          break;
        case 1:
          bytes.insert(at, bytes.substr(at, length));
          break;
        case 2:
          bytes.erase(at, length);
          break;
        default:
          for (size_t k = 0; k < 1 + length / 8; ++k)
            bytes[rng.below(bytes.size())] = static_cast<char>(rng.below(256));
      }
      const DecodedImage image = decode_image_bytes(bytes);
      REQUIRE(image.pixels.empty() == !image.fault.empty());
      REQUIRE(is_plain_utf8(image.fault));
      dicom_facts(bytes, "key");
    }
  }
}
