// SPDX-License-Identifier: Apache-2.0
// Damaged files of every kind: each ends in an image, a set or a fault, in bounded time. The few
// here run always, thousands with `dataset_test [.mutation]`.
#include <catch2/catch.hpp>
#include <chrono>
#include <iostream>

#include "core/error.hpp"
#include "core/json.hpp"
#include "core/rng.hpp"
#include "dataset/audit.hpp"
#include "dataset/files/image_file.hpp"
#include "dataset/image/image.hpp"
#include "tests/dataset/test_folder.hpp"

using namespace evenray;

namespace {

constexpr double kLongestSeconds = 5;

/// Flipped bytes, a cut, a range of zeros, a doubled range, or another number in a text.
std::string damaged(std::string bytes, Rng& rng) {
  const auto place = [&] { return rng.below(bytes.size()); };
  switch (rng.below(5)) {
    case 0:
      bytes.resize(place());
      break;
    case 1: {
      const size_t at = place();
      std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(at),
                  std::min<size_t>(rng.below(64), bytes.size() - at),
                  '\0');
      break;
    }
    case 2: {
      const size_t at = place();
      bytes.insert(at, bytes.substr(at, rng.below(64)));
      break;
    }
    case 3:
      for (int tries = 0; tries < 64; ++tries) {
        char& c = bytes[place()];
        if (c < '0' || c > '9') continue;
        c = "9-.e0,\"x"[rng.below(8)];
        break;
      }
      break;
    default:
      for (uint64_t k = 0; k <= rng.below(8); ++k)
        bytes[place()] = static_cast<char>(rng.below(256));
  }
  return bytes;
}

struct Tally {
  int good = 0, faults = 0;
  double longest_s = 0;
};

/// `outcome`: whether the damaged bytes gave something; whatever is thrown but an Error of input
/// data fails the test.
template <class Outcome>
Tally run(const std::string& kind, const std::string& whole, int files, const Outcome& outcome) {
  Tally tally;
  for (int i = 0; i < files; ++i) {
    Rng rng = Rng(static_cast<uint64_t>(i)).fork(kind);
    const std::string bytes = damaged(whole, rng);
    const auto start = std::chrono::steady_clock::now();
    try {
      ++(outcome(bytes) ? tally.good : tally.faults);
    } catch (const Error& error) {
      INFO(kind << " " << i << ": " << error.what());
      CHECK((error.code() == Exit::bad_data || error.code() == Exit::missing_input));
      ++tally.faults;
    }
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    tally.longest_s = std::max(tally.longest_s, took.count());
  }
  CHECK(tally.longest_s < kLongestSeconds);
  return tally;
}

void each_kind(int files, bool tell) {
  const auto report = [&](const std::string& kind, const Tally& tally) {
    CHECK(tally.faults > 0);
    if (tell)
      std::cout << kind << ": " << files << " damaged, " << tally.good << " read, " << tally.faults
                << " refused, at most " << tally.longest_s << " s\n";
  };
  const auto picture = [](const std::string& bytes) {
    const DecodedImage image = decode_image_bytes(bytes, 0, true);
    return !image.pixels.empty() && !image.truncated;
  };
  const auto golden = [](const std::string& name) {
    return read_file(golden_path("dataset/" + name));
  };
  for (const std::string name : {"rgb16.png", "grey8_interlaced.png", "palette.png"})
    report(name, run(name, golden(name), files, picture));
  for (const std::string name : {"explicit", "rle", "jpegls", "jpeg_lossless", "jpeg2000"})
    report(name + ".dcm", run(name, golden("dicom/" + name + ".dcm"), files, picture));
  if (const auto data = real_data("fracatlas"); !data.empty()) {
    const auto jpeg = read_file(data / "images/Fractured/IMG0002628.jpg");
    report("jpg", run("jpg", jpeg, files, picture));
  }

  // A set: its annotation file is damaged, its images are whole.
  const auto set = [&](const std::string& kind,
                       const std::string& file,
                       const std::string& whole,
                       const Names& images) {
    TestFolder folder;
    for (const auto& image : images) folder.image(image);
    report(kind, run(kind, whole, files, [&](const std::string& bytes) {
             folder.file(file, bytes);
             return !read_dataset(folder.text()).samples.empty();
           }));
  };
  set("NIH csv",
      "Data_Entry_2017.csv",
      "Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Gender,View Position,"
      "OriginalImage[Width,Height],OriginalImagePixelSpacing[x,y]\n"
      "00000001_000.png,Cardiomegaly|Hernia,0,1,058Y,M,PA,2682,2749,0.143,0.143\n"
      "00000002_000.png,No Finding,0,2,081Y,F,AP,2500,2048,0.168,0.168\n",
      {"00000001_000.png", "00000002_000.png"});
  const Json coco = {{"images",
                      {{{"id", 0}, {"file_name", "1.png"}, {"width", 6}, {"height", 4}},
                       {{"id", 1}, {"file_name", "2.png"}, {"width", 6}, {"height", 4}}}},
                     {"categories", {{{"id", 0}, {"name", "fracture"}}}},
                     {"annotations",
                      {{{"id", 0},
                        {"image_id", 0},
                        {"category_id", 0},
                        {"bbox", {1, 1, 2.5, 2}},
                        {"segmentation", {{1, 1, 3.5, 1, 3.5, 3}}}}}}};
  set("COCO json", "a.json", json_text(coco), {"1.png", "2.png"});
  set("VOC xml",
      "1.xml",
      "<annotation><filename>1.png</filename><size><width>6</width><height>4</height></size>"
      "<object><name>cyst</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>3</xmax><ymax>4</ymax>"
      "</bndbox></object></annotation>",
      {"1.png", "2.png"});
}

}  // namespace

TEST_CASE("damaged files end in a value or in a fault") { each_kind(60, false); }

TEST_CASE("2,000 damaged files of each kind", "[.mutation]") { each_kind(2000, true); }
