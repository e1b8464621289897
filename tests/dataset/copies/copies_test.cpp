// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <set>

#include "core/parallel.hpp"
#include "dataset/augmented_copies.hpp"
#include "dataset/copies/copy_name.hpp"
#include "dataset/duplicates.hpp"
#include "dataset/files/image_file.hpp"
#include "dataset/reader.hpp"
#include "dataset/split.hpp"
#include "tests/dataset/drawn.hpp"
#include "tests/dataset/grouped.hpp"
#include "tests/fixture.hpp"

using namespace evenray;

namespace {

using Groups = std::vector<std::vector<size_t>>;

/// How a copy is altered: turned by `degrees` about the middle, then sheared and scaled.
struct Alteration {
  double degrees = 0, shear = 0, scale = 1, contrast = 1, brightness = 0;
  bool mirrored = false;
};

cv::Mat altered(const cv::Mat& picture, const Alteration& how) {
  const cv::Point2f middle(static_cast<float>(picture.cols) / 2,
                           static_cast<float>(picture.rows) / 2);
  cv::Mat map = cv::getRotationMatrix2D(middle, how.degrees, how.scale), copy;
  map.at<double>(0, 1) += how.shear;
  map.at<double>(0, 2) -= how.shear * middle.y;
  cv::warpAffine(picture, copy, map, picture.size(), cv::INTER_LINEAR, cv::BORDER_CONSTANT);
  if (how.mirrored) cv::flip(copy, copy, 1);
  copy.convertTo(copy, CV_8U, how.contrast, how.brightness);
  return copy;
}

/// A copy of each kind that issue trackers and public sets show.
const std::vector<Alteration> kAlterations{{.degrees = 25},
                                           {.degrees = -12, .mirrored = true},
                                           {.shear = .12, .scale = .9},
                                           {.degrees = 8, .scale = 1.25, .contrast = .8},
                                           {.degrees = -28, .contrast = 1.15, .brightness = -15}};

/// A manifest of `pictures`, each followed by its copies.
Manifest with_copies(const std::vector<cv::Mat>& pictures) {
  Manifest manifest = drawn_manifest(0);
  for (size_t p = 0; p < pictures.size(); ++p) {
    for (size_t k = 0; k <= kAlterations.size(); ++k) {
      Sample sample = drawn_sample(cat(p, "/", k), p % 2 == 0, 0);
      sample.draw = [picture = pictures[p], k] {
        return k == 0 ? picture : altered(picture, kAlterations[k - 1]);
      };
      manifest.samples.push_back(sample);
    }
  }
  return manifest;
}

Groups copies_in(const Manifest& manifest) {
  const auto facts = scan_images(manifest, hardware_threads());
  const int threads = hardware_threads();
  return augmented_copies(manifest, facts, near_duplicate_groups(facts, threads), threads);
}

/// The share of copies that are in the group of their picture. Fails if a group holds several
/// pictures.
double share_found(const Groups& groups, size_t pictures) {
  const size_t each = kAlterations.size() + 1;
  size_t found = 0;
  for (const auto& rows : groups) {
    for (const auto row : rows) CHECK(row / each == rows[0] / each);
    if (rows[0] % each == 0) found += rows.size() - 1;
  }
  return static_cast<double>(found) / static_cast<double>(pictures * (each - 1));
}

}  // namespace

TEST_CASE("names of copies lead to the name of their picture", "[copies]") {
  const std::vector<std::pair<std::string, std::string>> names{
      {"scan1_png.rf.2c5564e8", "scan1"},
      {"IMG-7_jpeg.rf.0a1B", "IMG-7"},
      {"10-rotated1-rotated2", "10"},
      {"hand_0_1234", "hand"},
      {"hand_aug3", "hand"},
      {"hand (1)", "hand"},
      {"hand - Copy (2)", "hand"},
      {"hand_flip_h", "hand"},
      {"hand_hflip_rot90", "hand"},
      {"hand_brightness", "hand"},
      {"00000001_000", "00000001_000"},
      {"IMG0002628", "IMG0002628"},
      {"flip", "flip"},
      {"_0_12", "_0_12"},
      {std::string(5000, '_'), std::string(5000, '_')},
  };
  for (const auto& [name, original] : names) CHECK(original_name(name) == original);
}

