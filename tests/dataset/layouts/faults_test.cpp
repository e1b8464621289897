// SPDX-License-Identifier: Apache-2.0
// COCO, Pascal VOC and YOLO: annotations that are not valid, parts that contradict one another,
// and files as other programs write them.
#include "tests/dataset/annotated.hpp"

using namespace evenray;

TEST_CASE("COCO: annotations that are not valid are left out, each with its id") {
  const TestFolder folder;
  for (const char* name : {"0.png", "1.png", "2.png", "3.png"}) folder.image(name);
  Json json = coco({"0.png", "1.png", "2.png", "3.png"}, {});
  json["categories"].erase(0);
  const Json box{1, 1, 2, 2};
  json["annotations"] = {
      {{"id", 1}, {"image_id", 99}, {"category_id", 3}, {"bbox", box}},
      {{"id", 2}, {"image_id", 0}, {"category_id", 9}, {"bbox", box}},
      {{"id", 3}, {"image_id", 1}, {"category_id", 3}, {"bbox", {"1", "1", "2", "2"}}},
      {{"id", 4}, {"image_id", 2}, {"category_id", 3}, {"segmentation", {{1, 0, 4, 1, 3, 3}}}},
      {{"id", 5}, {"image_id", 3}, {"category_id", 3}, {"bbox", {1, 2, 3}}},
      {{"image_id", 3}, {"category_id", 3}, {"bbox", nullptr}},
      {{"id", 7}, {"image_id", 3}, {"category_id", 3}, {"bbox", box}},
      {{"id", 8}, {"category_id", 3}, {"bbox", box}},
      {{"id", 9}, {"image_id", 3}, {"bbox", box}}};
  write_json(folder / "a.json", json);
  const Manifest manifest = read_dataset(folder.text());
  CHECK(kinds(manifest) == Names{"annotation_invalid ",
                                 "annotation_invalid ",
                                 "annotation_invalid 0",
                                 "annotation_invalid 1",
                                 "annotation_invalid 3",
                                 "annotation_invalid 3",
                                 "annotation_invalid 3"});
  const Names found = details(manifest);
  for (const char* detail :
       {"a.json: annotation 1: its image 99 is not listed",
        "a.json: annotation 2: its category 9 is not listed",
        "a.json: annotation 3: 'bbox' is missing or is not a list of finite numbers",
        "a.json: annotation 5: bbox must be four finite numbers",
        "a.json: annotation without an id: it has neither a bbox nor a polygon",
        "a.json: annotation 8: 'image_id' is missing",
        "a.json: annotation 9: 'category_id' is missing"})
    CHECK(std::count(found.begin(), found.end(), detail) == 1);
  const auto& samples = manifest.samples;
  CHECK(samples[1].labels == std::vector<int8_t>{1});  // its class is known, its box is not
  CHECK(samples[1].boxes.empty());
  CHECK(same_box(samples[2].boxes.at(0), {1, 0, 4, 3}, 0));
  CHECK(samples[2].boxes_known);
  CHECK(samples[3].boxes.size() == 1);
  for (const size_t i : {0, 1, 3}) CHECK_FALSE(samples[i].boxes_known);
}

TEST_CASE("COCO as published is read by its instances, as Python and Windows write it") {
  const TestFolder folder;
  folder.image("images/1.png");
  Json json = coco({"1.png"}, {{0, 3, 0, 0, 1, 1}});
  json["annotations"][0]["area"] = 12345;
  std::string text = json.dump();
  text.replace(text.find("12345"), 5, "NaN");
  folder.file("annotations/instances_train2017.json", "\xEF\xBB\xBF" + text);
  folder.file("annotations/captions_train2017.json",
              R"({"images": [{"id": 0, "file_name": "1.png"}],
                  "annotations": [{"id": 1, "image_id": 0, "caption": "a hand"}]})");
  json["annotations"][0]["keypoints"] = {1, 1, 2};
  write_json(folder / "annotations/person_keypoints_train2017.json", json);
  const Manifest manifest = read_dataset(folder.text());
  CHECK(kinds(manifest).empty());
  CHECK(manifest.samples.at(0).boxes.size() == 1);
  CHECK(manifest.samples[0].part == "train");
  std::filesystem::remove(folder / "annotations/instances_train2017.json");
  std::filesystem::remove(folder / "annotations/person_keypoints_train2017.json");
  const auto [code, what] = failure(folder.text());
  CHECK(code == 65);
  CHECK_THAT(what,
             Catch::EndsWith("not a COCO file of boxes: 'categories' is missing or is not a list"));
}

