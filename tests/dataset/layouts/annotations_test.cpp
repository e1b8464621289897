// SPDX-License-Identifier: Apache-2.0
// COCO, Pascal VOC and YOLO: boxes beside images.
#include <map>

#include "tests/dataset/annotated.hpp"

using namespace evenray;

TEST_CASE("COCO: a file a part, classes in the order of their ids, images without a box") {
  TestFolder folder;
  for (const char* name : {"train/1.png", "train/2.png", "val/1.png", "stray.png"})
    folder.image(name);
  write_json(folder / "annotations/instances_train.json",
             coco({"1.png", "2.png", "gone.png"}, {{0, 7, 1, 1, 2.5, 2}, {0, 3, 0, 0, 1, 1}}));
  write_json(folder / "annotations/instances_val2017.json", coco({"1.png"}, {}));
  folder.file("notes.json", "{\"images\": 3}");
  const Manifest manifest = read_dataset(folder.text());
  CHECK(manifest.format == "coco");
  CHECK(manifest.multi_label);
  CHECK(manifest.class_names == Names{"break", "cyst"});
  REQUIRE(ids(manifest) == Names{"2", "train/1", "val/1"});
  const Sample& first = sample_of(manifest, "train/1");
  CHECK(first.part == "train");
  CHECK(first.labels == std::vector<int8_t>{1, 1});
  REQUIRE(first.boxes.size() == 2);
  CHECK(same_box(first.boxes[0], {1, 1, 3.5, 3}, 1));
  CHECK(same_box(first.boxes[1], {0, 0, 1, 1}, 0));
  CHECK(sample_of(manifest, "val/1").part == "val");
  CHECK(sample_of(manifest, "val/1").labels == std::vector<int8_t>{0, 0});
  CHECK(sample_of(manifest, "2").boxes_known);
  CHECK(kinds(manifest) == Names{"missing_file gone", "unlisted_file stray"});
}

TEST_CASE("boxes of images that were resized since are scaled, others are told") {
  TestFolder folder;
  folder.image("1.png");  // 6 x 4
  Json wide = coco({"1.png"}, {{0, 3, 6, 4, 12, 4}});
  const auto stated = [&](int width, int height) {
    wide["images"][0]["width"] = width;
    wide["images"][0]["height"] = height;
    write_json(folder / "a.json", wide);
    return read_dataset(folder.text());
  };
  CHECK(same_box(stated(6, 4).samples[0].boxes.at(0), {6, 4, 18, 8}, 0));
  CHECK(kinds(stated(6, 4)).empty());
  const Manifest halved = stated(12, 8);
  CHECK(same_box(halved.samples[0].boxes.at(0), {3, 2, 9, 4}, 0));
  CHECK(kinds(halved) == Names{"boxes_scaled 1"});
  const Manifest turned = stated(4, 6);
  CHECK(same_box(turned.samples[0].boxes.at(0), {6, 4, 18, 8}, 0));
  CHECK(kinds(turned) == Names{"size_conflict 1"});
  std::filesystem::remove(folder / "a.json");
  folder.file("1.xml",
              "<annotation><filename>1.png</filename><size><width>12</width><height>8</height>"
              "</size><object><name>cyst</name><bndbox><xmin>6</xmin><ymin>4</ymin><xmax>12</xmax>"
              "<ymax>8</ymax></bndbox></object></annotation>");
  const Manifest voc = read_dataset(folder.text());
  CHECK(same_box(voc.samples[0].boxes.at(0), {3, 2, 6, 4}, 0));
  CHECK(kinds(voc) == Names{"boxes_scaled 1"});
}

TEST_CASE("COCO: boxes round several things, and masks that are not read, are told") {
  TestFolder folder;
  folder.image("1.png");
  folder.image("2.png");
  Json set = coco({"1.png", "2.png"}, {{0, 3, 0, 0, 1, 1}, {0, 3, 1, 1, 2, 2}, {1, 7, 0, 0, 2, 2}});
  set["annotations"][0]["iscrowd"] = 1;
  set["annotations"][0]["segmentation"] = {{"size", {4, 6}}, {"counts", {0, 24}}};
  set["annotations"][1]["iscrowd"] = 0;
  set["annotations"][2]["segmentation"] = {{"size", {4, 6}}, {"counts", "08"}};
  write_json(folder / "a.json", set);
  const Manifest manifest = read_dataset(folder.text());
  CHECK(kinds(manifest) == Names{"crowd_box 1", "mask_left_out 1", "mask_left_out 2"});
  CHECK(contains(manifest.findings[0].detail, "1 of its boxes (iscrowd)"));
  CHECK(sample_of(manifest, "1").boxes.size() == 2);
}

