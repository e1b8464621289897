// SPDX-License-Identifier: Apache-2.0
#include "dataset/audit.hpp"

#include <catch2/catch.hpp>
#include <fstream>

#include "core/parallel.hpp"
#include "dataset/duplicates.hpp"
#include "dataset/reader.hpp"
#include "dataset/shortcuts.hpp"
#include "tests/dataset/drawn.hpp"
#include "tests/dataset/grouped.hpp"
#include "tests/fixture.hpp"

using namespace evenray;

namespace {

std::vector<Finding> of_kind(const std::vector<Finding>& findings, const std::string& kind) {
  std::vector<Finding> out;
  for (const auto& finding : findings) {
    if (finding.kind == kind) out.push_back(finding);
  }
  return out;
}

std::vector<Finding> audit_of(const Manifest& manifest) {
  return findings_of(manifest, scan_images(manifest, 2));
}

}  // namespace

TEST_CASE("facts of an image", "[audit]") {
  Manifest manifest = drawn_manifest(3);
  manifest.samples[1].draw = [] {
    cv::Mat deep;
    drawn_picture(0).convertTo(deep, CV_16U, 16);
    return deep;
  };
  manifest.samples[2].draw = [] { return cv::Mat(40, 30, CV_8UC1, cv::Scalar(77)); };
  const auto facts = scan_images(manifest, 2);
  CHECK(facts[0].width == 60);
  CHECK(facts[0].height == 80);
  CHECK(facts[1].bits == 16);
  CHECK(thumbnail_correlation(facts[0].thumbnail, facts[0].thumbnail) == Approx(1));
  CHECK(thumbnail_correlation(facts[0].thumbnail, facts[1].thumbnail) > .999);
  CHECK(facts[2].blank);
  CHECK(!facts[0].blank);
}

TEST_CASE("a clean set has no findings", "[audit]") { CHECK(audit_of(drawn_manifest(40)).empty()); }

TEST_CASE("duplicates, with and without a conflict", "[audit]") {
  Manifest manifest = drawn_manifest(20);
  manifest.samples[9].draw = [] {  // picture 1, other exposure
    cv::Mat image;
    drawn_picture(1).convertTo(image, -1, .8, 12);
    return image;
  };
  manifest.samples[5].draw = manifest.samples[4].draw;  // 4 is Fractured, 5 is not
  const auto findings = audit_of(manifest);
  const auto groups = of_kind(findings, "duplicate_group");
  REQUIRE(groups.size() == 2);
  CHECK(groups[0].ids == std::vector<std::string>{"00001", "00009"});
  const auto conflicts = of_kind(findings, "duplicate_conflict");
  REQUIRE(conflicts.size() == 1);
  CHECK(conflicts[0].ids == std::vector<std::string>{"00004", "00005"});
  CHECK(findings.size() == 3);
}

TEST_CASE("the coarse sieve misses no pair", "[audit]") {
  Manifest manifest = drawn_manifest(300);
  for (int i = 0; i < 300; ++i) {
    // Mixtures whose correlations lie round the threshold.
    manifest.samples[i].draw = [i] {
      cv::Mat mixed;
      cv::addWeighted(drawn_picture(i % 10), .85, drawn_picture(1000 + i), .15 * (i % 3), 0, mixed);
      return mixed;
    };
  }
  const auto facts = scan_images(manifest, 2);
  UnionFind expected(facts.size());
  size_t pairs = 0;
  for (size_t i = 0; i < facts.size(); ++i) {
    for (size_t j = i + 1; j < facts.size(); ++j) {
      if (thumbnail_correlation(facts[i].thumbnail, facts[j].thumbnail) <= .98) continue;
      expected.unite(i, j);
      ++pairs;
    }
  }
  auto groups = expected.groups();
  std::erase_if(groups, [](const auto& rows) { return rows.size() < 2; });
  CHECK(pairs > 100);
  CHECK(near_duplicate_groups(facts, 2) == groups);
  CHECK_THROWS_WITH(near_duplicate_groups(facts, 2, [] { throw Error(Exit::stopped, "stopped"); }),
                    "stopped");
}

