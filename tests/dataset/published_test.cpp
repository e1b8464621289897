// SPDX-License-Identifier: Apache-2.0
#include "dataset/published.hpp"

#include <map>

#include "tests/dataset/test_folder.hpp"

using namespace evenray;

TEST_CASE("published lists give the images their parts; others are left out") {
  TestFolder folder;
  for (const char* name : {"a/1.png", "a/2.png", "b/3.png", "b/4.png"}) folder.image(name);
  folder.file("train_val_list.txt", "1.png\r\n3.png");
  folder.file("test_list.txt", "2.png\n9.png\n");
  Manifest manifest = read_dataset(folder.text());
  CHECK(apply_published_split(manifest, "nih") == 1);
  REQUIRE(ids(manifest) == Names{"1", "2", "3"});
  CHECK(manifest.samples[0].part == "train");
  CHECK(manifest.samples[1].part == "test");
  const auto refused = [&](const std::string& name) {
    Manifest again = read_dataset(folder.text());
    return error_of([&] { apply_published_split(again, name); });
  };
  CHECK(refused("nhi").code() == Exit::usage);
  CHECK(refused("fracatlas").code() == Exit::missing_input);
  Manifest drawn = read_dataset("phantom:images=20,size_px=32x32");
  CHECK(error_of([&] { apply_published_split(drawn, "nih"); }).code() == Exit::missing_input);
  folder.file("train_val_list.txt", "");
  folder.file("test_list.txt", "9.png\n");
  CHECK(refused("nih").code() == Exit::bad_data);
}

TEST_CASE("FracAtlas' published split", "[data]") {
  const Path data = real_data("fracatlas");
  if (data.empty()) return;
  Manifest manifest = read_dataset(data);
  CHECK(apply_published_split(manifest, "fracatlas") == 2980 - 490);
  std::map<std::string, int> counts;
  for (const auto& sample : manifest.samples) ++counts[sample.part];
  CHECK(counts == std::map<std::string, int>{{"test", 57}, {"train", 357}, {"val", 76}});
}
