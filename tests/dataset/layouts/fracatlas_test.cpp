// SPDX-License-Identifier: Apache-2.0
#include "tests/dataset/test_folder.hpp"

using namespace evenray;

TEST_CASE("FracAtlas: folder and box beat the table") {
  TestFolder folder;
  write_three(folder, kRows);
  const Manifest manifest = read_dataset(folder.text());
  CHECK(manifest.format == "fracatlas");
  CHECK(manifest.class_names == Names{"Non_fractured", "Fractured"});
  CHECK(manifest.meta_columns == Names{"hand", "hardware", "frontal"});
  CHECK(manifest.samples[0].sequential_id);
  CHECK(manifest.licence == "");
  REQUIRE(ids(manifest) == Names{"IMG0000001", "IMG0000002", "IMG0000003"});
  const Sample& first = manifest.samples[0];
  CHECK(first.labels == std::vector<int8_t>{0, 1});
  CHECK(first.meta == Names{"1", "0", "1"});
  CHECK(first.boxes_known);
  REQUIRE(first.boxes.size() == 1);
  CHECK(first.boxes[0].label == 1);
  CHECK(first.boxes[0].x1 == 3.5f);
  CHECK(first.boxes[0].y1 == 3);
  REQUIRE(first.boxes[0].rings.size() == 1);
  CHECK(first.boxes[0].rings[0] == std::vector<cv::Point2f>{{1, 1}, {3.5, 1}, {2, 3}});
  CHECK(manifest.samples[1].exclusive_class() == 0);
  CHECK(manifest.samples[1].boxes_known);
  CHECK(manifest.samples[2].exclusive_class() == 1);
  CHECK(manifest.samples[2].boxes[0].rings.empty());
  REQUIRE(kinds(manifest) == Names{"label_conflict IMG0000003"});
  CHECK(manifest.findings[0].detail ==
        "table: fractured=0, fracture_count=1; folder: Fractured; boxes: 1; labelled as Fractured");
}

TEST_CASE("FracAtlas: a box beats the folder; files and rows without each other are found") {
  TestFolder folder;
  write_three(
      folder, "IMG0000001.jpg,1,0,1,1,1\nIMG0000002.jpg,0,0,0,0,1\nIMG0000009.jpg,0,1,0,0,0\n", 2);
  folder.file("ATTRIBUTION.txt", "Data: (stated to be CC BY 4.0, ...)");
  const Manifest manifest = read_dataset(folder.text());
  CHECK(manifest.licence == "CC BY 4.0");
  CHECK(sample_of(manifest, "IMG0000002").exclusive_class() == 1);
  CHECK(sample_of(manifest, "IMG0000003").exclusive_class() == 1);
  CHECK(sample_of(manifest, "IMG0000003").meta == Names{"", "", ""});
  CHECK(kinds(manifest) ==
        Names{"label_conflict IMG0000002", "missing_file IMG0000009", "unlisted_file IMG0000003"});
}

TEST_CASE("FracAtlas: another number of boxes than the table counts is told") {
  TestFolder folder;
  write_three(folder, "IMG0000001.jpg,1,0,1,3,1\nIMG0000002.jpg,0,0,0,0,1\n");
  const Manifest manifest = read_dataset(folder.text());
  CHECK(kinds(manifest) == Names{"label_conflict IMG0000001", "unlisted_file IMG0000003"});
}

TEST_CASE("FracAtlas: faults of the table and the annotations") {
  TestFolder folder;
  write_three(folder, cat(kRows, "IMG0000001.jpg,1,0,1,1,1\n"));
  CHECK(failure(folder.text()).first == 65);
  CHECK(failure(folder.text()).second.find("image_id IMG0000001.jpg is listed twice") !=
        std::string::npos);
  write_three(folder, "IMG0000001.jpg,1,0,yes,1,1\n");
  CHECK(failure(folder.text()).second.find("fractured is 'yes'; it must be 0 or 1") !=
        std::string::npos);
  write_three(folder, kRows, 77);
  CHECK(details(read_dataset(folder.text())) ==
        Names{"boxes.json: annotation 1: its image 77 is not listed"});
  write_three(folder, kRows, "x");
  CHECK(details(read_dataset(folder.text())) ==
        Names{"boxes.json: annotation 1: its image \"x\" is not listed"});
  folder.file("Annotations/COCO JSON/boxes.json", "{");
  CHECK(failure(folder.text()).first == 65);
  folder.file("dataset.csv", "image_id,hand\nIMG0000001.jpg,1\n");
  CHECK(failure(folder.text(), with("fracatlas")).first == 65);
  CHECK(failure(folder.text(), with("fracatlas")).second.find("missing column 'fractured'") !=
        std::string::npos);
  CHECK(failure(folder.text()).second.find("missing column") == std::string::npos);
}

