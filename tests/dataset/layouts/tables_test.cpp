// SPDX-License-Identifier: Apache-2.0
// Tables beside images: NIH ChestX-ray14, VinBigData, imagefolder, and a table of one's own.
#include "dataset/audit.hpp"
#include "dataset/layouts/box_fusion.hpp"
#include "dataset/layouts/nih.hpp"
#include "tests/dataset/test_folder.hpp"

using namespace evenray;

namespace {

constexpr const char* kNihHeader =
    "Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Gender,View Position,"
    "OriginalImage[Width,Height],OriginalImagePixelSpacing[x,y],\n";
constexpr const char* kVinHeader = "image_id,class_name,class_id,rad_id,x_min,y_min,x_max,y_max\n";

ReadBox read_box(const std::string& reader, const std::string& name, float x0, float x1) {
  Box box;
  box.x0 = x0;
  box.x1 = x1;
  box.y1 = 10;
  return {{name, box}, reader};
}

}  // namespace

TEST_CASE("NIH: findings, patients, ages, boxes of some images") {
  TestFolder folder;
  for (const char* name : {"images_001/images/00000001_000.png",
                           "images_001/images/00000001_001.png",
                           "images_002/images/00000002_000.png"})
    folder.image(name);
  folder.file(
      "Data_Entry_2017_v2020.csv",
      cat(kNihHeader,
          "00000001_000.png,Cardiomegaly|Infiltration,0,1,058Y,M,PA,2682,2749,0.143,0.143,\n"
          "00000001_001.png,No Finding,1,1,18M,M,AP,2682,2749,0.143,0.143,\n"
          "00000002_000.png,Hernia,0,2,80,F,PA,2682,2749,0.143,0.143,\n"
          "00000003_000.png,Hernia,0,3,81,F,PA,2682,2749,0.143,0.143,\n"));
  folder.file("BBox_List_2017.csv",
              "Image Index,Finding Label,Bbox [x,y,w,h],,,\n"
              "00000001_000.png,Infiltrate,10.5,20,30,40,,,\n");
  const Manifest manifest = read_dataset(folder.text());
  CHECK(manifest.format == "nih");
  CHECK(manifest.multi_label);
  CHECK(manifest.class_names.size() == 14);
  REQUIRE(manifest.samples.size() == 3);
  const Sample& first = manifest.samples[0];
  const auto index = [&](const char* name) {
    return static_cast<size_t>(manifest.class_index(name));
  };
  CHECK(first.labels[index("Cardiomegaly")] == 1);
  CHECK(first.labels[index("Infiltration")] == 1);
  CHECK(first.labels[index("Hernia")] == 0);
  CHECK(first.patient == "1");
  REQUIRE(first.boxes.size() == 1);
  CHECK(first.boxes[0].label == manifest.class_index("Infiltration"));
  CHECK(first.boxes[0].x1 == 40.5f);
  CHECK(first.boxes_known);
  CHECK_FALSE(manifest.samples[1].boxes_known);
  CHECK(std::count(manifest.samples[1].labels.begin(), manifest.samples[1].labels.end(), 0) == 14);
  CHECK(manifest.meta_columns == Names{"follow_up",
                                       "age",
                                       "sex",
                                       "view",
                                       "original_width_px",
                                       "original_height_px",
                                       "original_spacing_x_mm",
                                       "original_spacing_y_mm"});
  CHECK(first.meta[1] == "58");
  CHECK(manifest.samples[1].meta[1] == "1.50");
  CHECK(kinds(manifest) == Names{"missing_file 00000003_000"});
  folder.file("BBox_List_2017.csv",
              "Image Index,Finding Label,Bbox [x,y,w,h],,,\n00000002_000.png,Mass,1,2,3,4,,,\n");
  const Manifest torn = read_dataset(folder.text());
  CHECK(kinds(torn) == Names{"label_conflict 00000002_000", "missing_file 00000003_000"});
  CHECK(torn.samples[2].labels[index("Mass")] == 1);
}

