// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "tests/dataset/packed.hpp"

using namespace evenray;

TEST_CASE("boxes outside are refused, or clipped", "[pack]") {
  const ScratchFolder folder;
  Manifest manifest = drawn_manifest(20);
  manifest.samples[4].boxes = {{30, 40, 75, 90, 1, {}}};
  PackOptions options = small();
  const Error error =
      error_of([&] { pack(manifest, table(manifest), {}, options, folder / "a.h5", 2); });
  CHECK(error.code() == Exit::bad_data);
  CHECK(contains(error.what(), "image '00004': box 30 40 75 90"));
  CHECK(std::filesystem::is_empty(folder.path()));
  options.keep = {"box_outside"};
  options.fit = "stretch";
  pack(manifest, table(manifest), {}, options, folder / "a.h5", 2);
  const Box box = Store(folder / "a.h5").part("test").boxes[0][0];
  CHECK(box.x0 == Approx(20));
  CHECK(box.x1 == Approx(40));
  CHECK(box.y1 == Approx(40));
  options.fit = "pad";  // the image is 30 wide, between borders of 5
  pack(manifest, table(manifest), {}, options, folder / "b.h5", 2);
  CHECK(Store(folder / "b.h5").part("test").boxes[0][0].x1 == Approx(35));
}

TEST_CASE("empty boxes and annotations that are not valid are refused, or dropped", "[pack]") {
  const ScratchFolder folder;
  Manifest manifest = drawn_manifest(20);
  manifest.samples[4].boxes = {{5, 5, 5, 9, 1, {}}};
  PackOptions options = small();
  const auto fault = [&] {
    const Error error =
        error_of([&] { pack(manifest, table(manifest), {}, options, folder / "a.h5", 2); });
    CHECK(error.code() == Exit::bad_data);
    return std::string(error.what());
  };
  CHECK(contains(fault(), "image '00004': box 5 5 5 9 is empty"));
  CHECK(contains(fault(), "--keep box_empty"));
  options.keep = {"box_empty"};
  CHECK(pack(manifest, table(manifest), {}, options, folder / "a.h5", 2).boxes_dropped == 1);
  manifest.findings = {
      {"annotation_invalid", {}, "a.json: annotation 7: its image 99 is not listed"},
      {"annotation_invalid", {"00004"}, "a.json: annotation 8: no box"}};
  CHECK(contains(fault(), "2 annotations are not valid (the first one: a.json: annotation 7: "));
  CHECK(contains(fault(), "--keep annotation_invalid"));
  options.keep.emplace_back("annotation_invalid");
  pack(manifest, table(manifest), {}, options, folder / "a.h5", 2);
}

TEST_CASE("a row that loses its boxes does not count as healthy", "[pack]") {
  const ScratchFolder folder;
  Manifest manifest = drawn_manifest(20);
  manifest.samples[4].boxes = {{5, 0, 15, 6, 1, {}}};
  manifest.samples[9].boxes = {{5, 0, 15, 6, 1, {}}, {20, 30, 40, 50, 1, {}}};
  PackOptions options = small();
  options.fit = "crop";  // of 80 rows the middle 60
  const auto result = pack(manifest, table(manifest), {}, options, folder / "a.h5", 1);
  CHECK(result.boxes_dropped == 2);
  const Store store(folder / "a.h5");
  const StorePart& test = store.part("test");
  CHECK(test.boxes_known == std::vector<uint8_t>{0, 1, 1, 1});
  CHECK(test.boxes[1].size() == 1);
}
