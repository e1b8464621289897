// SPDX-License-Identifier: Apache-2.0
#include "dataset/frames.hpp"

#include <catch2/catch.hpp>

#include "dataset/audit.hpp"
#include "dataset/export/export.hpp"
#include "dataset/files/image_file.hpp"
#include "dataset/pack.hpp"
#include "dataset/split.hpp"
#include "tests/dataset/dicom/made.hpp"
#include "tests/dataset/grouped.hpp"
#include "tests/dataset/test_folder.hpp"

using namespace evenray;

namespace {

/// A file of `frames` different pictures of 40 x 30 px.
std::string film(int number, int frames, const std::string& study = "") {
  DicomMaker maker;
  if (!study.empty()) maker.text(0x0020000D, "UI", study);
  if (frames > 1) maker.text(0x00280008, "IS", cat(frames));
  std::vector<int> cells;
  for (int f = 0; f < frames; ++f) {
    const cv::Mat picture = drawn_picture(static_cast<uint64_t>(10 * number + f), 30, 40);
    for (const uint8_t value : cv::Mat_<uint8_t>(picture)) cells.push_back(16 * value);
  }
  return maker.image(40, 30).pixels(cells).bytes();
}

struct Films : TestFolder {
  Films() {
    ::setenv("EVENRAY_KEY", (keys_.path() / "key").c_str(), 1);
    for (int i = 0; i < 4; ++i) {
      file(cat("sick/a", i, ".dcm"), film(i, 1 + i % 2));
      file(cat("well/b", i, ".dcm"), film(i + 10, 1 + i % 2 * 2));
    }
  }
  ~Films() { ::unsetenv("EVENRAY_KEY"); }
  Manifest read(const std::string& frames) const {
    ReadOptions options;
    options.frames = frames;
    return read_dataset(text(), options);
  }

 private:
  ScratchFolder keys_;
};

std::vector<Finding> further(const Manifest& manifest) {
  auto findings = findings_of(manifest, scan_images(manifest, 1));
  std::erase_if(findings, [](const Finding& f) { return f.kind != "further_pictures"; });
  return findings;
}

}  // namespace

TEST_CASE("the first frame is read and the others are a finding; all frames are images") {
  const Films films;
  const Manifest first = films.read("first");
  CHECK(ids(first) == Names{"a0", "a1", "a2", "a3", "b0", "b1", "b2", "b3"});
  const auto left = further(first);
  REQUIRE(left.size() == 4);
  CHECK(left[0].ids == Names{"a1"});
  CHECK(left[3].detail == "2 of 3 pictures in the file are not read; --frames all reads them");

  const Manifest all = films.read("all");
  CHECK(ids(all) == Names{"a0",
                          "a1#0001",
                          "a1#0002",
                          "a2",
                          "a3#0001",
                          "a3#0002",
                          "b0",
                          "b1#0001",
                          "b1#0002",
                          "b1#0003",
                          "b2",
                          "b3#0001",
                          "b3#0002",
                          "b3#0003"});
  CHECK(further(all).empty());
  CHECK(sample_of(all, "b1#0003").labels == std::vector<int8_t>{0, 1});

  const Manifest second = films.read("2");
  CHECK(ids(second) == Names{"a0", "a1#0002", "a2", "a3#0002", "b0", "b1#0002", "b2", "b3#0002"});
  CHECK(further(second).size() == 4);
}

TEST_CASE("data.frames that no file fulfils is refused") {
  const Films films;
  const auto fails = [](const std::string& path, const std::string& frames) {
    ReadOptions options;
    options.frames = frames;
    return failure(path, options);
  };
  CHECK(fails(films.text(), "3").first == 65);
  CHECK(contains(fails(films.text(), "3").second, "has 2 frames, so there is no frame 3"));
  CHECK(
      fails(films.text(), "0") ==
      std::pair{
          78, std::string("data.frames is '0'; give first, all or the number of a frame, from 1")});
  TestFolder plain;
  plain.image("a/x.png");
  plain.image("b/y.png");
  CHECK(fails(plain.text(), "1").first == 65);
  CHECK(contains(fails(plain.text(), "1").second, "has several frames; omit it"));
  CHECK(fails(plain.text(), "all").first == 0);
}

