// SPDX-License-Identifier: Apache-2.0
#include "fusion/coco_fusion.hpp"

#include <catch2/catch.hpp>

#include "metrics/detection/coco_files.hpp"
#include "tests/fixture.hpp"

using namespace evenray;

namespace {

constexpr const char* kTruth =
    R"({"images":[{"id":"b","width":50,"height":40,"file_name":"x/b.c.png"},)"
    R"({"id":10,"width":60,"height":40.5},{"id":9,"width":60,"height":40}],)"
    R"("categories":[{"id":7,"name":"y"},{"id":3,"name":"x"}],"annotations":[]})";

std::string detection(const std::string& image, int category, double x, double score) {
  return cat(R"({"image_id":)",
             image,
             R"(,"category_id":)",
             category,
             R"(,"bbox":[)",
             x,
             R"(,2,10,10],"score":)",
             score,
             "}");
}

struct FilesOfModels {
  ScratchFolder folder;
  std::vector<Path> found;

  explicit FilesOfModels(const std::string& truth = kTruth) {
    write_text(folder / "a.json", truth);
    add({detection("10", 3, 4, .5), detection(R"("b")", 7, 45, .25)});
    add({detection("10", 3, 6, .5)});
  }
  void add(const std::vector<std::string>& boxes) {
    found.push_back(folder / cat("d", found.size(), ".json"));
    write_text(found.back(), cat("[", join(boxes), "]"));
  }
  ModelDetections read() const { return read_model_detections(folder / "a.json", found, 2); }
};

}  // namespace

TEST_CASE("COCO's files of several models: fused, written with the ids of the files, read again") {
  const FilesOfModels files;
  const ModelDetections read = files.read();
  REQUIRE(read.images.size() == 3);  // 9, 10, b
  CHECK(read.images[2].file_stem == "b.c");
  CHECK(read.images[1].size.height == 40.5);
  CHECK(read.images[1].found[0].size() == 1);
  CHECK(read.images[0].found[1].empty());
  const auto fused = fuse_images(read, {}, 2);
  REQUIRE(fused[1].size() == 1);
  CHECK(fused[1][0].box.x == Approx(5));
  CHECK(fused[1][0].score == Approx(.5));
  CHECK(fused[2][0].box.width == 5);  // the rest is outside
  CHECK(fused[2][0].score == .125);
  const Path out = files.folder / "out.json";
  write_detections(out, read, fused);
  const Json written = read_json(out);
  REQUIRE(written.size() == 2);
  CHECK(written[0]["image_id"] == 10);
  CHECK(written[0]["category_id"] == 3);
  CHECK(written[1]["image_id"] == "b");
  CHECK(written[1]["bbox"] == Json({45., 2., 5., 10.}));
  const CocoBoxes again = read_coco_boxes(files.folder / "a.json", out);
  CHECK(again.images[1].found[0].score == fused[1][0].score);
  CHECK(again.images[1].found[0].box.x == fused[1][0].box.x);
  // Nothing found is a list, too; a score above 1 is none of a detection.
  write_detections(out, read, {{}, {}, {}});
  CHECK(read_json(out) == Json::array());
  write_detections(out, read, {{{{0, 0, 1, 1}, 0, 1.5}}, {}, {}});
  CHECK(read_json(out)[0]["score"] == 1);
  CHECK(error_of([&] { write_detections(out, read, {}); }).code() == Exit::failed);
}

TEST_CASE("COCO's files of several models: what is refused, and where it stands") {
  const auto fault = [](const std::string& sides) {
    const FilesOfModels files(cat(R"({"images":[{"id":10)",
                                  sides,
                                  R"(}],"categories":[{"id":3,"name":"x"},{"id":7,"name":"y"}],)",
                                  R"("annotations":[]})"));
    return error_of([&] {
      FilesOfModels only(read_file(files.folder / "a.json"));
      only.found.erase(only.found.begin());
      only.read();
    });
  };
  CHECK(fault("").code() == Exit::bad_data);
  CHECK(contains(fault("").what(), "a.json: image with id 10: "));
  CHECK(contains(fault(R"(,"width":60,"height":0)").what(),
                 "'height' must be a finite number above"));
  CHECK(contains(fault(R"(,"width":"60","height":4)").what(), "found \"60\""));
  CHECK(contains(fault(R"(,"width":1e999,"height":4)").what(), "a.json"));
  FilesOfModels files;
  files.add({detection("11", 3, 4, .5)});
  CHECK(contains(error_of([&] { files.read(); }).what(), "d2.json: detection 0: 'image_id' 11"));
  files.found.back() = files.folder / "none.json";
  CHECK(error_of([&] { files.read(); }).code() == Exit::missing_input);
}
