// SPDX-License-Identifier: Apache-2.0
#include "dataset/dicom.hpp"

#include <openssl/evp.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <map>

#include "core/csv.hpp"
#include "core/parallel.hpp"
#include "core/rng.hpp"
#include "tests/dataset/dicom_made.hpp"
#include "tests/fixture.hpp"
#include "tests/pixels.hpp"

using namespace evenray;

namespace {

DecodedImage decoded(const std::string& bytes, Voi voi = Voi::automatic, int bits = 0) {
  return decode_dicom(bytes, {voi, bits});
}

std::vector<int> levels(const DecodedImage& image) {
  INFO(image.fault);
  REQUIRE(image.fault == "");
  cv::Mat wide;
  image.pixels.convertTo(wide, CV_32S);
  return {wide.begin<int>(), wide.end<int>()};
}

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

std::string golden_file(const std::string& name) {
  return read_file(golden_path("dataset/dicom/" + name));
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
    const std::string bytes = golden_file(name);
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
  const auto grey = levels(decoded(golden_file("rgb.dcm")));
  const auto stored = levels(decoded(golden_file("eight.dcm"), Voi::none));
  for (size_t i = 0; i < grey.size(); ++i) {
    const int v = stored[i];
    const double luma = .299 * v + .587 * (v / 2) + .114 * (255 - v);
    REQUIRE(std::abs(grey[i] - luma) <= 1);
  }
  CHECK(levels(decoded(golden_file("rle_rgb.dcm"))) == grey);
  CHECK(levels(decoded(golden_file("jpeg_lossless_rgb.dcm"))) == grey);
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
        "the file has neither a window nor a VOI LUT; take --voi auto, percentile or minmax");
  CHECK(decoded(make("500", "0"), Voi::file).fault ==
        "the window of the file cannot be used; take --voi auto, percentile or minmax");
  CHECK(levels(decoded(make("9000", "100"), Voi::file)) == std::vector<int>(1000, 0));
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

TEST_CASE("pixels that end early are truncated, or no picture at all") {
  const auto whole = DicomMaker().image(40, 10).pixels(std::vector<int>(400, 5)).bytes();
  CHECK_FALSE(decoded(whole).truncated);
  const auto cut = decoded(whole.substr(0, whole.size() - 300));
  CHECK(cut.truncated);
  CHECK(cut.pixels.size() == cv::Size(10, 40));
  CHECK(decoded(whole.substr(0, whole.size() - 795)).fault == "10x40 pixels cannot be in 5 bytes");
  const std::string rle = golden_file("rle.dcm");
  CHECK(decoded(rle.substr(0, rle.size() - 200)).truncated);
  for (const auto* name :
       {"jpegls.dcm", "jpeg_lossless.dcm", "jpeg_extended.dcm", "jpeg2000.dcm", "deflated.dcm"}) {
    INFO(name);
    const std::string coded = golden_file(name);
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
        "transfer syntax 1.2.840.10008.1.2.4.201 is not read");
  CHECK(fault(DicomMaker("1.2\xFF").image(2, 2).pixels(few)) == "a transfer syntax that is no UID");
  CHECK(fault(DicomMaker().image(60000, 60000).pixels(few)) ==
        "60000x60000 pixels, more than the 256 Mpx that are read");
  CHECK(fault(DicomMaker().image(16000, 16000).pixels(few)) ==
        "16000x16000 pixels cannot be in 8 bytes");
  CHECK(fault(DicomMaker().image(0, 2).pixels(few)) == "an empty picture");
  CHECK(fault(DicomMaker().image(2, 2)) == "a DICOM file without pixels");
  CHECK(fault(DicomMaker().text(0x00280008, "IS", "3").image(2, 2).pixels(few)) ==
        "3 frames; one picture a file is read");
  CHECK(fault(DicomMaker().image(2, 2, 32, false, "MONOCHROME2", 31, 32).pixels(few)) ==
        "32 bits allocated a pixel; 8 and 16 are read");
  CHECK(fault(DicomMaker().image(2, 2, 12, false, "MONOCHROME2", 3).pixels(few)) ==
        "12 bits stored below bit 3 of 16");
  CHECK(fault(DicomMaker().image(2, 2, 8, false, "PALETTE COLOR").pixels(few)) ==
        "a palette image");
  CHECK(fault(DicomMaker("1.2.840.10008.1.2.4.70").image(2, 2).pixels(few)) ==
        "pixels in one piece, against transfer syntax 1.2.840.10008.1.2.4.70");
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
  const std::string whole = golden_file("jpeg_lossless.dcm");
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
  CHECK(fault(larger) == "the JPEG inside is of another size than the header says");
}

TEST_CASE("facts are codes, numbers and hashes; names, dates and comments stay behind") {
  const std::string key(32, 'k');
  DicomMaker maker;
  maker.text(0x00080018, "UI", "1.2.3.4")
      .text(0x00080020, "DA", "20240131")
      .text(0x00080060, "CS", "dx")
      .text(0x00100010, "PN", "Secret^Name")
      .text(0x00100020, "LO", "PID-77")
      .text(0x00100030, "DA", "19700101")
      .text(0x00100040, "CS", "F")
      .text(0x00101010, "AS", "053Y")
      .text(0x00104000, "LT", "a comment")
      .text(0x00180015, "CS", "see comment: Mr. Name")
      .text(0x00185101, "CS", "AP")
      .text(0x0020000D, "UI", "1.2.3")
      .text(0x00200062, "CS", "L")
      .image(2, 3, 10, false, "MONOCHROME1")
      .text(0x00280030, "DS", "0.15\\0.2")
      .text(0x00280301, "CS", "YES")
      .window("550\\1", "1024\\2")
      .pixels(std::vector<int>(6, 0));
  const DicomFacts facts = dicom_facts(maker.bytes(), key);
  CHECK(facts.fault == "");
  CHECK(facts.modality == "DX");
  CHECK(facts.body_part == "");
  CHECK(facts.view_position == "AP");
  CHECK(facts.laterality == "L");
  CHECK(facts.sex == "F");
  CHECK(facts.age_years == 50);
  CHECK(facts.row_spacing_mm == .15);
  CHECK(facts.column_spacing_mm == .2);
  CHECK(cat(facts.rows, " ", facts.columns, " ", facts.bits_stored) == "2 3 10");
  CHECK(facts.photometric == "MONOCHROME1");
  CHECK(facts.syntax == "1.2.840.10008.1.2.1");
  CHECK(facts.window_center == 550.);
  CHECK(facts.window_width == 1024.);
  CHECK(facts.burned_in == true);
  CHECK(facts.has_pixels);
  CHECK(facts.series == "");
  // printf 'patient:PID-77' | openssl dgst -sha256 -hmac kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk
  CHECK(facts.patient == "d92bab61b8ae114c");
  CHECK(facts.study.size() == 16);
  CHECK(facts.instance.size() == 16);
  CHECK(dicom_facts(maker.bytes(), std::string(32, 'j')).patient != facts.patient);
  ScratchFolder scratch;
  write_text(scratch / "a", maker.bytes());
  CHECK(read_dicom_facts(scratch / "a", key).patient == facts.patient);
  CHECK(dicom_facts(golden_file("deflated.dcm"), key).modality == "DX");

  const auto age = [&](const char* text) {
    return dicom_facts(DicomMaker().text(0x00101010, "AS", text).bytes(), key).age_years;
  };
  CHECK(age("007M") == 0);
  CHECK(age("064M") == 5);
  CHECK(age("300W") == 5);
  CHECK(age("009D") == 0);
  CHECK(age("104Y") == 90);
  CHECK_FALSE(age("54"));
  CHECK_FALSE(age("-54Y"));
}

TEST_CASE("the key is made once, for its owner alone") {
  ScratchFolder scratch;
  const Path file = scratch / "config" / "key";
  const std::string key = dicom_key(file);
  CHECK(key.size() == 32);
  CHECK(dicom_key(file) == key);
  namespace fs = std::filesystem;
  CHECK((fs::status(file).permissions() & fs::perms::all) ==
        (fs::perms::owner_read | fs::perms::owner_write));
  CHECK(std::distance(fs::directory_iterator(file.parent_path()), fs::directory_iterator()) == 1);

  fs::permissions(file, fs::perms::group_read, fs::perm_options::add);
  const auto open = error_of([&] { dicom_key(file); });
  CHECK(open.code() == Exit::missing_input);
  CHECK(contains(open.what(), "others may use this key; run chmod 600"));
  write_text(scratch / "short", "abc");
  fs::permissions(scratch / "short", fs::perms::owner_read);
  const auto shorter = error_of([&] { dicom_key(scratch / "short"); });
  CHECK(shorter.code() == Exit::bad_data);
  CHECK(contains(shorter.what(), "3 bytes, but a key has 32"));
  std::vector<std::string> keys(8);
  parallel_for(8, 4, [&](size_t i) { keys[i] = dicom_key(scratch / "raced"); });
  CHECK(keys == std::vector<std::string>(8, keys[0]));
}

TEST_CASE("damaged copies of every syntax end in a value") {
  const Json golden = golden_json("dataset/dicom_grey.json").at("syntaxes").at("files");
  for (const auto& [name, truth] : golden.items()) {
    const std::string whole = golden_file(name);
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

TEST_CASE("files are decoded from many threads at once") {
  std::vector<std::string> files;
  for (const auto* name : {"jpegls.dcm", "jpeg_lossless.dcm", "jpeg_extended.dcm", "jpeg2000.dcm"})
    files.push_back(golden_file(name));
  std::vector<std::string> digests(64);
  parallel_for(64, 8, [&](size_t i) {
    digests[i] = md5_hex(decoded(files[i % files.size()], Voi::none).pixels);
  });
  for (size_t i = files.size(); i < digests.size(); ++i)
    CHECK(digests[i] == digests[i % files.size()]);
}
