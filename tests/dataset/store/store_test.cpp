// SPDX-License-Identifier: Apache-2.0
#include "dataset/store/store.hpp"

#include <sys/mount.h>

#include <catch2/catch.hpp>

#include "dataset/store/columns.hpp"
#include "tests/dataset/store/small_store.hpp"

using namespace evenray;

namespace {

/// A store of rows as given, to be refused by the check.
std::string fault_of_rows(const Path& path,
                          const std::vector<std::pair<std::string, StoreRow>>& rows) {
  StoreWriter writer(path, small_info(), 3);
  for (const auto& [part, row] : rows) writer.add(part, row);
  writer.finish();
  return check_store(path).value_or("no fault");
}

}  // namespace

TEST_CASE("two rows of one id are refused", "[store]") {
  const ScratchFolder folder;
  StoreWriter writer(folder / "a.h5", small_info(), 2);
  writer.add("train", small_row("a", 0));
  const Error error = error_of([&] { writer.add("val", small_row("a", 1)); });
  CHECK(error.code() == Exit::bad_data);
  CHECK(contains(error.what(), "two rows with the id 'a'"));
}

TEST_CASE("a column is numeric where its values are finite", "[store]") {
  StorePart part;
  part.meta = {{"inf", "NaN", ""}, {"1", "2.5", ""}};
  CHECK(numeric_columns({&part}, 3) == std::set<size_t>{1});
}

TEST_CASE("a store gives back what was put in", "[store]") {
  const ScratchFolder folder;
  const int bits = GENERATE(8, 16);
  const int gzip = GENERATE(-1, 4);
  const std::string digest = write_small(folder / "a.h5", bits, {.gzip_level = gzip});
  const Store store(folder / "a.h5");
  CHECK(store.content_digest() == digest);
  CHECK(store.info().class_names == small_info().class_names);
  CHECK(store.info().meta_columns == small_info().meta_columns);
  CHECK(store.info().bits == bits);
  CHECK(store.info().config == small_info().config);
  CHECK(store.balanced_index() == std::vector<int64_t>{0, 1, 2, 3, 3});
  const StorePart& train = store.part("train");
  REQUIRE(train.size() == 4);
  CHECK(train.ids[2] == "image2");
  CHECK(train.groups[2] == "group of image2");
  CHECK(train.labels[3] == std::vector<int8_t>{0, 1});
  CHECK(train.rows_of(1) == std::vector<int64_t>{1, 3});
  CHECK(train.scales[0] == std::array<float, 2>{.5f, .25f});
  CHECK(train.offsets[0] == std::array<float, 2>{1, 2});
  CHECK(train.meta[1] == std::vector<std::string>{"", "7.25"});
  CHECK(train.meta[2] == std::vector<std::string>{"lateral", ""});
  CHECK(train.provenance[3].origin == Origin::augmented);
  CHECK(train.provenance[3].parent == 1);
  CHECK(train.provenance[3].recipe == "Rotate:15");
  CHECK(train.provenance[3].seed == uint64_t{1} << 63);
  CHECK(train.weights[3] == .5f);
  CHECK(train.boxes_known == std::vector<uint8_t>{1, 1, 1, 0});
  REQUIRE(train.boxes[1].size() == 2);
  CHECK(train.boxes[0].empty());
  CHECK(train.boxes[1][0].x1 == 4);
  REQUIRE(train.boxes[1][0].rings.size() == 1);
  CHECK(train.boxes[1][0].rings[0][2] == cv::Point2f(4, 6));
  CHECK(train.boxes[1][1].rings.empty());
  const cv::Mat expected = small_row("image5", 1, bits).image;
  CHECK(cv::countNonZero(store.image("test", 0) != expected) == 0);
  std::string all(4 * expected.total() * expected.elemSize(), '\0');
  store.read_images("train", 0, 4, all.data());
  const cv::Mat second = small_row("image1", 1, bits).image;
  CHECK(std::memcmp(all.data() + second.total() * second.elemSize(),
                    second.data,
                    second.total() * second.elemSize()) == 0);
  CHECK(check_store(folder / "a.h5") == std::nullopt);
}

TEST_CASE("the digest depends on the content alone", "[store]") {
  const ScratchFolder folder;
  const std::string plain = write_small(folder / "a.h5");
  CHECK(write_small(folder / "b.h5", 8, {.gzip_level = 1}, true) == plain);
  CHECK(write_small(folder / "c.h5", 8, {.gzip_level = 9}) == plain);
  CHECK(write_small(folder / "d.h5", 16) != plain);
}

TEST_CASE("what is not finished leaves nothing behind", "[store]") {
  const ScratchFolder folder;
  {
    StoreWriter writer(folder / "a.h5", small_info(), 2);
    writer.add("train", small_row("a", 1));
    CHECK(!std::filesystem::exists(folder / "a.h5"));
  }
  CHECK(std::filesystem::is_empty(folder.path()));
  StoreRow row = small_row("a", 1);
  row.image = cv::Mat(9, 10, CV_8UC1);
  StoreWriter writer(folder / "a.h5", small_info(), 2);
  CHECK(contains(error_of([&] { writer.add("train", row); }).what(), "10 x 9"));
}