TEST_CASE("parts that contradict one another are no parts") {
  const auto check_none = [](const TestFolder& folder, const Names& conflicts) {
    const Manifest manifest = read_dataset(folder.text());
    CHECK(kinds(manifest) == conflicts);
    for (const auto& sample : manifest.samples) CHECK(sample.part.empty());
  };
  const TestFolder yolo;
  for (const char* name : {"images/a/1.png", "images/b/2.png"}) yolo.image(name);
  yolo.file("labels/a/1.txt", "0 .5 .5 1 1\n");
  yolo.file("data.yaml", "names: [break]\ntrain: images/a\nval: images/a\ntest: images/b\n");
  check_none(yolo, {"part_conflict 1"});
  yolo.file("data.yaml", "names: [break]\ntrain: images\nval: images/b\n");
  check_none(yolo, {"part_conflict 2"});

  const TestFolder coco_set;
  for (const char* name : {"1.png", "2.png"}) coco_set.image(name);
  write_json(coco_set / "train.json", coco({"1.png", "2.png"}, {{1, 3, 0, 0, 1, 1}}));
  write_json(coco_set / "val.json", coco({"2.png"}, {{0, 3, 0, 0, 1, 1}}));
  check_none(coco_set, {"part_conflict 2"});
  write_json(coco_set / "val.json", coco({"2.png"}, {}));
  CHECK_THAT(failure(coco_set.text()).second, Catch::Contains("listed twice"));

  const TestFolder voc_set;
  for (const char* name : {"1", "2"}) {
    voc_set.image(cat("JPEGImages/", name, ".png"));
    voc_set.file(cat("Annotations/", name, ".xml"), voc(cat(name, ".png"), kObject));
  }
  voc_set.file("ImageSets/Main/train.txt",
               "\xEF\xBB\xBF"
               "1\n2\n");
  voc_set.file("ImageSets/Main/val.txt", "2\n");
  check_none(voc_set, {"part_conflict 2"});
}

TEST_CASE("Pascal VOC: the declared character set is read") {
  const TestFolder folder;
  folder.image("1.png");
  const auto class_in = [&](const std::string& declared, const std::string& bytes) {
    std::string text = voc("1.png", kObject);
    text.replace(text.find("cyst"), 4, bytes);
    folder.file("1.xml", cat("<?xml version='1.0' encoding='", declared, "'?>", text));
    return join(read_dataset(folder.text(), with("voc")).class_names);
  };
  CHECK(class_in("EUC-KR", "\xB0\xF1\xC0\xFD") == "골절");
  CHECK(class_in("ISO-8859-9", "k\xFDr\xFDk") == "kırık");
  CHECK(class_in("iso-8859-1",
                 "Br\xFC"
                 "che") == "Brüche");
  CHECK(class_in("utf-8", "Brüche") == "Brüche");
  CHECK(class_in("UTF-16", "Brüche") == "Brüche");  // as .NET writes it, although it is UTF-8
  folder.file("1.xml", "\xEF\xBB\xBF" + voc("1.png", kObject));
  CHECK(read_dataset(folder.text()).class_names == Names{"cyst"});
  folder.file("1.xml", "<?xml version='1.0' encoding='x/y'?>" + voc("1.png", ""));
  CHECK(details(read_dataset(folder.text(), with("voc"))) ==
        Names{"1.xml: unknown character set 'x/y'"});
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "<a>";
  folder.file("1.xml", "<annotation>" + deep);
  CHECK(details(read_dataset(folder.text(), with("voc"))) ==
        Names{"1.xml: not a Pascal VOC annotation"});
}

TEST_CASE("Pascal VOC: damaged files are named") {
  TestFolder folder;
  folder.image("1.png");
  for (const auto& [text, says] :
       {std::pair<std::string, std::string>{"<annotation><filename>",
                                            "1.xml: not a Pascal VOC annotation"},
        {"<other/>", "1.xml: not a Pascal VOC annotation"},
        {voc("1.png", "<object><name>cyst</name></object>"),
         "1.xml: object 1: <xmin> is '', not a number"},
        {voc("1.png", "<object/>"), "1.xml: object 1: it has no <name>"}}) {
    INFO(text);
    folder.file("1.xml", text);
    const Manifest manifest = read_dataset(folder.text(), with("voc"));
    CHECK(details(manifest) == Names{says});
    CHECK_FALSE(manifest.samples[0].boxes_known);
  }
}

TEST_CASE("YOLO: byte order marks of Windows are skipped") {
  const TestFolder folder;
  const std::string mark = "\xEF\xBB\xBF";
  folder.image("1.png");
  folder.file("obj.names", mark + "break\n");
  folder.file("1.txt", mark + "0 .5 .5 1 1\n");
  folder.file("train.txt", mark + "1.png\n");
  const Manifest manifest = read_dataset(folder.text());
  CHECK(manifest.class_names == Names{"break"});
  CHECK(manifest.samples[0].boxes.size() == 1);
  CHECK(manifest.samples[0].part == "train");
}

TEST_CASE("YOLO: a wrong line is named with its number") {
  TestFolder folder;
  folder.image("1.png");
  folder.file("classes.txt", "break\n");
  for (const auto& [text, says] :
       {std::pair<std::string, std::string>{"0 .5 .5 1", "expected `class x y w h`"},
        {"1 .5 .5 1 1", "class 1 is not one of the 1 classes"},
        {"-1 .5 .5 1 1", "class -1 is not one of the 1 classes"},
        {"0 .5 x 1 1", "'x' is not a number"},
        {"0 .5 nan 1 1", "'nan' is not a number"}}) {
    INFO(text);
    folder.file("1.txt", "0 .5 .5 .1 .1\n" + text);
    const Manifest manifest = read_dataset(folder.text(), with("yolo"));
    REQUIRE(details(manifest).size() == 1);
    CHECK_THAT(details(manifest)[0], Catch::StartsWith("1.txt:2: " + says));
    CHECK(manifest.samples[0].boxes.size() == 1);
    CHECK_FALSE(manifest.samples[0].boxes_known);
  }
  folder.file("1.txt", "0 .5 .5 .1 .1");
  std::filesystem::remove(folder / "classes.txt");
  CHECK(failure(folder.text(), "yolo").second.find("no class names") != std::string::npos);
  folder.file("data.yaml", "names: {0: a, 2: b}\ntrain: x\n");
  CHECK(failure(folder.text(), "yolo").second.find("`names` has no class 1") != std::string::npos);
}