TEST_CASE("a mirrored or quarter-turned picture is always found", "[copies]") {
  Manifest manifest = drawn_manifest(30);
  std::set<size_t> expected;
  for (size_t turn = 1; turn < 8; ++turn) {
    manifest.samples[3 * turn].draw = [turn] {
      cv::Mat picture = drawn_picture(1);  // of row 1
      if (turn & 4) cv::transpose(picture.clone(), picture);
      if (turn & 3) cv::flip(picture.clone(), picture, static_cast<int>(turn & 3) - 2);
      return picture;
    };
    expected.insert(3 * turn);
  }
  std::set<size_t> found;
  for (const auto& [a, b] : turned_duplicates(scan_images(manifest, 2), 2))
    if (a == 1) found.insert(b);
  CHECK(found == expected);
}

TEST_CASE("altered copies of drawn pictures are found, and nothing else", "[copies]") {
  std::vector<cv::Mat> pictures;
  for (uint64_t i = 0; i < 12; ++i) pictures.push_back(drawn_picture(i, 144, 128));
  CHECK(share_found(copies_in(with_copies(pictures)), pictures.size()) > .9);
}

TEST_CASE("names help, but are not enough", "[copies]") {
  Manifest manifest = drawn_manifest(4);
  manifest.samples[1].source_path = "a/1_png.rf.00.jpg";
  manifest.samples[2].source_path = "b/1_png.rf.01.jpg";  // another picture
  manifest.samples[3].source_path = "b/1_png.rf.02.jpg";
  manifest.samples[3].draw = [] { return altered(drawn_picture(1), {.degrees = 10}); };
  CHECK(copies_in(manifest) == Groups{{1, 3}});
  // Without its name, a picture this small could be of another patient.
  manifest.samples[3].source_path = "b/3.jpg";
  CHECK(copies_in(manifest).empty());
}

TEST_CASE("copies stay in one part, one of them counts in test", "[copies][split]") {
  Manifest manifest = drawn_manifest(30);
  for (const size_t copy : {7, 12, 25}) {
    manifest.samples[copy].source_path = cat("00003_rotated", copy, ".png");
    manifest.samples[copy].draw = [copy] {
      return altered(drawn_picture(3), {.degrees = static_cast<double>(copy)});
    };
  }
  const auto facts = scan_images(manifest, 2);
  const auto rows = split_of(manifest, facts, {});
  for (const size_t copy : {7, 12, 25}) {
    CHECK(rows[copy].group == rows[3].group);
    CHECK(rows[copy].split == rows[3].split);
    CHECK(rows[copy].fault == (rows[copy].split == "test" ? "augmented_copies" : ""));
  }
  for (auto& sample : manifest.samples) sample.part = "train";
  manifest.samples[3].part = "test";
  const auto findings = findings_of(manifest, facts);
  REQUIRE(findings.size() == 2);
  CHECK(findings[0].kind == "augmented_copies");
  CHECK(findings[0].ids == std::vector<std::string>{"00003", "00007", "00012", "00025"});
  CHECK(findings[1].kind == "leak_augmented");
  SplitOptions options;
  options.ratios = {.8, .2, 0};
  const auto kept = split_of(manifest, facts, options);
  CHECK(kept[3].fault.empty());
  for (const size_t copy : {7, 12, 25}) CHECK(kept[copy].fault == "leak_augmented");
}

TEST_CASE("copies of radiographs are found", "[copies][data]") {
  const Path root = real_data("fracatlas");
  if (root.empty()) return;
  const Manifest all = read_dataset(root);
  std::vector<cv::Mat> pictures;
  for (size_t i = 0; pictures.size() < 60; i += 40) {
    const auto decoded = decode_image(all.samples[i].file);
    if (!decoded.truncated) pictures.push_back(decoded.pixels);
  }
  CHECK(share_found(copies_in(with_copies(pictures)), pictures.size()) > .95);
}
