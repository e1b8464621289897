// SPDX-License-Identifier: Apache-2.0
// What stands in the files of each layout.
#include "dataset/export/export.hpp"

#include <catch2/catch.hpp>

#include "core/csv.hpp"
#include "dataset/files/image_file.hpp"
#include "dataset/image/image.hpp"
#include "dataset/reader.hpp"
#include "tests/dataset/export/exported.hpp"

using namespace evenray;

namespace {

namespace fs = std::filesystem;

Names lines_of(const Path& file) {
  Names lines = split_text(read_file(file), '\n');
  CHECK(lines.back().empty());
  lines.pop_back();
  return lines;
}

}  // namespace

TEST_CASE("COCO: ids, boxes, polygons, parts", "[export]") {
  const ScratchFolder scratch;
  write_small(scratch / "set.h5");
  const Store store(scratch / "set.h5");
  const auto result = export_store(store, to("coco"), scratch / "out", 2);
  CHECK(result.images == 6);
  CHECK(result.boxes == 4);
  CHECK(result.renamed == 0);
  CHECK(result.not_annotated == 1);
  CHECK(result.parts == std::map<std::string, int64_t>{{"train", 4}, {"val", 1}, {"test", 1}});
  CHECK(below(scratch / "out") == with_tables({"annotations/instances_test.json",
                                               "annotations/instances_train.json",
                                               "annotations/instances_val.json",
                                               "images/test/image5.png",
                                               "images/train/image0.png",
                                               "images/train/image1.png",
                                               "images/train/image2.png",
                                               "images/train/image3.png",
                                               "images/val/image4.png"}));
  const Json coco = read_json(scratch / "out" / "annotations" / "instances_train.json");
  CHECK(coco["categories"].dump() == R"([{"id":1,"name":"Non_fractured","supercategory":""},)"
                                     R"({"id":2,"name":"Fractured","supercategory":""}])");
  CHECK(coco["images"].size() == 4);
  CHECK(coco["images"][1].dump() ==
        R"({"id":2,"file_name":"image1.png","width":10,"height":12,"license":1})");
  CHECK(coco["licenses"].dump() == R"([{"id":1,"name":"none","url":""}])");
  // The triangle (1,2), (4,2), (4,6) has half the area of its box.
  CHECK(coco["annotations"].size() == 2);
  CHECK(coco["annotations"][0].dump() ==
        R"({"id":1,"image_id":2,"category_id":2,"bbox":[1.0,2.0,3.0,4.0],"area":6.0,)"
        R"("segmentation":[[1.0,2.0,4.0,2.0,4.0,6.0]],"iscrowd":0})");
  CHECK(coco["annotations"][1].dump() ==
        R"({"id":2,"image_id":2,"category_id":2,"bbox":[5.0,5.0,1.0,2.0],"area":2.0,)"
        R"("segmentation":[],"iscrowd":0})");
  CHECK(coco["info"]["evenray_not_annotated"].dump() == "[4]");
  const Json test = read_json(scratch / "out" / "annotations" / "instances_test.json");
  CHECK(test["images"][0]["id"] == 6);
  CHECK(test["annotations"][0]["id"] == 3);
  CHECK(test["info"]["evenray_not_annotated"].empty());
}

TEST_CASE("YOLO: shares of the image, exact to a hundredth of a pixel", "[export]") {
  const ScratchFolder scratch;
  write_small(scratch / "set.h5");
  export_store(Store(scratch / "set.h5"), to("yolo"), scratch / "out", 1);
  CHECK(read_file(scratch / "out" / "labels" / "train" / "image1.txt") ==
        "1 0.250000000 0.333333333 0.300000000 0.333333333\n"
        "1 0.550000000 0.500000000 0.100000000 0.166666667\n");
  CHECK(read_file(scratch / "out" / "labels" / "train" / "image0.txt").empty());
  CHECK_FALSE(fs::exists(scratch / "out" / "labels" / "train" / "image3.txt"));
  CHECK(read_file(scratch / "out" / "data.yaml") ==
        "train: images/train\nval: images/val\ntest: images/test\nnames:\n"
        "  0: \"Non_fractured\"\n  1: \"Fractured\"\n");
}

