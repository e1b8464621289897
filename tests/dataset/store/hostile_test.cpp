// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <cmath>

#include "tests/dataset/store/small_store.hpp"

using namespace evenray;

TEST_CASE("a flipped bit or a cut is told, never read", "[store]") {
  const ScratchFolder folder;
  write_small(folder / "a.h5", 8, {.gzip_level = GENERATE(-1, 4)});
  const std::string whole = read_file(folder / "a.h5");
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
    write_text(folder / "b.h5", bytes);
    INFO((cut ? "cut at " : "flip at ") << at);
    const auto fault = check_store(folder / "b.h5");
    REQUIRE(fault);
    CHECK(contains(*fault, "b.h5"));
    CHECK(error_of([&] { Store(folder / "b.h5"); }).code() == Exit::bad_data);
  }
  write_text(folder / "b.h5", "");
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
      expected = "/train/extra is a soft or external link";
    }
    SECTION("soft link in place of a column") {
      H5Ldelete(file.get(), "/val/weight", H5P_DEFAULT);
      H5Lcreate_soft("/train/weight", file.get(), "/val/weight", H5P_DEFAULT, H5P_DEFAULT);
      expected = "/val/weight is a soft or external link";
    }
    SECTION("external storage") {
      H5Pset_external(properties.get(), "/etc/passwd", 0, 16);
      replace("/train/weight", H5T_IEEE_F32LE, space.get());
      expected = "/train/weight has its data in another file";
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
    SECTION("boxes that were never written, in a file that has room for them") {
      const hsize_t many[2] = {64, 4}, chunk[2] = {1, 4};
      const Hdf5Handle large(H5Screate_simple(2, many, nullptr), H5Sclose, "space");
      H5Pset_chunk(properties.get(), 2, chunk);
      replace("/train/boxes", H5T_IEEE_F32LE, large.get());
      expected = "/train/boxes claims more data than the file can hold";
    }
    SECTION("rows that do not match") {
      const hsize_t three[1] = {3};
      const Hdf5Handle fewer(H5Screate_simple(1, three, nullptr), H5Sclose, "space");
      H5Pset_alloc_time(properties.get(), H5D_ALLOC_TIME_EARLY);
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

TEST_CASE("coordinates that are no places in an image are faults of the part", "[store]") {
  for (const float value : {NAN, INFINITY, 1e30F}) {
    const ScratchFolder folder;
    write_small(folder / "a.h5");
    {
      const auto file = open_unsealed(folder / "a.h5");
      const Hdf5Handle boxes(H5Dopen2(file.get(), "/train/boxes", H5P_DEFAULT), H5Dclose, "open");
      const std::vector<float> corners{1, 2, 3, value, 1, 2, 3, 4};
      REQUIRE(
          H5Dwrite(boxes.get(), H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, corners.data()) >=
          0);
    }
    const Store store(folder / "a.h5");
    const Error error = error_of([&] { store.part("train"); });
    CHECK(error.code() == Exit::bad_data);
    CHECK(contains(error.what(), "train/boxes: value 3 is "));
  }
}

TEST_CASE("an id that occurs twice is a fault", "[store]") {
  const ScratchFolder folder;
  write_small(folder / "a.h5");
  {
    const auto file = open_unsealed(folder / "a.h5");
    const Hdf5Handle ids(H5Dopen2(file.get(), "/val/ids", H5P_DEFAULT), H5Dclose, "open");
    const char* text = "image0";
    const auto type = element_type(Element::text);
    REQUIRE(H5Dwrite(ids.get(), type.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, &text) >= 0);
  }
  CHECK(contains(check_store(folder / "a.h5").value_or(""), "this id occurs twice"));
}

TEST_CASE("text, folders and other HDF5 files are no stores", "[store]") {
  const ScratchFolder folder;
  write_text(folder / "a.h5", std::string(5000, 'x'));
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