TEST_CASE("boxes, blanks and negatives", "[audit]") {
  Manifest manifest = drawn_manifest(40);
  manifest.samples[0].boxes = {{1, 1, 60.4f, 80, 1, {}}};
  manifest.samples[4].boxes = {{1, 1, 61, 80, 1, {}}};
  manifest.samples[8].boxes = {{5, 5, 5, 9, 1, {}}};
  manifest.samples[2].draw = [] { return cv::Mat(80, 60, CV_8UC1, cv::Scalar(128)); };
  manifest.samples[3].draw = [] { return cv::Mat(255 - drawn_picture(3)); };
  const auto findings = audit_of(manifest);
  CHECK(of_kind(findings, "box_outside").size() == 1);
  CHECK(of_kind(findings, "box_empty").size() == 1);
  REQUIRE(of_kind(findings, "blank").size() == 1);
  CHECK(of_kind(findings, "blank")[0].ids[0] == "00002");
  REQUIRE(of_kind(findings, "inverted").size() == 1);
  CHECK(of_kind(findings, "inverted")[0].ids[0] == "00003");
  CHECK(findings.size() == 4);
}

TEST_CASE("a set of blank images only", "[audit]") {
  Manifest manifest = drawn_manifest(6);
  for (Sample& sample : manifest.samples)
    sample.draw = [] { return cv::Mat(40, 30, CV_8UC1, cv::Scalar(7)); };
  const auto facts = scan_images(manifest, 2);
  CHECK(of_kind(findings_of(manifest, facts), "blank").size() == 6);
  CHECK(near_duplicate_groups(facts, 2).empty());
  CHECK(turned_duplicates(facts, 2).empty());
}

TEST_CASE("columns and sizes that tell the class", "[audit]") {
  Manifest manifest = drawn_manifest(160);
  manifest.meta_columns = {"hardware", "age", "region"};
  for (int i = 0; i < 160; ++i) {
    const bool fractured = i % 4 == 0;
    manifest.samples[i].meta = {fractured && i < 100 ? "1" : "0",
                                cat(fractured ? 60 + i % 7 : 50 + i % 13),
                                i % 3 ? "hand" : "leg"};
    if (fractured && i >= 60) {
      manifest.samples[i].draw = [i] { return drawn_picture(static_cast<uint64_t>(i), 64, 80); };
    }
  }
  const auto findings = audit_of(manifest);
  const auto columns = of_kind(findings, "metadata_shortcut");
  std::vector<std::string> details;
  for (const auto& finding : columns) details.push_back(finding.detail);
  INFO(join(details, "\n"));
  REQUIRE(columns.size() == 3);
  CHECK(contains(join(details), "age alone predicts Fractured"));
  CHECK(contains(join(details), "hardware alone predicts Fractured"));
  CHECK(contains(join(details), "hardware=1: 25 of 25 images are Fractured (25 % of all)"));
  const auto sizes = of_kind(findings, "size_shortcut");
  REQUIRE(sizes.size() == 2);
  CHECK((contains(sizes[0].detail, "size=64x80: 25 of 25") ||
         contains(sizes[1].detail, "size=64x80: 25 of 25")));
}

TEST_CASE("noise tells no class", "[audit]") {
  Manifest manifest = drawn_manifest(100, 5);
  manifest.meta_columns = {"ward", "age"};
  const std::vector<ImageFacts> facts(100);
  size_t found = 0;
  for (uint64_t seed = 0; seed < 100; ++seed) {
    Rng rng(seed);
    for (auto& sample : manifest.samples)
      sample.meta = {cat("ward ", rng.below(5)), cat(rng.uniform())};
    found += find_shortcuts(manifest, facts).size();
  }
  CHECK(found <= 3);
}

TEST_CASE("leaks of a split", "[audit]") {
  Manifest manifest = drawn_manifest(8);
  manifest.samples[0].patient = manifest.samples[1].patient = "p1";
  manifest.samples[5].draw = manifest.samples[3].draw;
  manifest.samples[7].draw = manifest.samples[2].draw;
  std::vector<SplitRow> split;
  for (int i = 0; i < 8; ++i) {
    split.push_back({manifest.samples[i].id, "", "", i % 2 ? "train" : "test", "", ""});
  }
  const auto facts = scan_images(manifest, 1);
  auto findings = findings_of(manifest, facts, &split);
  REQUIRE(of_kind(findings, "leak_patient").size() == 1);
  CHECK(of_kind(findings, "leak_patient")[0].detail == "patient p1 is in test and train");
  REQUIRE(of_kind(findings, "leak_duplicate").size() == 1);
  CHECK(of_kind(findings, "leak_duplicate")[0].ids == std::vector<std::string>{"00002", "00007"});
  split[7].fault = "truncated";
  split[0].split = "train";
  split[0].fold = "0";
  split[1].fold = "1";
  findings = findings_of(manifest, facts, &split);
  CHECK(of_kind(findings, "leak_duplicate").empty());
  CHECK(of_kind(findings, "leak_patient").size() == 1);
  CHECK(of_kind(findings, "not_in_split").empty());
  CHECK(of_kind(findings, "split_unknown").empty());
  split[4].id = "another";
  findings = findings_of(manifest, facts, &split);
  CHECK(of_kind(findings, "not_in_split").at(0).ids == std::vector<std::string>{"00004"});
  CHECK(of_kind(findings, "split_unknown").at(0).ids == std::vector<std::string>{"another"});
}

