// SPDX-License-Identifier: Apache-2.0
#include "dataset/summary/summary.hpp"

#include <catch2/catch.hpp>
#include <utility>

#include "core/error.hpp"
#include "tests/dataset/drawn.hpp"

using namespace evenray;

namespace {

/// Five images: four of class a (one with two boxes on b), one of class b.
Manifest small_set(bool patients) {
  Manifest manifest;
  manifest.format = "folder";
  manifest.source = "small <set>";
  manifest.class_names = {"a", "b"};
  manifest.meta_columns = {"age", "view"};
  for (int i = 0; i < 5; ++i) {
    Sample sample;
    sample.id = std::to_string(i);
    sample.labels = {int8_t(i < 4), int8_t(i == 4)};
    sample.draw = [i] { return drawn_picture(static_cast<uint64_t>(i)); };
    sample.meta = {i == 0 ? "100" : "9", i == 1 ? "" : "PA"};
    if (patients) sample.patient = std::to_string(i / 2);
    if (i == 3) sample.boxes.assign(2, Box{0, 0, 1, 1, 1, {}});
    sample.boxes_known = i == 3;
    manifest.samples.push_back(sample);
  }
  return manifest;
}

std::vector<ImageFacts> small_facts() {
  std::vector<ImageFacts> facts(5);
  for (size_t i = 0; i < facts.size(); ++i) {
    facts[i].readable = i != 2;
    facts[i].width = i == 0 ? 30 : 40;
    facts[i].height = 50;
  }
  facts[4].bits = 16;
  return facts;
}

}  // namespace

TEST_CASE("inspect as JSON") {
  const Json json = inspect_json(small_set(true), small_facts());
  CHECK(json.at("images") == 5);
  CHECK(
      json.at("classes").dump() ==
      R"([{"name":"a","images":4,"patients":2,"boxes":0},{"name":"b","images":1,"patients":1,"boxes":2}])");
  CHECK(json.at("sizes").dump() ==
        R"([{"width":40,"height":50,"images":3},{"width":30,"height":50,"images":1}])");
  CHECK(json.at("bits") == 16);
  CHECK(json.at("imbalance_ratio") == 4);
  CHECK(json.at("irlbl").dump() == R"({"a":1.0,"b":4.0})");
  CHECK(json.at("mean_ir") == 2.5);
  CHECK(json.at("metadata").dump() == R"({"age":{"9":4,"100":1},"view":{"":1,"PA":4}})");
  CHECK(inspect_json(small_set(false), small_facts()).at("classes")[0].at("patients").is_null());
}

TEST_CASE("groups of a store are not called patients") {
  Manifest manifest = small_set(true);
  for (auto& sample : manifest.samples) sample.visit = std::exchange(sample.patient, "");
  const Json json = inspect_json(manifest, small_facts());
  CHECK_FALSE(json.contains("patients"));
  CHECK(json.at("groups").at("groups") == 3);
  CHECK(contains(
      inspect_text(json),
      "Groups (patients are unknown)\n  3 with 5 images; per group: median 2, at most 2\n"));
  CHECK(contains(inspect_html(manifest, small_facts(), json),
                 "3 groups with 5 images. Images of one group belong in one part. Patients are "
                 "unknown."));
}

TEST_CASE("files with pictures that are not read are counted") {
  Manifest manifest = small_set(true);
  auto facts = small_facts();
  CHECK_FALSE(inspect_json(manifest, facts).contains("files_with_further_pictures"));
  facts[0].pictures = facts[1].pictures = facts[2].pictures = 2;
  for (int i = 0; i < 3; ++i) manifest.samples[static_cast<size_t>(i)].file = i < 2 ? "a" : "b";
  const Json json = inspect_json(manifest, facts);  // both pictures of a, one of b
  CHECK(json.at("files_with_further_pictures") == 1);
  CHECK(contains(inspect_text(json), "further pictures that are not read: in 1 file;"));
}

TEST_CASE("training rows by origin stand beside the imbalance of the source") {
  Manifest manifest = small_set(true);
  CHECK_FALSE(inspect_json(manifest, small_facts()).contains("training"));
  manifest.training_rows = {{3, 0, 0, 0}, {1, 0, 1, 1}};
  const Json json = inspect_json(manifest, small_facts());
  CHECK(json.at("imbalance_ratio") == 4);
  CHECK(json.at("training").at("imbalance_ratio") == 1);
  CHECK(json.at("training").at("classes")[1].dump() ==
        R"({"name":"b","real":1,"copy":0,"augmented":1,"synthetic":1,"rows":3})");
  const std::string text = inspect_text(json);
  CHECK(contains(text, "5 real images, 16 bits, imbalance 1 : 4.00"));
  CHECK(contains(text, "Training (train part), imbalance 1 : 1.00\n"));
  CHECK(contains(text, "  b         3     1     0          1          1\n"));
  CHECK(
      contains(inspect_html(manifest, small_facts(), json), "Training sees an imbalance of 1 : 1"));
}