TEST_CASE("Pascal VOC: one XML file an annotated image, sets of names", "[export]") {
  const ScratchFolder scratch;
  StoreInfo info = small_info();
  info.class_names = {"No <finding>", "A&B"};
  info.multi_label = true;
  {
    StoreWriter writer(scratch / "set.h5", info, 3);
    auto row = small_row("a", 1);
    row.boxes[1].x0 = 5.25f;
    writer.add("train", row);
    row = small_row("b", 1);
    row.boxes.clear();
    row.boxes_known = false;
    row.labels = {-1, 1};
    writer.add("train", row);
    writer.add("test", small_row("c", 0));
    writer.finish();
  }
  export_store(Store(scratch / "set.h5"), to("voc"), scratch / "out", 1);
  CHECK(below(scratch / "out") == with_tables({"Annotations/a.xml",
                                               "Annotations/c.xml",
                                               "ImageSets/Main/A&B_test.txt",
                                               "ImageSets/Main/A&B_train.txt",
                                               "ImageSets/Main/No__finding__test.txt",
                                               "ImageSets/Main/No__finding__train.txt",
                                               "ImageSets/Main/test.txt",
                                               "ImageSets/Main/train.txt",
                                               "JPEGImages/a.png",
                                               "JPEGImages/b.png",
                                               "JPEGImages/c.png"}));
  const std::string xml = read_file(scratch / "out" / "Annotations" / "a.xml");
  CHECK(contains(xml, "<filename>a.png</filename>"));
  CHECK(contains(xml, "<width>10</width>\n    <height>12</height>\n    <depth>1</depth>"));
  CHECK(contains(xml, "<name>A&amp;B</name>"));
  CHECK(contains(xml,
                 "<xmin>5.25</xmin>\n      <ymin>5</ymin>\n      <xmax>6</xmax>\n      "
                 "<ymax>7</ymax>"));
  const Path sets = scratch / "out" / "ImageSets" / "Main";
  CHECK(read_file(sets / "train.txt") == "a\n");
  CHECK(read_file(sets / "A&B_train.txt") == "a  1\nb  1\n");
  CHECK(read_file(sets / "No__finding__train.txt") == "a -1\nb  0\n");
}

TEST_CASE("class folders come back as they were", "[export]") {
  const ScratchFolder scratch;
  write_small(scratch / "set.h5", 16);
  const Store store(scratch / "set.h5");
  export_store(store, to("folder"), scratch / "out", 2);
  CHECK(below(scratch / "out") == with_tables({"test/Fractured/image5.png",
                                               "train/Fractured/image1.png",
                                               "train/Fractured/image3.png",
                                               "train/Non_fractured/image0.png",
                                               "train/Non_fractured/image2.png",
                                               "val/Non_fractured/image4.png"}));
  ReadOptions as_folder;
  as_folder.format = "folder";
  const Manifest back = read_dataset(scratch / "out", as_folder);
  REQUIRE(back.samples.size() == 6);
  for (const auto& sample : back.samples) {
    const StorePart& part = store.part(sample.part);
    const auto at = std::find(part.ids.begin(), part.ids.end(), sample.id) - part.ids.begin();
    REQUIRE(at < part.size());
    CHECK(back.class_names[static_cast<size_t>(sample.exclusive_class())] ==
          store.info().class_names[static_cast<size_t>(at >= 0 && part.labels[at][1] == 1)]);
    const DecodedImage decoded = decode_image(sample.file);
    CHECK(same_pixels(decoded.pixels, store.image(sample.part, at)));
  }
}

