// SPDX-License-Identifier: Apache-2.0
#include "dataset/store.hpp"

#include <sys/mount.h>

#include <catch2/catch.hpp>
#include <fstream>

#include "core/parallel.hpp"
#include "core/rng.hpp"
#include "dataset/hdf5.hpp"
#include "dataset/store_seal.hpp"
#include "tests/fixture.hpp"

using namespace evenray;

namespace {

StoreInfo small_info(int bits = 8) {
  StoreInfo info;
  info.class_names = {"Non_fractured", "Fractured"};
  info.height = 12;
  info.width = 10;
  info.bits = bits;
  info.value_max = bits == 8 ? 255 : 65535;
  info.meta_columns = {"view", "age"};
  info.config = "[pack]\nbits = 8\n";
  info.source = "drawn";
  info.source_digest = "00";
  info.licence = "none";
  return info;
}

cv::Mat noise(int bits, uint64_t seed) {
  cv::Mat image(12, 10, bits == 8 ? CV_8UC1 : CV_16UC1);
  Rng rng(seed);
  for (size_t i = 0; i < image.total() * image.elemSize(); ++i) {
    image.data[i] = static_cast<uint8_t>(rng.below(40));
  }
  return image;
}

StoreRow small_row(const std::string& id, int label, int bits = 8) {
  StoreRow row;
  row.image = noise(bits, std::hash<std::string>()(id));
  row.labels = {static_cast<int8_t>(1 - label), static_cast<int8_t>(label)};
  row.id = id;
  row.group = "group of " + id;
  row.source_path = "images/" + id + ".png";
  row.scale = {.5f, .25f};
  row.offset = {1, 2};
  row.boxes_known = true;
  row.meta = {"frontal", "61"};
  if (label) row.boxes = {{1, 2, 4, 6, 1, {{{1, 2}, {4, 2}, {4, 6}}}}, {5, 5, 6, 7, 1, {}}};
  return row;
}

/// Six rows: four of train, one of val, one of test.
std::string write_small(const Path& path, int bits = 8, int gzip = -1, bool on_workers = false) {
  StoreWriter writer(path, small_info(bits), 6, gzip);
  std::vector<StoreRow> rows;
  for (int i = 0; i < 6; ++i) rows.push_back(small_row(cat("image", i), i % 2, bits));
  rows[1].meta = {"", "7.25"};
  rows[2].meta = {"lateral", ""};
  rows[3].provenance = {Origin::augmented, 1, "Rotate:15", uint64_t{1} << 63};
  rows[3].boxes.clear();
  rows[3].boxes_known = false;
  rows[3].weight = .5f;
  std::vector<std::string> prepared(rows.size());
  if (on_workers) {
    parallel_for(rows.size(), 3, [&](size_t i) { prepared[i] = writer.compress(rows[i].image); });
  }
  for (size_t i = 0; i < rows.size(); ++i) {
    writer.add(i < 4 ? "train" : i < 5 ? "val" : "test", rows[i], prepared[i]);
  }
  writer.set_balanced_index({0, 1, 2, 3, 3});
  return writer.finish();
}

/// A store of rows as given, to be refused by the check.
std::string fault_of_rows(const Path& path,
                          const std::vector<std::pair<std::string, StoreRow>>& rows) {
  StoreWriter writer(path, small_info(), 3);
  for (const auto& [part, row] : rows) writer.add(part, row);
  writer.finish();
  return check_store(path).value_or("no fault");
}

/// A store without its seal, open for changes by HDF5 itself.
Hdf5Handle open_unsealed(const Path& path) {
  std::filesystem::resize_file(path, std::filesystem::file_size(path) - kSealBytes);
  return {H5Fopen(path.c_str(), H5F_ACC_RDWR, H5P_DEFAULT), H5Fclose, "open"};
}

std::string bytes_of(const Path& path) { return read_file(path); }

void write_bytes(const Path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

}  // namespace

TEST_CASE("a store gives back what was put in", "[store]") {
  const ScratchFolder folder;
  const int bits = GENERATE(8, 16);
  const int gzip = GENERATE(-1, 4);
  const std::string digest = write_small(folder / "a.h5", bits, gzip);
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
  CHECK(write_small(folder / "b.h5", 8, 1, true) == plain);
  CHECK(write_small(folder / "c.h5", 8, 9) == plain);
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
  write_bytes(folder / "file", "x");
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
  const Error error = error_of([&] {
    StoreWriter writer(disk / "a.h5", info, 1, gzip);
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
  CHECK(contains(fault_of_rows(path, {{"train", good}, {"test", good}}), "this id occurs twice"));
  bad.group = good.group;
  CHECK(contains(fault_of_rows(path, {{"train", good}, {"test", bad}}), "is also in /train"));
  CHECK(contains(fault_of_rows(path, {{"val", good}, {"test", bad}}), "is also in /val"));
  bad = small_row("b", 1);
  bad.provenance = {Origin::synthetic, -1, "gan", 3};
  CHECK(fault_of_rows(path, {{"train", good}, {"train", bad}}) == "no fault");
  CHECK(
      contains(fault_of_rows(path, {{"train", good}, {"test", bad}}), "only real, unaltered rows"));
  bad.provenance = {Origin::copy, -1, "", 0};
  CHECK(contains(fault_of_rows(path, {{"train", good}, {"train", bad}}), "without a parent"));
  bad.provenance = {Origin::copy, 1, "", 0};
  CHECK(contains(fault_of_rows(path, {{"train", good}, {"train", bad}}), "is not real"));
  bad.provenance = {Origin::copy, 7, "", 0};
  CHECK(contains(fault_of_rows(path, {{"train", good}, {"train", bad}}), "names row 7 of 2"));
  bad = small_row("b", 1);
  bad.labels = {1, 1};
  CHECK(contains(fault_of_rows(path, {{"train", good}, {"train", bad}}), "2 classes are 1"));
  bad = small_row("b", 1);
  bad.boxes[0].x1 = 11;
  CHECK(contains(fault_of_rows(path, {{"train", good}, {"train", bad}}),
                 "does not lie in the image"));
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

TEST_CASE("a flipped bit or a cut is told, never read", "[store]") {
  const ScratchFolder folder;
  write_small(folder / "a.h5", 8, GENERATE(-1, 4));
  const std::string whole = bytes_of(folder / "a.h5");
  Rng rng(5);
  for (int i = 0; i < 150; ++i) {
    std::string bytes = whole;
    const bool cut = i % 3 == 0;
    const size_t at = cut && i < 6 ? bytes.size() - 1 - rng.below(100) : rng.below(bytes.size());
    if (cut) {
      bytes.resize(at == whole.size() - kSealBytes ? at - 1 : at);
    } else {
      bytes[at] = static_cast<char>(bytes[at] ^ (1 << rng.below(8)));
    }
    write_bytes(folder / "b.h5", bytes);
    INFO((cut ? "cut at " : "flip at ") << at);
    const auto fault = check_store(folder / "b.h5");
    REQUIRE(fault);
    CHECK(contains(*fault, "b.h5"));
    CHECK(error_of([&] { Store(folder / "b.h5"); }).code() == Exit::bad_data);
  }
  write_bytes(folder / "b.h5", "");
  CHECK(check_store(folder / "b.h5"));
}

TEST_CASE("other pixels without a seal are caught by the digest", "[store]") {
  const ScratchFolder folder;
  write_small(folder / "a.h5");
  {
    const auto file = open_unsealed(folder / "a.h5");
    const Hdf5Handle images(H5Dopen2(file.get(), "/test/images", H5P_DEFAULT), H5Dclose, "open");
    const cv::Mat other(12, 10, CV_8UC1, cv::Scalar(9));
    const hsize_t at[3] = {0, 0, 0};
    H5Dwrite_chunk(images.get(), H5P_DEFAULT, 0, at, other.total(), other.data);
  }
  CHECK(contains(check_store(folder / "a.h5").value_or(""), "content_digest"));
  CHECK(Store(folder / "a.h5").part("test").size() == 1);
}

TEST_CASE("links, foreign storage and false sizes are refused", "[store]") {
  const ScratchFolder folder;
  const Path path = folder / "a.h5";
  write_small(path);
  std::string expected;
  {
    const auto file = open_unsealed(path);
    const hsize_t shape[1] = {4};
    const Hdf5Handle space(H5Screate_simple(1, shape, nullptr), H5Sclose, "space");
    const Hdf5Handle properties(H5Pcreate(H5P_DATASET_CREATE), H5Pclose, "properties");
    const auto replace = [&](const char* name, hid_t type, hid_t with_space) {
      H5Ldelete(file.get(), name, H5P_DEFAULT);
      const hid_t made = H5Dcreate2(
          file.get(), name, type, with_space, H5P_DEFAULT, properties.get(), H5P_DEFAULT);
      REQUIRE(made >= 0);
      H5Dclose(made);
    };
    SECTION("external link") {
      H5Lcreate_external("/etc/passwd", "/", file.get(), "/train/extra", H5P_DEFAULT, H5P_DEFAULT);
      expected = "/train/extra is a link to elsewhere";
    }
    SECTION("soft link in place of a column") {
      H5Ldelete(file.get(), "/val/weight", H5P_DEFAULT);
      H5Lcreate_soft("/train/weight", file.get(), "/val/weight", H5P_DEFAULT, H5P_DEFAULT);
      expected = "/val/weight is a link to elsewhere";
    }
    SECTION("external storage") {
      H5Pset_external(properties.get(), "/etc/passwd", 0, 16);
      replace("/train/weight", H5T_IEEE_F32LE, space.get());
      expected = "/train/weight keeps its data in another file";
    }
    SECTION("virtual layout") {
      H5Pset_layout(properties.get(), H5D_VIRTUAL);
      H5Pset_virtual(properties.get(), space.get(), "/tmp/other.h5", "/x", space.get());
      replace("/train/weight", H5T_IEEE_F32LE, space.get());
      expected = "/train/weight has a virtual layout";
    }
    SECTION("foreign filter") {
      H5Pset_chunk(properties.get(), 1, shape);
      H5Pset_filter(properties.get(), 32001, H5Z_FLAG_OPTIONAL, 0, nullptr);
      replace("/train/weight", H5T_IEEE_F32LE, space.get());
      expected = "/train/weight uses filter 32001";
    }
    SECTION("another type") {
      replace("/train/weight", H5T_IEEE_F64LE, space.get());
      expected = "/train/weight is not of type float32";
    }
    SECTION("a billion boxes") {
      const hsize_t huge[2] = {uint64_t{1} << 40, 4};
      const Hdf5Handle large(H5Screate_simple(2, huge, nullptr), H5Sclose, "space");
      const hsize_t chunk[2] = {1, 4};
      H5Pset_chunk(properties.get(), 2, chunk);
      replace("/train/boxes", H5T_IEEE_F32LE, large.get());
      expected = "/train/boxes claims more data than the file can hold";
    }
    SECTION("rows that do not match") {
      const hsize_t three[1] = {3};
      const Hdf5Handle fewer(H5Screate_simple(1, three, nullptr), H5Sclose, "space");
      replace("/train/weight", H5T_IEEE_F32LE, fewer.get());
      expected = "/train/weight has 3 rows, not 4";
    }
    SECTION("a part that is missing") {
      H5Ldelete(file.get(), "/val", H5P_DEFAULT);
      expected = "/val is missing";
    }
    SECTION("another schema") {
      H5Adelete_by_name(file.get(), "/", "schema", H5P_DEFAULT);
      expected = "not an evenray store";
    }
  }
  const Error error = error_of([&] { Store store(path); });
  CHECK(error.code() == Exit::bad_data);
  CHECK(contains(error.what(), expected));
  CHECK(contains(check_store(path).value_or(""), expected));
}

TEST_CASE("values that make no sense are faults of the part", "[store]") {
  const ScratchFolder folder;
  write_small(folder / "a.h5");
  {
    const auto file = open_unsealed(folder / "a.h5");
    const Hdf5Handle offsets(
        H5Dopen2(file.get(), "/train/box_offsets", H5P_DEFAULT), H5Dclose, "open");
    const std::vector<int64_t> falling{0, 2, 1, 2, 2};
    H5Dwrite(offsets.get(), H5T_STD_I64LE, H5S_ALL, H5S_ALL, H5P_DEFAULT, falling.data());
  }
  const Store store(folder / "a.h5");
  CHECK(error_of([&] { store.part("train"); }).code() == Exit::bad_data);
  CHECK(contains(check_store(folder / "a.h5").value_or(""), "/box_offsets does not rise"));
}

TEST_CASE("text, folders and other HDF5 files are no stores", "[store]") {
  const ScratchFolder folder;
  write_bytes(folder / "a.h5", std::string(5000, 'x'));
  CHECK(contains(error_of([&] { Store(folder / "a.h5"); }).what(), "not an HDF5 file"));
  {
    const Hdf5Handle file(
        H5Fcreate((folder / "b.h5").c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT),
        H5Fclose,
        "create");
  }
  CHECK(contains(error_of([&] { Store(folder / "b.h5"); }).what(), "not an evenray store"));
  CHECK(error_of([&] { Store(folder.path()); }).code() == Exit::missing_input);
}
