// SPDX-License-Identifier: Apache-2.0
// In, out and in again: what `data export` writes is read back as it was.
#include "dataset/export/export.hpp"
#include "dataset/layouts/exported.hpp"
#include "dataset/layouts/store_source.hpp"
#include "tests/dataset/export/exported.hpp"
#include "tests/dataset/test_folder.hpp"

using namespace evenray;

namespace {

float farthest(const std::vector<Box>& a, const std::vector<Box>& b) {
  REQUIRE(a.size() == b.size());
  float most = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    CHECK(a[i].label == b[i].label);
    for (const auto edge : {&Box::x0, &Box::y0, &Box::x1, &Box::y1})
      most = std::max(most, std::abs(a[i].*edge - b[i].*edge));
  }
  return most;
}

}  // namespace

TEST_CASE("every layout that is exported is read back: ids, labels, parts, groups, boxes") {
  const ScratchFolder scratch;
  write_small(scratch / "set.h5", 16);
  const Manifest before = read_dataset(scratch / "set.h5");
  const Store store(scratch / "set.h5");
  for (const auto& layout : export_layouts()) {
    INFO(layout);
    export_store(store, to(layout), scratch / layout, 1);
    const Manifest after = read_dataset(scratch / layout);
    CHECK(after.format == "export");
    CHECK(after.class_names == before.class_names);
    CHECK(after.multi_label == before.multi_label);
    CHECK(after.training_rows == before.training_rows);
    CHECK(after.licence == before.licence);
    CHECK(after.meta_columns == before.meta_columns);
    REQUIRE(ids(after) == ids(before));
    const bool boxed = layout != "folder" && layout != "png";
    for (size_t i = 0; i < before.samples.size(); ++i) {
      const Sample &one = before.samples[i], &other = after.samples[i];
      CHECK(other.labels == one.labels);
      CHECK(other.part == one.part);
      CHECK(other.patient.empty());
      CHECK(other.visit == one.visit);
      CHECK(other.meta == one.meta);
      // Where boxes were not taken along, nobody looked for them.
      CHECK(other.boxes_known == (boxed && one.boxes_known));
      if (boxed) CHECK(farthest(one.boxes, other.boxes) < .01);
    }
    if (layout == "csv" || layout == "coco") {
      const auto has_rings = [](const Sample& s) {
        return std::any_of(
            s.boxes.begin(), s.boxes.end(), [](const Box& box) { return !box.rings.empty(); });
      };
      CHECK(std::any_of(after.samples.begin(), after.samples.end(), has_rings));
    }
  }
}

TEST_CASE("an export that was damaged is refused with the line") {
  const ScratchFolder scratch;
  write_small(scratch / "set.h5", 16);
  export_store(Store(scratch / "set.h5"), to("csv"), scratch / "out", 1);
  const Path labels = scratch / "out" / "labels.csv";
  const std::string good = read_file(labels);
  const auto fault = [&](const std::string& what, const std::string& with) {
    std::string text = good;
    const size_t at = text.find(what);
    REQUIRE(at != std::string::npos);
    write_text(labels, text.replace(at, what.size(), with));
    const auto [code, message] = failure((scratch / "out").string());
    CHECK(code == 65);
    return message;
  };
  CHECK(contains(fault("image0.png", "image9.png"), "labels.csv:2: "));
  CHECK(contains(fault("image0.png", "../../../etc/passwd"), "is not a file of this export"));
  CHECK(contains(fault(",1,0,", ",2,0,"), "a label is '2'"));
}