TEST_CASE("what cannot be read", "[audit]") {
  const ScratchFolder folder;
  Manifest manifest = drawn_manifest(3);
  manifest.samples[1].draw = nullptr;
  manifest.samples[1].file = folder / "missing.png";
  std::ofstream(folder / "text.png") << "no image";
  manifest.samples[2].draw = nullptr;
  manifest.samples[2].file = folder / "text.png";
  manifest.findings = {{"missing_file", {"x"}, "not there"}};
  const auto findings = audit_of(manifest);
  CHECK(of_kind(findings, "unreadable").size() == 2);
  manifest.samples[0].draw = []() -> cv::Mat { throw std::bad_alloc(); };
  manifest.samples.push_back(drawn_sample("whole", 0, 1));
  CHECK_THROWS_AS(scan_images(manifest, 1), std::bad_alloc);  // says nothing of the picture
  manifest.samples.pop_back();
  CHECK(of_kind(findings, "missing_file").size() == 1);
  manifest.samples.erase(manifest.samples.begin());
  const Error error = error_of([&] { scan_images(manifest, 1); });
  CHECK(error.code() == Exit::bad_data);
  CHECK(contains(error.what(), "no readable image among 2"));
}

TEST_CASE("the audit as JSON and as a page", "[audit]") {
  const Manifest manifest = drawn_manifest(3);
  const std::vector<Finding> findings = {{"blank", {"a"}, "x < y"}, {"blank", {"b"}, ""}};
  const Json json = audit_json(manifest, findings);
  CHECK(json["schema"] == "evenray-audit-1");
  CHECK(json["images"] == 3);
  CHECK(json["counts"]["blank"] == 2);
  CHECK(json["findings"][0]["ids"] == Json::array({"a"}));
  const std::string page = audit_html(manifest, findings);
  CHECK(contains(page, "x &lt; y"));
  CHECK(contains(audit_html(manifest, {}), "The audit found no problem"));
  CHECK(audit_json(manifest, {})["counts"] == Json::object());
}

TEST_CASE("the defects of FracAtlas are found", "[audit][data]") {
  const Path root = real_data("fracatlas");
  if (root.empty()) return;
  const Manifest manifest = read_dataset(root);
  const auto findings = findings_of(manifest, scan_images(manifest, hardware_threads()));
  const Json counts = audit_json(manifest, findings)["counts"];
  CHECK(counts["truncated"] == 47);
  CHECK(counts["exif_rotated"] == 18);
  CHECK(counts["label_conflict"] == 1);
  CHECK(counts["duplicate_group"] == 71);
  // All are one picture by eye: truncated copies, and pelves exposed or cropped twice.
  CHECK(counts["augmented_copies"] == 42);
  CHECK(counts["duplicate_conflict"] == 4);
  CHECK(counts["metadata_shortcut"] == 1);
  CHECK(counts["annotation_conflict"] == 3);  // VGG against COCO
  CHECK(counts.size() == 8);
  CHECK(contains(of_kind(findings, "metadata_shortcut")[0].detail,
                 "hardware=1: 63 of 63 images are Fractured"));
  CHECK(of_kind(findings, "label_conflict")[0].ids == std::vector<std::string>{"IMG0003298"});
}

