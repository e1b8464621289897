// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "core/json.hpp"
#include "tests/dataset/dicom/made.hpp"
#include "tests/dataset/dicom/read.hpp"

using namespace evenray;

namespace {

std::string made_frames(const std::string& name) {
  return read_file(golden_path("dataset/frames/" + name));
}

/// Three frames of one row each.
DicomMaker three_frames() { return DicomMaker().text(0x00280008, "IS", "3").image(1, 2); }

}  // namespace

TEST_CASE("each frame of a DICOM file has the values that pydicom reads") {
  const Json golden = golden_json("dataset/dicom_frames.json").at("frames");
  CHECK(golden.size() == 6);
  for (const auto& [name, frames] : golden.items()) {
    const std::string bytes = made_frames(name);
    for (size_t f = 0; f < frames.size(); ++f) {
      INFO(name << " frame " << f);
      const auto image = decode_dicom(bytes, {.voi = Voi::none, .frame = static_cast<int>(f)});
      CHECK(image.pictures == 3);
      CHECK_FALSE(image.truncated);
      CHECK(levels(image) == frames[f].get<std::vector<int>>());
    }
    CHECK(decode_dicom(bytes, {.frame = 3}).fault == "frame 4 of 3 is not in the file");
    CHECK(dicom_facts(bytes, "").frames == 3);
  }
}

TEST_CASE("padding is black and does not move the grey values of the other pixels") {
  const Json golden = golden_json("dataset/dicom_frames.json").at("padding");
  CHECK(golden.size() == 2);
  for (const auto& [name, grey] : golden.items()) {
    INFO(name);
    const auto image = decoded(made_frames(name), Voi::minmax, 16);
    CHECK(levels(image) == grey.get<std::vector<int>>());
    CHECK(image.losses.empty());
  }
  const auto negative = [](Voi voi) {
    return levels(decoded(DicomMaker()
                              .image(1, 4, 8, false, "MONOCHROME1", 7, 8)
                              .words(0x00280120, "US", {7})
                              .raw(0x7FE00010, "OB", std::string("\x07\x00\x64\xC8", 4), 4)
                              .bytes(),
                          voi));
  };
  CHECK(negative(Voi::minmax) == std::vector<int>{0, 255, 128, 0});
  CHECK(negative(Voi::none) == std::vector<int>{7, 0, 100, 200});
}

TEST_CASE("bits beyond BitsStored are ignored as in pydicom, and told") {
  const Json golden = golden_json("dataset/dicom_frames.json").at("beyond");
  const auto image = decoded(made_frames("beyond.dcm"), Voi::none);
  CHECK(levels(image) == golden.get<std::vector<int>>());
  REQUIRE(image.losses.size() == 1);
  CHECK(image.losses[0].first == "beyond_bits_stored");
  CHECK(image.losses[0].second ==
        "8.6 % of the pixels have bits beyond BitsStored (12); these bits are ignored");
  // The extended sign of -1 is no loss.
  const auto sign = DicomMaker().image(1, 2, 12, true).pixels({0xFFFF, 5}).bytes();
  CHECK(decoded(sign, Voi::none).losses.empty());
  const auto low = DicomMaker().image(1, 2, 12, false, "MONOCHROME2", 15).pixels({0x10, 0x21});
  CHECK(decoded(low.bytes(), Voi::none).losses.size() == 1);
}

TEST_CASE("frames that a file does not hold have a fault") {
  const auto third = [](const std::string& bytes) { return decode_dicom(bytes, {.frame = 2}); };
  const std::string two = three_frames().pixels({1, 2, 3, 4}).bytes();
  CHECK(levels(decode_dicom(two, {.voi = Voi::none, .frame = 1})) == std::vector<int>{3, 4});
  CHECK(third(two).fault == "frame 3 of 3 is not in the file");
  CHECK(third(three_frames().pixels({1, 2, 3, 4, 5}).bytes()).truncated);
  // One fragment for three frames, and no table of offsets.
  const auto coded = DicomMaker("1.2.840.10008.1.2.5")
                         .text(0x00280008, "IS", "3")
                         .image(1, 2)
                         .raw(0x7FE00010,
                              "OW",
                              std::string("\xFE\xFF\x00\xE0\0\0\0\0\xFE\xFF\x00\xE0\2\0\0\0ab", 18),
                              0xFFFFFFFF);
  CHECK(third(coded.bytes()).fault == "3 frames in 1 fragments cannot be told apart");
}
