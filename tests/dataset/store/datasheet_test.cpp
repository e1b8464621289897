// SPDX-License-Identifier: Apache-2.0
#include "dataset/store/datasheet.hpp"

#include <catch2/catch.hpp>

#include "dataset/export/export.hpp"
#include "tests/dataset/store/small_store.hpp"

using namespace evenray;

TEST_CASE("a datasheet counts what the store holds") {
  const ScratchFolder scratch;
  const std::string digest = write_small(scratch / "set.h5");
  const std::string before = read_file(scratch / "set.h5");
  write_datasheet(Store(scratch / "set.h5"));
  CHECK(read_file(scratch / "set.h5") == before);
  const std::string text = read_file(scratch / "set.datasheet.md");
  CHECK(text.starts_with("# Datasheet: drawn\n"));
  for (const std::string part :
       {"12 x 10 px (height x width), 8 bits, one channel, white is 255",
        "classes: Non_fractured, Fractured (each image has exactly one class)",
        "licence: none",
        "| train | Non_fractured | 2 | 0 | 0 | 0 | 2 | 0 |",
        "| train | Fractured | 1 | 0 | 1 | 0 | 2 | 0 |",
        "| test | all images | 1 | 0 | 0 | 0 | 1 | 0 |",
        "| train | 3 | 1 | 2 | 1 |",
        "| train | 4 | 4 |",
        "No group is in two parts.",
        "    bits = 8",
        "view, age",
        "## What it must not be used for",
        "Diagnosis",
        "Evaluation on copied, augmented or synthetic images"}) {
    CAPTURE(part, text);
    CHECK(contains(text, part));
  }
  CHECK(contains(text, digest));
}

TEST_CASE("a datasheet of several sources counts each") {
  const ScratchFolder scratch;
  StoreInfo info = small_info();
  info.source = "here+there";
  StoreWriter writer(scratch / "set.h5", info, 3);
  for (const char* id : {"here/1", "there/1", "there/2"})
    writer.add(std::string(id) == "there/2" ? "test" : "train", small_row(id, 1));
  const std::string text = datasheet(writer.finish(), {"train", "test"});
  CHECK(contains(text, "| source | train | test |\n|---|---:|---:|\n| here | 1 | 0 |\n"));
  CHECK(contains(text, "| there | 1 | 1 |\n"));
}

TEST_CASE("a datasheet of one source whose name has a + counts no sources") {
  const ScratchFolder scratch;
  StoreInfo info = small_info();
  info.source = "knee+hip";
  StoreWriter writer(scratch / "set.h5", info, 2);
  for (const char* id : {"1", "b/2"}) writer.add("train", small_row(id, 1));
  CHECK_FALSE(contains(datasheet(writer.finish(), {"train"}), "| source |"));
}

TEST_CASE("a datasheet takes hostile names and unknown facts") {
  const ScratchFolder scratch;
  StoreInfo info = small_info();
  info.class_names = {"a|b\n# c", "<script>"};
  info.source = "x\ny";
  info.licence = "";
  info.multi_label = true;
  StoreWriter writer(scratch / "set.h5", info, 2);
  auto row = small_row("a", 1);
  row.labels = {-1, 1};
  writer.add("train", row);
  row.id = "b";
  writer.add("test", row);
  writer.finish();
  const Store store(scratch / "set.h5");
  const std::string text = datasheet(store, {"train"});
  CHECK(contains(text, "# Datasheet: x y\n"));
  CHECK(contains(text, "| train | a\\|b # c | 0 | 0 | 0 | 0 | 0 | 1 |\n"));
  CHECK(contains(text, "\\<script>"));
  CHECK(contains(text, "licence: not stated; ask the source"));
  CHECK_FALSE(contains(text, "| test |"));
  CHECK(contains(text, "1 groups are in more than one part"));
}

TEST_CASE("an export's datasheet says what is not annotated") {
  const ScratchFolder scratch;
  write_small(scratch / "set.h5");
  ExportOptions options;
  options.to = "yolo";
  export_store(Store(scratch / "set.h5"), options, scratch / "out", 1);
  const std::string text = read_file(scratch / "out" / "DATASHEET.md");
  CHECK(contains(text, "## This export"));
  CHECK(contains(text, "6 images, 4 boxes. 1 images are not annotated."));
}