TEST_CASE("colour, and what is no radiograph", "[audit]") {
  const ScratchFolder folder;
  Manifest manifest = drawn_manifest(20);
  const auto replace = [&](int i, const cv::Mat& picture) {
    auto& sample = manifest.samples[static_cast<size_t>(i)];
    sample.draw = nullptr;
    sample.file = folder / (sample.id + ".png");
    write_text(sample.file, encode_png(picture));
  };
  cv::Mat marked, photo;
  cv::cvtColor(drawn_picture(1), marked, cv::COLOR_GRAY2BGR);
  photo = marked.clone();
  cv::circle(marked, {30, 40}, 4, {0, 0, 255}, -1);
  cv::rectangle(photo, {0, 0, 60, 40}, {200, 90, 20}, -1);
  replace(1, marked);
  replace(2, photo);
  replace(3, drawn_picture(3) > 60);
  const auto findings = audit_of(manifest);
  REQUIRE(of_kind(findings, "coloured").size() == 1);
  CHECK(of_kind(findings, "coloured")[0].ids[0] == "00001");
  const auto none = of_kind(findings, "not_radiograph");
  REQUIRE(none.size() == 2);
  CHECK(none[0].ids[0] == "00002");
  CHECK(none[0].detail == "50 % of the pixels are coloured");
  CHECK(none[1].detail == "only 2 grey levels: drawn, or black and white");
}

TEST_CASE("a file that is not what its name says", "[audit]") {
  const ScratchFolder folder;
  Manifest manifest = drawn_manifest(4);
  const auto place = [&](size_t i, const std::string& name, const std::string& bytes) {
    manifest.samples[i].draw = nullptr;
    manifest.samples[i].file = folder / name;
    write_text(folder / name, bytes);
  };
  place(0, "a.jpg", encode_png(drawn_picture(0)));
  place(1, "b.png", encode_png(drawn_picture(1)));
  place(2, "c.PNG", read_file(golden_path("dataset/dicom/eight.dcm")));
  place(3, "IM0001", encode_png(drawn_picture(3)));
  const auto findings = of_kind(audit_of(manifest), "wrong_ending");
  REQUIRE(findings.size() == 2);
  CHECK(findings[0].detail == "extension .jpg, content PNG");
  CHECK(findings[1].detail == "extension .PNG, content DICOM");
}

TEST_CASE("what pictures have besides their content may tell the class", "[audit]") {
  Manifest manifest = drawn_manifest(160);
  manifest.sources = {"one", "two"};
  for (size_t i = 0; i < 160; ++i) {
    auto& sample = manifest.samples[i];
    const bool fractured = i % 4 == 0;
    sample.id.insert(0, fractured ? "two/" : "one/");
    if (!fractured) continue;
    sample.draw = [i] {
      cv::Mat framed = drawn_picture(i);
      cv::rectangle(framed, {0, 0, 60, 80}, cv::Scalar(190), 5);
      return framed;
    };
  }
  std::vector<std::string> details;
  auto facts = scan_images(manifest, 2);
  for (size_t i = 0; i < 160; ++i) {
    facts[i].mode = i % 4 == 0 ? "RGB" : "L";
    facts[i].truncated = i % 4 == 0 && i < 120;
  }
  for (const auto& finding : find_shortcuts(manifest, facts))
    details.push_back(finding.kind + " " + finding.detail);
  const std::string all = join(details, "\n");
  CHECK(contains(all, "metadata_shortcut source=two: 40 of 40 images are Fractured"));
  CHECK(contains(all, "size_shortcut mode=RGB: 40 of 40"));
  CHECK(contains(all, "size_shortcut truncated=yes: 30 of 30"));
  CHECK(contains(all, "brightness_shortcut brightness of the border alone predicts Fractured"));
}

TEST_CASE("images that are not real may not measure", "[audit]") {
  Manifest manifest = drawn_manifest(8);
  manifest.findings = {{"not_real", {"made"}, ""}};
  manifest.meta_columns = {"origin"};
  for (auto& sample : manifest.samples) sample.meta = {sample.id == "00003" ? "synthetic" : "real"};
  std::vector<SplitRow> split = {{"made", "", "", "test", "", ""}};
  for (const auto& sample : manifest.samples) split.push_back({sample.id, "", "", "val", "", ""});
  const auto facts = scan_images(manifest, 1);
  const auto leaks = of_kind(findings_of(manifest, facts, &split), "leak_synthetic");
  REQUIRE(leaks.size() == 2);
  CHECK(leaks[0].ids[0] == "00003");
  CHECK(leaks[0].detail == "synthetic, in val");
  CHECK(leaks[1].ids[0] == "made");
  for (auto& row : split) row.split = "train";
  CHECK(of_kind(findings_of(manifest, facts, &split), "leak_synthetic").empty());
}