TEST_CASE("listed images of a kind that is not read are said to be such") {
  TestFolder folder;
  folder.file("1.bmp", "BM");
  write_json(folder / "a.json", coco({"1.bmp"}, {}));
  const auto refused = failure(folder.text(), ReadOptions{});
  CHECK(refused.first == 65);
  CHECK(
      contains(refused.second, "(the first one: 1.bmp); .bmp is not supported: convert it to PNG"));
}

TEST_CASE("COCO: of a list without annotations nothing is known") {
  TestFolder folder;
  folder.image("1.png");
  Json list = coco({"1.png"}, {});
  list.erase("annotations");
  write_json(folder / "image_info_test.json", list);
  const Manifest manifest = read_dataset(folder.text());
  CHECK(manifest.format == "coco");
  CHECK(manifest.samples[0].labels == std::vector<int8_t>{-1, -1});
  CHECK_FALSE(manifest.samples[0].boxes_known);
}

TEST_CASE("an image of the same name in another folder is another image") {
  TestFolder folder;
  for (const char* name : {"train/1.png", "train/2.png", "val/3.png"}) folder.image(name);
  SECTION("where the folders are listed") {
    write_json(folder / "a.json", coco({"images/1.png", "train/2.png", "val/1.png"}, {}));
    CHECK(kinds(read_dataset(folder.text())) ==
          Names{"missing_file 1", "missing_file 1", "unlisted_file 1", "unlisted_file 3"});
  }
  SECTION("where they are named as the parts") {
    write_json(folder / "train.json", coco({"2.png"}, {}));
    write_json(folder / "val.json", coco({"1.png", "3.png"}, {}));
    CHECK(kinds(read_dataset(folder.text())) == Names{"missing_file 1", "unlisted_file 1"});
  }
  SECTION("but not where no folder fits") {
    write_json(folder / "a.json", coco({"img/1.png", "img/2.png", "img/3.png"}, {}));
    CHECK(kinds(read_dataset(folder.text())).empty());
  }
  SECTION("or a table divides what lies in one folder") {
    folder.file(
        "a.csv",
        "file_name,class,split\ntrain/1.png,a,train\ntrain/2.png,b,test\nval/3.png,a,val\n");
    ReadOptions options;
    options.columns.path = "file_name";
    options.columns.label = "class";
    options.columns.split = "split";
    const Manifest manifest = read_dataset(folder.text(), options);
    CHECK(sample_of(manifest, "2").part == "test");
  }
}

TEST_CASE("classes exclude one another where each image has one") {
  TestFolder folder;
  folder.image("1.png");
  folder.image("2.png");
  write_json(folder / "a.json", coco({"1.png", "2.png"}, {{0, 3, 0, 0, 1, 1}, {1, 7, 0, 0, 1, 1}}));
  const Manifest manifest = read_dataset(folder.text());
  CHECK_FALSE(manifest.multi_label);
  CHECK(manifest.samples[1].exclusive_class() == 1);
}

TEST_CASE("COCO: what is wrong with a file is said with its name") {
  TestFolder folder;
  folder.image("1.png");
  const auto fault = [&](const Json& json) {
    write_json(folder / "a.json", json);
    const auto [code, what] = failure(folder.text(), "coco");
    CHECK(code == 65);
    CHECK(what.find("a.json") != std::string::npos);
    return what;
  };
  const auto good = coco({"1.png"}, {{0, 3, 0, 0, 1, 1}});
  CHECK(fault(coco({"1.png", "1.png"}, {})).find("listed twice") != std::string::npos);
  Json cut = good;
  cut.erase("images");
  CHECK(fault(cut).find("not a COCO file") != std::string::npos);
  Json twice = coco({"1.png", "2.png"}, {});
  twice["images"][1]["id"] = twice["images"][0]["id"];
  CHECK(fault(twice).find("two images have the id 0") != std::string::npos);
  Json nameless = good;
  nameless["categories"][0].erase("name");
  CHECK(fault(nameless).find("'name' is missing or is not a text") != std::string::npos);
  folder.file("a.json", "{\"annotations\": [");
  CHECK(failure(folder.text(), "coco").first == 65);
  std::filesystem::remove(folder / "a.json");
  CHECK(failure(folder.text(), "coco").second.find("contains no COCO file") != std::string::npos);
}

