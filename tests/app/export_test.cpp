// SPDX-License-Identifier: Apache-2.0
// data export, as a user runs it.
#include "core/csv.hpp"
#include "dataset/files/image_file.hpp"
#include "dataset/image/image.hpp"
#include "tests/app/workshop.hpp"

using namespace evenray;

namespace {

size_t pictures(const Words& files) {
  return static_cast<size_t>(std::count_if(
      files.begin(), files.end(), [](const auto& name) { return name.ends_with(".png"); }));
}

}  // namespace

TEST_CASE("data export writes every layout") {
  const ScratchFolder scratch;
  const Path &at = scratch.path(), set = workshop() / "set.h5";
  for (const char* layout : {"coco", "yolo", "voc", "folder", "imagefolder", "csv", "png"}) {
    CAPTURE(layout);
    const Words words{"data", "export", set, "--to", layout, "--out", layout};
    const Json plan = done(at, words + Words{"--dry-run", "--json"}).json();
    CHECK(plan["schema"] == "evenray-export-plan-1");
    CHECK_FALSE(std::filesystem::exists(scratch / layout));
    const Json told = done(at, words + Words{"--json"}).json();
    CHECK(told["schema"] == "evenray-export-1");
    CHECK(told["to"] == layout);
    CHECK(told["images"] == 120);
    CHECK(told["parts"]["train"].get<int>() + told["parts"]["val"].get<int>() +
              told["parts"]["test"].get<int>() ==
          120);
    CHECK(told["boxes"] > 0);
    for (const char* key : {"images", "boxes", "parts", "renamed"}) CHECK(plan[key] == told[key]);
    const Words files = files_in(scratch / layout);
    CHECK(pictures(files) == 120);
    CHECK(read_csv(scratch / layout / "labels.csv").rows.size() == 120);
    CHECK(contains(read_file(scratch / layout / "DATASHEET.md"), "What it must not be used for"));
  }
  // Class folders are a collection again, of the same classes, parts and ids.
  done(at, {"data", "split", "folder", "--out", "again.csv"});
  const CsvTable again = read_csv(scratch / "again.csv");
  const CsvTable first = read_csv(workshop() / "split.csv");
  REQUIRE(again.rows.size() == first.rows.size());
  for (size_t i = 0; i < again.rows.size(); ++i) {
    CHECK(again.rows[i][again.require("id")] == first.rows[i][first.require("id")]);
    CHECK(again.rows[i][again.require("split")] == first.rows[i][first.require("split")]);
  }
}

TEST_CASE("data export takes one part, names, depth and size") {
  const ScratchFolder scratch;
  const Path &at = scratch.path(), set = workshop() / "set.h5";
  const Ran ran = done(at,
                       {"data",
                        "export",
                        set,
                        "--to=imagefolder",
                        "--part=test",
                        "--rename={class}_{n:05}",
                        "--out=test"});
  CHECK(contains(ran.out, "renamed: 24 (names.csv)"));
  CHECK(std::filesystem::exists(scratch / "test" / "test" / "metadata.jsonl"));
  CHECK_FALSE(std::filesystem::exists(scratch / "test" / "train"));
  CHECK(read_csv(scratch / "test" / "names.csv").rows.size() == 24);
  done(at, {"data", "export", set, "--to=png", "--bits=16", "--size=48x64", "--out=deep"});
  const cv::Mat deep =
      read_whole_image(scratch / "deep" / read_csv(scratch / "deep" / "labels.csv").rows[0][1]);
  CHECK(deep.type() == CV_16UC1);
  CHECK(deep.size() == cv::Size(64, 48));

  write_text(scratch / "in" / "a.png", encode_png(drawn_picture(1)));
  write_text(scratch / "in" / "b.png", "no picture");
  const Json told = done(at, {"data", "export", "in", "--to=png", "--out=out", "--json"}).json();
  CHECK(told["images"] == 1);
  CHECK(told["left_out"]["unreadable"].dump() == R"(["b"])");
  CHECK(files_in(scratch / "out") == Words{"DATASHEET.md", "a.png"});
}

TEST_CASE("data export --key makes the key of DICOM patients where it is told to") {
  const ScratchFolder scratch;
  const Path& at = scratch.path();
  write_text(scratch / "in/a.dcm", read_file(golden_path("dataset/dicom/explicit.dcm")));
  done(at, {"data", "export", "in", "--to=png", "--key=keys/mine", "--out=out"});
  CHECK(files_in(at) == Words{"in/a.dcm", "keys/mine", "out/DATASHEET.md", "out/a.png"});
  const auto rights = std::filesystem::status(scratch / "keys/mine").permissions();
  CHECK((rights & std::filesystem::perms::all) ==
        (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));
}

TEST_CASE("what data export refuses") {
  const ScratchFolder scratch;
  const Path &at = scratch.path(), set = workshop() / "set.h5";
  const Words out{"--out=out"};
  const auto refuses = [&](const Words& words, Exit code, const std::string& part) {
    fails(at, Words{"data", "export"} + words + out, code, part);
  };
  refuses({set, "--to=cocoa"}, Exit::usage, "unknown layout 'cocoa'");
  refuses({set}, Exit::usage, "--to");
  refuses({set, "--to=coco", "--part=valid"}, Exit::usage, "unknown part 'valid'");
  refuses({set, "--to=coco", "--bits=8"}, Exit::usage, "need --to png");
  refuses({set, "--to=png", "--bits=9"}, Exit::usage, "--bits is 9");
  refuses({set, "--to=png", "--size=axb"}, Exit::usage, "--size takes");
  refuses({set, "--to=png", "--size=9000"}, Exit::usage, "8 to 8192");
  refuses({set, "--to=coco", "--rename={x}"}, Exit::usage, "unknown field 'x'");
  refuses({set, "--to=coco", "--rename={class}"}, Exit::usage, "add {n} or {id}");
  refuses({set, "--to=coco", "--format=folder"},
          Exit::usage,
          "--format applies to a folder, but PATH is a store");
  refuses({kPhantoms, "--to=coco"}, Exit::usage, "is not a store");
  refuses({"none.h5", "--to=coco"}, Exit::missing_input, "none.h5");
  refuses({"none", "--to=png"}, Exit::missing_input, "none");
  CHECK(files_in(at).empty());
  write_text(scratch / "out" / "mine.txt", "x");
  refuses({set, "--to=coco"}, Exit::cannot_create, "out is not empty");
  CHECK(files_in(at) == Words{"out/mine.txt"});
}