TEST_CASE("a value that is no number is not lost among those that are") {
  Manifest manifest = small_set(true);
  for (size_t i = 0; i < manifest.samples.size(); ++i)
    manifest.samples[i].meta[0] = i == 0 ? "nan" : std::to_string(i);
  const Json values = inspect_json(manifest, small_facts()).at("metadata").at("age");
  CHECK(values.dump() == R"({"1":1,"2":1,"3":1,"4":1,"nan":1})");
}

TEST_CASE("inspect as text") {
  const std::string text = inspect_text(inspect_json(small_set(false), small_facts()));
  CHECK(
      text ==
      "5 images, 16 bits, imbalance 1 : 4.00, mean IR 2.50\n"
      "\n"
      "Classes\n"
      "  class  images   share  patients  boxes  IRLbl\n"
      "  a           4  80.0 %   unknown      0   1.00\n"
      "  b           1  20.0 %   unknown      2   4.00\n"
      "\n"
      "Sizes\n"
      "  width x height  images\n"
      "  40 x 50              3\n"
      "  30 x 50              1\n"
      "\n"
      "Boxes\n"
      "  2 in 1 of 1 annotated images\n"
      "  images by their number of boxes: 2: 1\n"
      "  side (root of the area) in px: median 1.00, middle 50 % 1.00 to 1.00; share of the image: "
      "median 0.05 %\n"
      "\n"
      "Metadata (value: images)\n"
      "  age   9: 4, 100: 1\n"
      "  view  (missing): 1, PA: 4\n");
}

TEST_CASE("inspect as a page") {
  const Manifest manifest = small_set(true);
  const std::string page =
      inspect_html(manifest, small_facts(), inspect_json(manifest, small_facts()));
  CHECK(page.find("small &lt;set&gt;") != std::string::npos);
  CHECK(page.find("small <set>") == std::string::npos);
  CHECK(page.find("4.00 of the most frequent one") != std::string::npos);
  CHECK(page.find("<svg") != std::string::npos);
  CHECK(page.find("40 x 50") != std::string::npos);
}

TEST_CASE("inspect counts patients, sources, values and labels together") {
  Manifest manifest = small_set(true);
  manifest.multi_label = true;
  manifest.samples[0].labels = {1, 1};
  manifest.samples[1].labels = {1, -1};
  manifest.sources = {"x", "y"};
  for (size_t i = 0; i < 5; ++i) manifest.samples[i].id.insert(0, i < 2 ? "x/" : "y/");
  auto facts = small_facts();
  facts[0].mode = facts[3].mode = "L";
  const Json json = inspect_json(manifest, facts, {"view"});
  CHECK(json["patients"]["patients"] == 3);
  CHECK(json["patients"]["images_a_patient"]["max"] == 2);
  CHECK(json["modes"].dump() == R"({"L":2})");
  CHECK(json["classes"][1]["unknown"] == 1);
  CHECK(
      json["sources"].dump() ==
      R"([{"name":"x","images":2,"classes":{"a":2,"b":1}},{"name":"y","images":3,"classes":{"a":2,"b":1}}])");
  CHECK(json["by"].dump() == R"({"view":{"":{"a":1,"b":0},"PA":{"a":3,"b":2}}})");
  CHECK(images_by(manifest, {"source"}).dump() ==
        R"({"source":{"x":{"a":2,"b":1},"y":{"a":2,"b":1}}})");
  CHECK(json["labels"]["labelsets"] == 3);
  CHECK(json["labels"]["together"]["a"]["b"] == 1);
  const std::string text = inspect_text(json);
  CHECK(text.find("most often: a and b 1") != std::string::npos);
  CHECK(text.find("By view\n  view       a  b\n  (missing)  1  0\n") != std::string::npos);
  try {
    images_by(manifest, {"vew"});
    FAIL("a column that is not there");
  } catch (const Error& error) {
    CHECK(error.code() == Exit::bad_data);
    CHECK(std::string(error.what()).find("did you mean 'view'") != std::string::npos);
  }
}

TEST_CASE("a row an image, as CSV") {
  Manifest manifest = small_set(true);
  manifest.samples[1].labels = {1, -1};
  manifest.samples[4].part = "test";
  auto facts = small_facts();
  facts[3].mode = "RGB";
  const std::string table = inspect_table(manifest, facts);
  CHECK(
      table.starts_with("id,path,class,width,height,mode,bits,patient,part,boxes,age,view\n"
                        "0,,a,30,50,,8,0,,,100,PA\n"
                        "1,,a|?b,40,50,,8,0,,,9,\n"
                        "2,,a,,,,,1,,,9,PA\n"
                        "3,,a,40,50,RGB,8,1,,2,9,PA\n"
                        "4,,b,40,50,,16,2,test,,9,PA\n"));
}