TEST_CASE("a name that may be two images is refused, a part or a folder tells which") {
  TestFolder folder;
  folder.image("a/1.png");
  folder.image("b/1.png");
  write_json(folder / "all.json", coco({"1.png"}, {}));
  CHECK(failure(folder.text()).second.find("matches both a/1.png and b/1.png") !=
        std::string::npos);
  write_json(folder / "all.json", coco({"b/1.png"}, {}));
  CHECK(ids(read_dataset(folder.text())) == Names{"b/1"});
  write_json(folder / "all.json", coco({"c/9.png"}, {}));
  const auto [code, what] = failure(folder.text());
  CHECK(code == 65);
  CHECK(what.find("none of the 1 listed images exists (the first one: c/9.png)") !=
        std::string::npos);
}

TEST_CASE("Pascal VOC: boxes as they stand, parts from ImageSets") {
  TestFolder folder;
  for (const char* name : {"1", "2", "3"}) folder.image(cat("JPEGImages/", name, ".png"));
  folder.file("Annotations/1.xml", voc("1.png", kObject));
  folder.file("Annotations/2.xml", voc("", ""));
  folder.file("Annotations/3.xml", voc("folder/3.png", kObject + kObject));
  folder.file("ImageSets/Main/train.txt", "1 1\r\n3 -1\r\n");
  folder.file("ImageSets/Main/val.txt", "2\n");
  const Manifest manifest = read_dataset(folder.text());
  CHECK(manifest.format == "voc");
  REQUIRE(ids(manifest) == Names{"1", "2", "3"});
  CHECK(manifest.class_names == Names{"cyst"});
  CHECK(same_box(manifest.samples[0].boxes.at(0), {1.5, 0, 3, 4}, 0));
  CHECK(manifest.samples[0].part == "train");
  CHECK(manifest.samples[1].part == "val");
  CHECK(manifest.samples[1].boxes_known);
  CHECK(manifest.samples[1].boxes.empty());
  CHECK(manifest.samples[2].boxes.size() == 2);
}

TEST_CASE("YOLO: shares of the upright image, polygons, names from data.yaml") {
  TestFolder folder;  // images of 6 x 4 px
  for (const char* name : {"images/train/1.png", "images/train/2.png", "images/val/3.png"})
    folder.image(name);
  folder.file("labels/train/1.txt", "1 0.5 0.5 0.5 0.25\r\n0 0 0 0.5 0 0.5 1 \n\n");
  folder.file("labels/train/2.txt", "");
  folder.file("labels/labels.txt", "break\n");
  for (const char* names : {"names: [break, cyst]", "names:\n  0: break\n  1: cyst"}) {
    folder.file("data.yaml",
                cat("path: ../x\ntrain: images/train\nval: [images/val]\n", names, "\n"));
    const Manifest manifest = read_dataset(folder.text());
    CHECK(manifest.format == "yolo");
    CHECK(manifest.class_names == Names{"break", "cyst"});
    REQUIRE(ids(manifest) == Names{"1", "2", "3"});
    REQUIRE(manifest.samples[0].boxes.size() == 2);
    CHECK(same_box(manifest.samples[0].boxes[0], {1.5, 1.5, 4.5, 2.5}, 1));
    CHECK(same_box(manifest.samples[0].boxes[1], {0, 0, 3, 4}, 0));
    CHECK(manifest.samples[0].boxes[1].rings.at(0) ==
          std::vector<cv::Point2f>{{0, 0}, {3, 0}, {3, 4}});
    CHECK(manifest.samples[0].part == "train");
    CHECK(manifest.samples[2].part == "val");
    CHECK(manifest.samples[2].boxes_known);
  }
}