TEST_CASE("FracAtlas without annotations knows no boxes") {
  TestFolder folder;
  write_three(folder, kRows);
  std::filesystem::remove_all(folder / "Annotations");
  const Manifest manifest = read_dataset(folder.text());
  CHECK_FALSE(manifest.samples[0].boxes_known);
  CHECK(manifest.samples[0].boxes.empty());
}

TEST_CASE("the real FracAtlas", "[data]") {
  const auto folder = real_data("fracatlas");
  if (folder.empty()) return;
  const Manifest manifest = read_dataset(folder);
  CHECK(manifest.samples.size() == 2980);
  CHECK(manifest.licence == "CC BY 4.0");
  CHECK(manifest.meta_columns.size() == 10);
  CHECK(kinds(manifest) == Names{"annotation_conflict IMG0002395",
                                 "annotation_conflict IMG0002471",
                                 "annotation_conflict IMG0002614",
                                 "label_conflict IMG0003298"});
  size_t fractured = 0, boxes = 0;
  for (const auto& sample : manifest.samples) {
    fractured += sample.exclusive_class() == 1;
    boxes += sample.boxes.size();
  }
  CHECK(fractured == 490);
  CHECK(boxes == 640);
}

TEST_CASE("FracAtlas: four formats of boxes are held against one another") {
  TestFolder folder;
  write_three(folder, kRows);
  const std::string voc_box =
      "<object><name>fractured</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>3.5</xmax>"
      "<ymax>3</ymax></bndbox></object>";
  const auto voc = [](const std::string& file, const std::string& objects) {
    return "<annotation><filename>" + file + "</filename>" + objects + "</annotation>";
  };
  folder.file("Annotations/PASCAL VOC/IMG0000001.xml", voc("IMG0000001.jpg", voc_box));
  folder.file("Annotations/PASCAL VOC/IMG0000002.xml", voc("IMG0000002.jpg", ""));
  folder.file("Annotations/PASCAL VOC/IMG0000003.xml", voc("IMG0000003.jpg", ""));
  folder.file("Annotations/YOLO/labels.txt", "fractured\n");
  folder.file("Annotations/YOLO/IMG0000001.txt", "0 .375 .5 .41667 .5\n");  // of 6 x 4 px
  folder.file("Annotations/YOLO/IMG0000003.txt", "0 .6 .25 .33333 .5\n");
  const Manifest manifest = read_dataset(folder.text());
  Names told;
  for (const auto& finding : manifest.findings)
    if (finding.kind == "annotation_conflict")
      told.push_back(finding.ids[0] + " " + finding.detail);
  CHECK(
      told ==
      Names{"IMG0000003 COCO JSON: 1 boxes, PASCAL VOC: 0; the first format is used",
            "IMG0000003 COCO JSON: 1 boxes, YOLO: 1 at other positions; the first format is used"});
  std::filesystem::remove_all(folder / "Annotations/COCO JSON");
  write_json(
      folder / "Annotations/VGG JSON/vgg.json",
      {{"IMG0000001.jpg",
        {{"filename", "IMG0000001.jpg"},
         {"regions",
          {{"0",
            {{"shape_attributes", {{"all_points_x", {1, 3.5, 2}}, {"all_points_y", {1, 1, 3}}}},
             {"region_attributes", {{"label", "fractured"}}}}}}}}}});
  const Sample first = read_dataset(folder.text()).samples[0];
  REQUIRE(first.boxes.size() == 1);
  CHECK(first.boxes[0].x1 == 3.5f);
  CHECK(first.boxes[0].label == 1);
  CHECK(first.boxes[0].rings.at(0).size() == 3);
  std::filesystem::remove_all(folder / "Annotations/VGG JSON");
  std::filesystem::remove_all(folder / "Annotations/PASCAL VOC");
  CHECK(read_dataset(folder.text()).samples[0].boxes.at(0).x1 == Approx(3.5).margin(.01));
  folder.file("Annotations/YOLO/IMG0000001.txt", "1 .375 .5 .41667 .5\n");
  const Manifest torn = read_dataset(folder.text());
  CHECK(details(torn) == Names{"IMG0000001.txt:1: class 1 is not one of the 1 classes (numbered "
                               "from 0)"});
  CHECK_FALSE(torn.samples[0].boxes_known);
}