TEST_CASE("frames of one file and files of one study stay in one part, but are no patients") {
  const Films films;
  for (int i = 0; i < 3; ++i) {
    films.file(cat("sick/s", i, ".dcm"), film(20 + i, 1, "1.5"));
    films.file(cat("well/t", i, ".dcm"), film(30 + i, 1, "1.6"));
  }
  const Manifest all = films.read("all");
  for (const auto* mode : {"auto", "none"}) {
    SplitOptions options;
    options.group = mode;
    CHECK(contains(describe_groups(all, mode), "patients are unknown"));
    const auto rows = split_of(all, scan_images(all, 1), options);
    std::map<std::string, std::string> group;
    for (const auto& row : rows) group[row.id] = row.group;
    const bool kept = mode == std::string("auto");
    CHECK((group["b1#0001"] == group["b1#0003"]) == kept);
    CHECK((group["s0"] == group["s2"]) == kept);
    CHECK(group["s0"] != group["t0"]);
    CHECK(group["a0"] != group["a2"]);
  }
  CHECK(describe_groups(all, "auto") ==
        "patients are unknown; kept together: copies of one picture and images of one study, file "
        "or group");

  std::vector<SplitRow> torn;
  for (const auto& sample : all.samples)
    torn.push_back(
        {sample.id, sample.source_path, "", sample.id == "b1#0003" ? "test" : "train", "", ""});
  auto findings = findings_of(all, scan_images(all, 1), &torn);
  std::erase_if(findings, [](const Finding& f) { return f.kind != "leak_patient"; });
  REQUIRE(findings.size() == 1);
  CHECK(findings[0].ids == Names{"b1#0001", "b1#0002", "b1#0003"});
  CHECK(findings[0].detail == "the study, file or group well/b1.dcm is in test and train");
}

TEST_CASE("a store and an export hold the frame that is asked for") {
  const Films films;
  const Manifest all = films.read("all");
  std::vector<SplitRow> rows;
  for (const auto& sample : all.samples)
    rows.push_back({sample.id, sample.source_path, "", "train", "", ""});
  const ScratchFolder out;
  PackOptions options;
  options.size_px = {40, 30};
  pack(all, rows, {}, options, out / "x.h5", 1);
  const Store store((out / "x.h5").string());
  const StorePart& part = store.part("train");
  REQUIRE(part.size() == 14);
  const auto row = std::find(part.ids.begin(), part.ids.end(), "b1#0003") - part.ids.begin();
  cv::Mat expected;
  decode_sample(sample_of(all, "b1#0003")).pixels.convertTo(expected, CV_8U, 255. / 65535);
  CHECK(cv::norm(store.image("train", row), expected, cv::NORM_INF) <= 1);
  CHECK(cv::norm(store.image("train", row), store.image("train", row - 1), cv::NORM_INF) > 20);

  ReadOptions read;
  read.frames = "all";
  const std::string file = (films.path() / "well" / "b1.dcm").string();
  CHECK(ids(images_at(file, read)) == Names{"b1#0001", "b1#0002", "b1#0003"});
  CHECK(ids(images_at(films.text(), read)).size() == 14);
}

TEST_CASE("boxes of a file with several frames stay with its first frame") {
  const Films films;
  Manifest manifest = films.read("first");
  Sample& sample = manifest.samples[1];
  REQUIRE(sample.id == "a1");
  sample.boxes = {Box{1, 1, 5, 5, 0, {}}};
  sample.boxes_known = true;
  manifest.findings.push_back({"burned_in", {"a1"}, ""});
  CHECK(take_frames(manifest, "all"));
  CHECK(sample_of(manifest, "a1#0001").boxes.size() == 1);
  CHECK(sample_of(manifest, "a1#0002").boxes.empty());
  CHECK_FALSE(sample_of(manifest, "a1#0002").boxes_known);
  CHECK(kinds(manifest).back() == "boxes_of_file a1#0001");
  CHECK(kinds(manifest)[kinds(manifest).size() - 2] == "burned_in a1#0001, a1#0002");
}