TEST_CASE("YOLO: darknet's lists and names") {
  TestFolder folder;
  for (const char* name : {"data/1.png", "data/2.png"}) folder.image(name);
  folder.file("data/1.txt", "0 .5 .5 1 1\n");
  folder.file("obj.names", "break\ncyst\n");
  folder.file("train.txt", "data/1.png\n");
  folder.file("test.txt", "/somewhere/data/2.png\n");
  const Manifest manifest = read_dataset(folder.text());
  CHECK(manifest.format == "yolo");
  REQUIRE(ids(manifest) == Names{"1", "2"});
  CHECK(manifest.samples[0].part == "train");
  CHECK(manifest.samples[1].part == "test");  // by a path of another machine
  CHECK(same_box(manifest.samples[0].boxes.at(0), {0, 0, 6, 4}, 0));
  folder.file("test.txt", "/elsewhere/data/1.png\n");
  CHECK(kinds(read_dataset(folder.text(), with("yolo"))) == Names{"part_conflict 1"});
  folder.file("train.txt", "data/3.png\n");
  folder.file("test.txt", "");
  CHECK(failure(folder.text(), "yolo").second.find("none of the images in its lists exists") !=
        std::string::npos);
}

TEST_CASE("YOLO: data.yaml may name lists, below its path, and they must be there") {
  TestFolder folder;
  for (const char* name : {"set/1.png", "set/2.png"}) folder.image(name);
  folder.file("set/1.txt", "0 .5 .5 1 1\n");
  folder.file("data.yaml", "path: set\ntrain: train.txt\nval: val.txt\nnames: [break]\n");
  folder.file("set/train.txt", "./set/1.png\n");
  CHECK(failure(folder.text(), "yolo").second.find("the list of val, val.txt, does not exist") !=
        std::string::npos);
  folder.file("set/val.txt", "./set/2.png\n");
  const Manifest manifest = read_dataset(folder.text());
  CHECK(manifest.samples[0].part == "train");
  CHECK(manifest.samples[1].part == "val");
}

TEST_CASE("YOLO: of an image that cannot be read the boxes are not known") {
  TestFolder folder;
  folder.image("1.png");
  folder.file("2.png", "");
  folder.file("classes.txt", "break\n");
  for (const char* name : {"1.txt", "2.txt"}) folder.file(name, "0 .5 .5 1 1\n");
  const Manifest manifest = read_dataset(folder.text());
  REQUIRE(ids(manifest) == Names{"1", "2"});
  CHECK(manifest.samples[0].boxes_known);
  CHECK(manifest.samples[0].boxes.size() == 1);
  CHECK_FALSE(manifest.samples[1].boxes_known);
}

TEST_CASE("FracAtlas' boxes are the same from its COCO, VOC and YOLO files", "[data]") {
  const Path data = real_data("fracatlas");
  if (data.empty()) return;
  const TestFolder folder;
  const auto boxes_of = [&](const std::string& format, const std::string& annotations) {
    const Path set = folder / format;
    make_folder(set);
    std::filesystem::create_directory_symlink(std::filesystem::absolute(data / "images"),
                                              set / "pictures");
    std::filesystem::create_directory_symlink(
        std::filesystem::absolute(data / "Annotations" / annotations), set / "annotations");
    const Manifest manifest = read_dataset(set.string());
    CHECK(manifest.format == format);
    std::map<std::string, std::vector<Box>> out;
    for (const auto& sample : manifest.samples)
      if (!sample.boxes.empty()) out[sample.id] = sample.boxes;
    return out;
  };
  const auto coco_boxes = boxes_of("coco", "COCO JSON");
  CHECK(coco_boxes.size() == 490);
  for (const auto& [format, annotations] :
       {std::pair{"voc", "PASCAL VOC"}, std::pair{"yolo", "YOLO"}}) {
    const auto others = boxes_of(format, annotations);
    REQUIRE(others.size() == coco_boxes.size());
    size_t boxes = 0;
    float farthest = 0;
    for (const auto& [id, here] : coco_boxes) {
      const auto& there = others.at(id);
      REQUIRE(there.size() == here.size());
      for (size_t i = 0; i < here.size(); ++i, ++boxes)
        farthest = std::max({farthest,
                             std::abs(here[i].x0 - there[i].x0),
                             std::abs(here[i].y0 - there[i].y0),
                             std::abs(here[i].x1 - there[i].x1),
                             std::abs(here[i].y1 - there[i].y1)});
    }
    CHECK(boxes == 640);
    // VOC's are cut to whole pixels, YOLO's to four digits.
    CHECK(farthest < (std::string(format) == "voc" ? 1.1 : .04));
  }
}
