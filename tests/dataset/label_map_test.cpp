// SPDX-License-Identifier: Apache-2.0
#include "dataset/label_map.hpp"

#include "tests/dataset/test_folder.hpp"

using namespace evenray;

namespace {

/// Three classes that do not exclude one another.
Manifest findings() {
  Manifest manifest;
  manifest.source = "set";
  manifest.multi_label = true;
  manifest.class_names = {"Infiltrate", "Mass", "Nodule"};
  const std::vector<std::vector<int8_t>> labels{{1, 0, 0}, {0, -1, 0}, {0, 1, -1}, {0, 0, 0}};
  for (const auto& row : labels) {
    Sample sample;
    sample.id = cat(manifest.samples.size());
    sample.labels = row;
    manifest.samples.push_back(sample);
  }
  Box box;
  box.label = 1;
  manifest.samples[2].boxes = {box};
  box.label = 0;
  manifest.samples[0].boxes = {box};
  return manifest;
}

Manifest mapped(const std::string& text, Manifest manifest = findings()) {
  const ScratchFolder scratch;
  write_text(scratch / "map.csv", "from,to\n" + text);
  LabelMap map(scratch / "map.csv");
  map.apply(manifest);
  map.check_all_used();
  return manifest;
}

std::string refusal(const std::string& text, Manifest manifest = findings()) {
  try {
    mapped(text, std::move(manifest));
  } catch (const Error& error) {
    CHECK(error.code() == Exit::bad_data);
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("a label map renames, merges and drops; unknown stays unknown") {
  const Manifest out = mapped("Infiltrate,Infiltration\nMass,Lesion\nNodule,Lesion\n");
  CHECK(out.class_names == Names{"Infiltration", "Lesion"});
  CHECK(out.samples[0].labels == std::vector<int8_t>{1, 0});
  CHECK(out.samples[1].labels == std::vector<int8_t>{0, -1});
  CHECK(out.samples[2].labels == std::vector<int8_t>{0, 1});
  CHECK(out.samples[2].boxes[0].label == 1);
  CHECK(out.multi_label);
  const Manifest dropped = mapped("Infiltrate,\n");
  CHECK(dropped.class_names == Names{"Mass", "Nodule"});
  CHECK(dropped.samples.size() == 4);
  CHECK(dropped.samples[0].boxes.empty());
  CHECK(dropped.samples[2].boxes[0].label == 0);
}

TEST_CASE("a label map names what has no finding; then classes may exclude one another") {
  Manifest known = findings();
  known.samples[1].labels = {0, 0, 0};
  known.samples[2].labels = {0, 1, 0};
  const Manifest out = mapped(",Normal\n", known);
  CHECK(out.class_names == Names{"Infiltrate", "Mass", "Nodule", "Normal"});
  CHECK_FALSE(out.multi_label);
  CHECK(out.samples[3].exclusive_class() == 3);
  // An unknown label is no "none".
  CHECK(mapped(",Normal\n").samples[1].labels == std::vector<int8_t>{0, -1, 0, 0});
}

TEST_CASE("where classes exclude one another, a dropped one takes its images along") {
  const Manifest out = mapped("Fractured,\n", drawn_manifest(8));
  CHECK(out.class_names == Names{"Non_fractured"});
  CHECK(out.samples.size() == 6);
  CHECK(
      refusal("Fractured,\nNon_fractured,\n", drawn_manifest(8)).find("drops all of its images") !=
      std::string::npos);
}

TEST_CASE("a label map that names what is not there, or one class twice, is refused") {
  CHECK(refusal("Infiltration,Lesion\n").find("class 'Infiltration' is not in the data") !=
        std::string::npos);
  CHECK(refusal("Mass,A\nMass,B\n").find("map.csv:3: class 'Mass' is listed twice") !=
        std::string::npos);
  CHECK(refusal(",\n").find("name the class of images without a class") != std::string::npos);
}

TEST_CASE("several sources go through one label map, each as far as it knows the classes") {
  TestFolder folder;
  for (const char* name : {"a/sick/1.png", "a/well/2.png", "b/ill/1.png", "b/well/2.png"})
    folder.image(name);
  folder.file("map.csv", "from,to\nill,sick\n");
  ReadOptions options;
  options.labels = (folder / "map.csv").string();
  const Manifest all = read_datasets({folder.text() + "/a", folder.text() + "/b"}, options);
  CHECK(all.class_names == Names{"sick", "well"});
  CHECK(ids(all) == Names{"a/1", "a/2", "b/1", "b/2"});
  CHECK(all.samples[2].exclusive_class() == 0);
}