TEST_CASE("NIH: what a table cannot say") {
  TestFolder folder;
  folder.image("00000001_000.png");
  const auto fault = [&](const std::string& row) {
    folder.file("Data_Entry_2017.csv", kNihHeader + row);
    const auto [code, what] = failure(folder.text());
    CHECK(code == 65);
    return what;
  };
  CHECK(fault("00000001_000.png,Cardiomegali,0,1,58,M,PA,1,1,1,1,\n")
            .find("did you mean 'Cardiomegaly'") != std::string::npos);
  CHECK(fault("00000001_000.png,Hernia,0,1,old,M,PA,1,1,1,1,\n").find("'old' is not an age") !=
        std::string::npos);
  folder.file("Data_Entry_2017.csv",
              cat(kNihHeader, "00000001_000.png,Hernia,0,1,58,M,PA,1,1,1,1,\n"));
  folder.file("BBox_List_2017.csv",
              "Image Index,Finding Label,Bbox [x,y,w,h]\n00000001_000.png,Mass,1,2,3,x\n");
  const Manifest manifest = read_dataset(folder.text());
  CHECK(details(manifest) == Names{"BBox_List_2017.csv:2: h] is 'x', not a number"});
  CHECK_FALSE(manifest.samples[0].boxes_known);
}

TEST_CASE("several readers: each one's boxes, fused ones, those of more than half of them") {
  const std::vector<ReadBox> boxes{read_box("R1", "Mass", 0, 10),
                                   read_box("R2", "Mass", 2, 12),
                                   read_box("R3", "Nodule", 0, 10),
                                   read_box("R3", "Mass", 40, 50)};
  CHECK(merge_boxes(boxes, 3, Merging::keep).size() == 4);
  const auto fused = merge_boxes(boxes, 3, Merging::fuse);
  REQUIRE(fused.size() == 3);
  CHECK(fused[0].box.x0 == 1);
  CHECK(fused[0].box.x1 == 11);
  const auto majority = merge_boxes(boxes, 3, Merging::majority);
  REQUIRE(majority.size() == 1);
  CHECK(majority[0].class_name == "Mass");
  CHECK(merge_boxes(boxes, 4, Merging::majority).empty());
}

