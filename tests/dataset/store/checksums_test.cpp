// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "tests/dataset/store/small_store.hpp"

using namespace evenray;

namespace {

/// Two images of 4 x 5 px, one that is noise and one that deflates well.
void write_two(const Path& path, const StoreForm& form) {
  StoreInfo info = small_info();
  info.height = 4;
  info.width = 5;
  StoreWriter writer(path, info, 2, form);
  StoreRow row = small_row("a", 0);
  row.image = noise(4, 5, CV_8UC1, 3, 40);
  writer.add("train", row);
  row = small_row("b", 0);
  row.image = cv::Mat(4, 5, CV_8UC1, cv::Scalar(9));
  writer.add("test", row);
  writer.finish();
}

struct ChunkPlace {
  haddr_t at;
  hsize_t bytes;
};

ChunkPlace chunk_place(const Path& path, const char* images) {
  const Hdf5Handle file(H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT), H5Fclose, "open");
  const Hdf5Handle dataset(H5Dopen2(file.get(), images, H5P_DEFAULT), H5Dclose, "open");
  const Hdf5Handle space(H5Dget_space(dataset.get()), H5Sclose, "space");
  ChunkPlace place{};
  hsize_t offset[3];
  unsigned skipped = 0;
  REQUIRE(H5Dget_chunk_info(
              dataset.get(), space.get(), 0, offset, &skipped, &place.at, &place.bytes) >= 0);
  CHECK(skipped == 0);
  return place;
}

/// The images of a part as HDF5 itself reads them; empty where it will not.
std::string through_hdf5(const Path& path, const char* images, size_t bytes) {
  prepare_hdf5();
  const Hdf5Handle file(H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT), H5Fclose, "open");
  const Hdf5Handle dataset(H5Dopen2(file.get(), images, H5P_DEFAULT), H5Dclose, "open");
  std::string out(bytes, '\0');
  const bool read =
      H5Dread(dataset.get(), H5T_STD_U8LE, H5S_ALL, H5S_ALL, H5P_DEFAULT, out.data()) >= 0;
  return read ? out : "";
}

}  // namespace

TEST_CASE("checksums are those of HDF5's own filter", "[store]") {
  const ScratchFolder folder;
  const int gzip = GENERATE(-1, 6);
  const auto [height, width] = GENERATE(table<int, int>({{3, 5}, {8, 8}, {61, 41}}));
  StoreInfo info = small_info();
  info.height = height;
  info.width = width;
  StoreRow row = small_row("a", 0);
  row.image = noise(height, width, CV_8UC1, 3, 200);
  const Path path = folder / "a.h5";
  {
    StoreWriter writer(path, info, 1, {.gzip_level = gzip, .checksums = true});
    writer.add("train", row);
    writer.finish();
  }
  const std::string pixels(reinterpret_cast<const char*>(row.image.data), row.image.total());
  CHECK(through_hdf5(path, "/train/images", pixels.size()) == pixels);
  CHECK(cv::countNonZero(Store(path).image("train", 0) != row.image) == 0);
  CHECK(check_store(path) == std::nullopt);
  const ChunkPlace place = chunk_place(path, "/train/images");
  if (gzip < 0) CHECK(place.bytes == pixels.size() + 4);
  flip_bit(path, place.at + place.bytes - 1);
  CHECK(through_hdf5(path, "/train/images", pixels.size()).empty());
}

TEST_CASE("checksums and compression leave the digest alone", "[store]") {
  const ScratchFolder folder;
  const std::string plain = write_small(folder / "a.h5", 16);
  CHECK(write_small(folder / "b.h5", 16, {.checksums = true}) == plain);
  CHECK(write_small(folder / "c.h5", 16, {.gzip_level = 2, .checksums = true}, true) == plain);
}

TEST_CASE("every flipped byte of the pixels is found, with a seal and without", "[store]") {
  const ScratchFolder folder;
  const int gzip = GENERATE(-1, 6);
  const bool sealed = GENERATE(true, false);
  const Path path = folder / "a.h5";
  write_two(path, {.gzip_level = gzip, .checksums = true});
  if (!sealed) cut_seal(path);
  REQUIRE(check_store(path) == std::nullopt);
  const std::string whole = read_file(path);
  for (const char* part : {"test", "train"}) {
    write_text(path, whole);
    const auto [at, bytes] = chunk_place(path, cat("/", part, "/images").c_str());
    for (hsize_t i = at; i < at + bytes; ++i) {
      // 0x46 makes one valid header of zlib's format from another, so that inflating sees nothing.
      for (const int mask : {0x46, 0xff}) {
        std::string damaged = whole;
        damaged[i] = static_cast<char>(damaged[i] ^ mask);
        write_text(path, damaged);
        INFO("byte " << i << " of the chunk at " << at);
        const auto fault = check_store(path);
        REQUIRE(fault);
        CHECK(contains(*fault, sealed ? "(checksum)" : "its checksum does not match"));
      }
    }
  }
}

TEST_CASE("without checksums an unsealed file may hide a flipped byte", "[store]") {
  const ScratchFolder folder;
  write_two(folder / "a.h5", {.gzip_level = 6});
  cut_seal(folder / "a.h5");
  std::string bytes = read_file(folder / "a.h5");
  const size_t header = chunk_place(folder / "a.h5", "/train/images").at + 1;
  REQUIRE(bytes[header] == '\x9c');
  bytes[header] ^= 0x46;
  write_text(folder / "a.h5", bytes);
  CHECK(check_store(folder / "a.h5") == std::nullopt);
}