TEST_CASE("a row that is not of one class has no class folder", "[export]") {
  const ScratchFolder scratch;
  StoreInfo info = small_info();
  info.multi_label = true;
  StoreWriter writer(scratch / "set.h5", info, 2);
  for (const std::vector<int8_t>& labels :
       {std::vector<int8_t>{1, 1}, std::vector<int8_t>{0, -1}}) {
    auto row = small_row(cat("row", int{labels[0]}), 1);
    row.labels = labels;
    writer.add(labels[0] ? "train" : "test", row);
  }
  writer.finish();
  const Store store(scratch / "set.h5");
  const Error both = error_of([&] { plan_export(store, to("folder")); });
  CHECK(both.code() == Exit::bad_data);
  CHECK(std::string(both.what()) ==
        "image 'row1' has no class folder, because it does not have exactly one class (classes: "
        "Non_fractured, Fractured); use --to csv, imagefolder or coco");
  ExportOptions options = to("folder");
  options.part = "test";
  const Error none = error_of([&] { export_store(store, options, scratch / "out", 1); });
  CHECK(contains(none.what(), "(classes: none)"));
  CHECK_FALSE(fs::exists(scratch / "out"));

  export_store(store, to("imagefolder"), scratch / "out", 1);
  const Names rows = lines_of(scratch / "out" / "train" / "metadata.jsonl");
  CHECK(Json::parse(rows.at(0))["labels"].dump() == R"(["Non_fractured","Fractured"])");
  const Json none_known = Json::parse(lines_of(scratch / "out" / "test" / "metadata.jsonl").at(0));
  CHECK(none_known["labels"].empty());
  CHECK(lines_of(scratch / "out" / "labels.csv").at(2) ==
        "row0,test/row0.png,test,group of row0,0,-1,real,frontal,61");
}

TEST_CASE("imagefolder: a line of JSON an image", "[export]") {
  const ScratchFolder scratch;
  write_small(scratch / "set.h5");
  export_store(Store(scratch / "set.h5"), to("imagefolder"), scratch / "out", 1);
  const Names lines = lines_of(scratch / "out" / "train" / "metadata.jsonl");
  REQUIRE(lines.size() == 4);
  CHECK(lines[0] == R"({"file_name":"image0.png","label":"Non_fractured",)"
                    R"("objects":{"bbox":[],"categories":[]}})");
  CHECK(lines[1] ==
        R"({"file_name":"image1.png","label":"Fractured","objects":{"bbox":)"
        R"([[1.0,2.0,3.0,4.0],[5.0,5.0,1.0,2.0]],"categories":["Fractured","Fractured"]}})");
  CHECK(lines[3] == R"({"file_name":"image3.png","label":"Fractured"})");
  CHECK(fs::exists(scratch / "out" / "train" / "image3.png"));
}

TEST_CASE("tables: boxes, labels, provenance", "[export]") {
  const ScratchFolder scratch;
  write_small(scratch / "set.h5");
  export_store(Store(scratch / "set.h5"), to("csv"), scratch / "out", 1);
  const CsvTable boxes = read_csv(scratch / "out" / "boxes.csv");
  REQUIRE(boxes.rows.size() == 4);
  CHECK(boxes.columns == Names{"id", "file", "class", "x0", "y0", "x1", "y1", "polygons"});
  CHECK(boxes.rows[0] ==
        Names{"image1", "images/train/image1.png", "Fractured", "1", "2", "4", "6", "1 2 4 2 4 6"});
  CHECK(boxes.rows[1].back().empty());
  const CsvTable labels = read_csv(scratch / "out" / "labels.csv");
  CHECK(
      labels.columns ==
      Names{"id", "file", "part", "group", "Non_fractured", "Fractured", "origin", "view", "age"});
  REQUIRE(labels.rows.size() == 6);
  CHECK(labels.rows[1] == Names{"image1",
                                "images/train/image1.png",
                                "train",
                                "group of image1",
                                "0",
                                "1",
                                "real",
                                "",
                                "7.25"});
  CHECK(labels.rows[3][6] == "augmented");
  const CsvTable made = read_csv(scratch / "out" / "provenance.csv");
  CHECK(made.rows[3] == Names{"image3",
                              "augmented",
                              "image1",
                              "Rotate:15",
                              "9223372036854775808",
                              "0.5",
                              "0",
                              "images/image3.png",
                              "0.5",
                              "0.25",
                              "1",
                              "2"});
}

TEST_CASE("columns that share a name are told apart", "[export]") {
  const ScratchFolder scratch;
  StoreInfo info = small_info();
  info.class_names = {"id", "origin"};
  info.meta_columns = {"file", "id"};
  StoreWriter writer(scratch / "set.h5", info, 1);
  writer.add("train", small_row("a", 0));
  writer.finish();
  export_store(Store(scratch / "set.h5"), to("csv"), scratch / "out", 1);
  CHECK(read_csv(scratch / "out" / "labels.csv").columns == Names{"id",
                                                                  "file",
                                                                  "part",
                                                                  "group",
                                                                  "class_id",
                                                                  "origin",
                                                                  "evenray_origin",
                                                                  "meta_file",
                                                                  "meta_id"});
}