TEST_CASE("a store can be written only where there is room", "[store]") {
  const ScratchFolder folder;
  CHECK(error_of([&] { StoreWriter(folder / "a.h5", small_info(), int64_t{1} << 40); }).code() ==
        Exit::io);
  write_text(folder / "file", "x");
  CHECK(error_of([&] { StoreWriter(folder / "file/a.h5", small_info(), 1); }).code() ==
        Exit::cannot_create);
}

TEST_CASE("a full disk ends with one error and no file", "[store]") {
  const ScratchFolder folder;
  const Path disk = folder / "disk";
  std::filesystem::create_directories(disk);
  if (::mount("tmpfs", disk.c_str(), "tmpfs", 0, "size=3m") != 0) {
    WARN("skipped: a small tmpfs can be mounted by root only");
    return;
  }
  struct Unmount {
    Path disk;
    ~Unmount() { ::umount2(disk.c_str(), MNT_DETACH); }
  } const unmount{disk};
  StoreInfo info = small_info();
  info.height = info.width = 256;
  const int gzip = GENERATE(-1, 1);
  const uint64_t shard_bytes = GENERATE(StoreForm{}.shard_bytes, 300'000);
  const Error error = error_of([&] {
    StoreWriter writer(disk / "a.h5", info, 1, {gzip, false, shard_bytes});
    StoreRow row = small_row("a", 1);
    row.image = cv::Mat(256, 256, CV_8UC1);
    cv::randu(row.image, 0, 255);
    for (int i = 0; i < 100; ++i) {
      row.id = cat(i);
      writer.add("train", row);
    }
    writer.finish();
  });
  CHECK(error.code() == Exit::io);
  CHECK(contains(error.what(), "no space left"));
  CHECK(std::filesystem::is_empty(disk));
  write_small(disk / "b.h5");
  CHECK(check_store(disk / "b.h5") == std::nullopt);
}

TEST_CASE("the check names the first fault", "[store]") {
  const ScratchFolder folder;
  const Path path = folder / "a.h5";
  const StoreRow good = small_row("a", 0);
  StoreRow bad = small_row("b", 1);
  CHECK(fault_of_rows(path, {{"train", good}, {"test", bad}}) == "no fault");
  bad.group = good.group;
  CHECK(contains(fault_of_rows(path, {{"train", good}, {"test", bad}}), "is also in /train"));
  CHECK(contains(fault_of_rows(path, {{"val", good}, {"test", bad}}), "is also in /val"));
  bad = small_row("b", 1);
  bad.provenance = {Origin::synthetic, -1, "gan", 3};
  CHECK(fault_of_rows(path, {{"train", good}, {"train", bad}}) == "no fault");
  CHECK(
      contains(fault_of_rows(path, {{"train", good}, {"test", bad}}), "only real, unaltered rows"));
  bad.provenance = {Origin::copy, -1, "", 0};
  CHECK(contains(fault_of_rows(path, {{"train", good}, {"train", bad}}),
                 "a copied or augmented row has no parent"));
  bad.provenance = {Origin::copy, 1, "", 0};
  CHECK(contains(fault_of_rows(path, {{"train", good}, {"train", bad}}), "is not real"));
  bad.provenance = {Origin::copy, 7, "", 0};
  CHECK(contains(fault_of_rows(path, {{"train", good}, {"train", bad}}), "has parent row 7 of 2"));
  bad = small_row("b", 1);
  bad.labels = {1, 1};
  CHECK(contains(fault_of_rows(path, {{"train", good}, {"train", bad}}), "2 classes are 1"));
  bad = small_row("b", 1);
  bad.boxes[0].x1 = 11;
  CHECK(contains(fault_of_rows(path, {{"train", good}, {"train", bad}}),
                 "is empty or not inside the image"));
  CHECK(error_of([&] { check_store(folder / "none.h5"); }).code() == Exit::missing_input);
}

TEST_CASE("names that a store does not have", "[store]") {
  const ScratchFolder folder;
  write_small(folder / "a.h5");
  const Store store(folder / "a.h5");
  const Error error = error_of([&] { store.info().class_index("Hernia"); });
  CHECK(error.code() == Exit::bad_data);
  CHECK(std::string(error.what()) ==
        "this store has no class 'Hernia' (it has: Non_fractured, Fractured)");
  CHECK(store.info().class_index("Fractured") == 1);
  CHECK(error_of([&] { store.part("valid"); }).code() == Exit::usage);
  CHECK(error_of([&] { store.image("val", 1); }).code() == Exit::usage);
  StoreInfo twice = small_info();
  twice.meta_columns = {"a/b", "a_b"};
  CHECK(error_of([&] { StoreWriter(folder / "b.h5", twice, 1); }).code() == Exit::bad_data);
}
