// SPDX-License-Identifier: Apache-2.0
#include "dataset/reader_checks.hpp"

#include "tests/dataset/test_folder.hpp"

using namespace evenray;

TEST_CASE("classes that differ in case or blanks only are told") {
  const TestFolder folder;
  for (const char* name : {"Broken/1.png", "broken/2.png", "broken/3.png", "whole/4.png"})
    folder.image(name);
  const Manifest manifest = read_dataset(folder.text());
  CHECK(kinds(manifest) == Names{"class_spelling 1"});
  CHECK_THAT(manifest.findings.at(0).detail, Catch::Contains("'Broken' (1), 'broken' (2)"));
  ReadOptions options;
  options.labels = (folder / "../map.csv").string();
  write_text(options.labels, "from,to\nBroken,broken\n");
  CHECK(kinds(read_dataset(folder.text(), options)).empty());
}

TEST_CASE("data sets that are not read are told by their name, with the way out") {
  const TestFolder parquet;
  parquet.file("data/train-00000-of-00001.parquet", "PAR1");
  parquet.image("Broken/1.png");
  auto found = failure(parquet.text());
  CHECK(found.first == 65);
  CHECK_THAT(found.second, Catch::Contains("Hugging Face") && Catch::Contains("metadata.csv"));
  const TestFolder labelme;
  labelme.image("Broken/1.png");
  labelme.file("Broken/1.json",
               R"({"version": "5.0", "shapes": [], "imagePath": "1.png", "imageData": null})");
  found = failure(labelme.text());
  CHECK(found.first == 65);
  CHECK_THAT(found.second, Catch::Contains("LabelMe") && Catch::Contains("COCO"));
  CHECK(read_dataset(labelme.text(), with("folder")).class_names == Names{"Broken"});
}

TEST_CASE("a setting that applies to no source is refused") {
  const TestFolder folder;
  folder.image("Broken/1.png");
  ReadOptions options;
  options.readers = "keep";
  auto found = failure(folder.text(), options);
  CHECK(found.first == 78);
  CHECK_THAT(found.second, Catch::Contains("data.readers applies to"));
  options = {};
  options.key = folder.text() + "/key";
  found = failure(folder.text(), options);
  CHECK(found.first == 78);
  CHECK_THAT(found.second, Catch::Contains("data.key (--key) applies to DICOM files"));
}