TEST_CASE("VinBigData: readers, no finding, images smaller than the boxes' frame") {
  TestFolder folder;
  for (const char* name : {"train/aa.png", "train/bb.png", "train/cc.png"}) folder.image(name);
  folder.file("train.csv",
              cat(kVinHeader,
                  "aa,No finding,14,R1,,,,\naa,No finding,14,R2,,,,\n"
                  "bb,Mass,8,R1,0,0,60,40\nbb,Mass,8,R2,6,0,66,40\nbb,No finding,14,R3,,,,\n"
                  "cc,Aortic enlargement,0,R1,0,0,60,40\ncc,Mass,8,R2,0,0,60,40\n"
                  "cc,No finding,14,R3,,,,\n"));
  folder.file("train_meta.csv", "image_id,dim0,dim1\nbb,40,60\n");
  ReadOptions options;
  const auto read = [&](const char* readers) {
    options.readers = readers;
    return read_dataset(folder.text(), options);
  };
  const Manifest fused = read("fuse");
  CHECK(fused.format == "vinbigdata");
  CHECK(fused.class_names == Names{"Aortic enlargement", "Mass"});
  CHECK(fused.multi_label);
  CHECK(fused.samples[0].labels == std::vector<int8_t>{0, 0});
  CHECK(fused.samples[0].boxes_known);
  CHECK(fused.samples[0].meta == Names{"R1 R2"});
  REQUIRE(fused.samples[1].boxes.size() == 1);  // 3..63 of 60 px, in images of 6 px
  CHECK(fused.samples[1].boxes[0].x0 == Approx(.3));
  CHECK(fused.samples[1].boxes[0].x1 == Approx(6.3));
  CHECK(fused.samples[2].labels == std::vector<int8_t>{1, 1});
  const Manifest all = read("keep");
  CHECK(all.samples[1].boxes.size() == 2);
  CHECK(all.meta_columns == Names{"readers", "box_readers"});
  CHECK(all.samples[1].meta == Names{"R1 R2 R3", "R1 R2"});
  const Manifest majority = read("majority");
  CHECK(majority.samples[1].labels == std::vector<int8_t>{0, 1});
  CHECK(majority.samples[2].labels == std::vector<int8_t>{0, 0});
  CHECK(majority.samples[2].boxes_known);
  CHECK(failure(folder.text(),
                [&] {
                  ReadOptions wrong;
                  wrong.readers = "fused";
                  return wrong;
                }())
            .second.find("did you mean 'fuse'") != std::string::npos);
  // Two of three see it, each elsewhere: the image shows it, and nobody knows where.
  folder.file("train.csv",
              cat(kVinHeader,
                  "aa,Mass,8,R1,0,0,3,4\naa,Mass,8,R2,0,0,3,4\naa,Mass,8,R3,0,0,3,4\n"
                  "bb,Mass,8,R1,0,0,2,2\nbb,Mass,8,R2,4,2,6,4\nbb,No finding,14,R3,,,,\n"));
  const Manifest torn = read("majority");
  CHECK(torn.samples[0].boxes_known);
  CHECK(torn.samples[1].labels == std::vector<int8_t>{1});
  CHECK(torn.samples[1].boxes.empty());
  CHECK_FALSE(torn.samples[1].boxes_known);
  // A part of the published set has all of its classes.
  folder.file("train.csv", cat(kVinHeader, "bb,Pneumothorax,12,R1,0,0,6,4\n"));
  CHECK(read("fuse").class_names.size() == 14);
  CHECK(read("fuse").samples[0].labels[12] == 1);
  folder.file("train.csv", cat(kVinHeader, "bb,Mass,8,R1,0,,60,40\n"));
  CHECK(details(read("fuse")) == Names{"train.csv:2: y_min is '', not a number"});
  CHECK(read("fuse").samples[0].labels == std::vector<int8_t>{1});
  CHECK_FALSE(read("fuse").samples[0].boxes_known);
}

TEST_CASE("VinBigData as published: DICOM files, boxes in their pixels") {
  TestFolder folder;
  for (const char* name : {"train/aa.dicom", "train/bb.dicom"})
    folder.file(name, read_file(golden_path("dataset/dicom/jpeg2000.dcm")));
  folder.file(
      "train.csv",
      cat(kVinHeader, "aa,No finding,14,R1,,,,\nbb,Mass,8,R1,1,2,3,4\nbb,Mass,8,R2,1,2,3,4\n"));
  const Manifest manifest = read_dataset(folder.text());
  CHECK(manifest.format == "vinbigdata");
  REQUIRE(manifest.samples.size() == 2);
  REQUIRE(manifest.samples[1].boxes.size() == 1);
  CHECK(manifest.samples[1].boxes[0].x1 == 3);
  const auto facts = scan_images(manifest, 1);
  CHECK(facts[1].readable);
  CHECK(facts[1].mode == "I;16");
}

TEST_CASE("imagefolder: metadata.jsonl or metadata.csv beside the images") {
  TestFolder folder;
  for (const char* name : {"train/1.png", "train/2.png", "test/1.png"}) folder.image(name);
  folder.file("train/metadata.jsonl",
              R"({"file_name":"1.png","label":"sick","patient":7,"age":61,)"
              R"("objects":{"bbox":[[1,1,2,2.5]],"categories":["sick"]}})"
              "\n"
              R"({"file_name":"2.png","labels":["well"],"view":"PA"})"
              "\n");
  folder.file("test/metadata.csv", "file_name,labels,age\n1.png,well|sick,30\n");
  CHECK(read_dataset(folder.text()).samples[1].labels == std::vector<int8_t>{1, 1});
  folder.file("test/metadata.csv", "file_name,label,age\n1.png,well,30\n");
  const Manifest manifest = read_dataset(folder.text());
  CHECK(manifest.format == "imagefolder");
  CHECK_FALSE(manifest.multi_label);
  CHECK(manifest.class_names == Names{"sick", "well"});
  REQUIRE(ids(manifest) == Names{"2", "test/1", "train/1"});
  CHECK(manifest.meta_columns == Names{"age", "view"});
  const Sample& sick = manifest.samples[2];
  CHECK(sick.patient == "7");
  CHECK(sick.meta == Names{"61", ""});
  CHECK(sick.part == "train");
  CHECK(sick.boxes.at(0).y1 == 3.5f);
  CHECK(manifest.samples[1].part == "test");
  CHECK(manifest.samples[1].exclusive_class() == 1);
  folder.file("train/metadata.jsonl", "{\"file_name\":\"1.png\"}\n{\"file\":\"2.png\"}\n");
  CHECK(failure(folder.text()).first == 65);
  CHECK(failure(folder.text()).second.find("metadata.jsonl:2: no file_name") != std::string::npos);
  folder.file("train/metadata.jsonl", "[1]\n");
  CHECK(failure(folder.text()).second.find("metadata.jsonl:1: not a JSON object") !=
        std::string::npos);
}

TEST_CASE("the published NIH table", "[data]") {
  const Path data = real_data("formats");
  if (data.empty()) return;
  // Its first 40,000 rows, without images: all are missing, which shows only after parsing.
  TestFolder folder;
  folder.image("00000001_000.png");
  std::filesystem::copy(data / "Data_Entry_2017_first40000.csv", folder / "Data_Entry_2017.csv");
  std::filesystem::copy(data / "BBox_List_2017.csv", folder / "BBox_List_2017.csv");
  const Manifest manifest = read_dataset(folder.text());
  CHECK(manifest.samples.size() == 1);
  CHECK(manifest.samples[0].labels[1] == 1);  // Cardiomegaly
  CHECK(manifest.samples[0].meta[1] == "57");
  CHECK(manifest.findings.size() == 39999);
}

TEST_CASE("the longest equal end of a path decides") {
  TestFolder folder;
  for (const char* name : {"train/a/s1/v.png", "train/b/s1/v.png"}) folder.image(name);
  folder.file("t.csv", "path,label\nR/train/a/s1/v.png,x\nR/train/b/s1/v.png,y\n");
  ReadOptions options;
  options.columns.path = "path";
  options.columns.label = "label";
  const Manifest manifest = read_dataset(folder.text(), options);
  CHECK(manifest.class_names == Names{"x", "y"});
  REQUIRE(manifest.samples.size() == 2);
  CHECK(manifest.samples[0].labels == std::vector<int8_t>{1, 0});
  CHECK(manifest.findings.empty());
}

TEST_CASE("names that differ from the file's in one way match, with a finding") {
  TestFolder folder;
  for (const char* name : {"images/p0.png", "images/p1.png", "images/p2.png", "images/q.png"})
    folder.image(name);
  folder.file("t.csv", "path,label\nimages\\p0.png,a\nP1.PNG,b\np2.jpg,a\nq.png,b\n");
  ReadOptions options;
  options.columns.path = "path";
  options.columns.label = "label";
  const Manifest manifest = read_dataset(folder.text(), options);
  CHECK(ids(manifest) == Names{"p0", "p1", "p2", "q"});
  CHECK(kinds(manifest) == Names{"name_differs p0", "name_differs p1", "name_differs p2"});
  CHECK(manifest.findings[0].detail ==
        "t.csv:2 names images\\p0.png, the file is images/p0.png; different: backslashes");
  // Only q.png exists, which is listed as it is: the other names are of missing files.
  folder.file("u/t.csv", "path,label\nq.jpg,a\nq.png,b\nQ.png,a\n");
  folder.image("u/q.png");
  CHECK(kinds(read_dataset(folder.text() + "/u", options)) ==
        Names{"missing_file Q", "missing_file q"});
  std::filesystem::remove_all(folder / "u");
  // Two files fit, so neither does.
  folder.image("images/p2.tif");
  CHECK(kinds(read_dataset(folder.text(), options))[0] == "missing_file p2");
}
