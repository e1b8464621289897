// SPDX-License-Identifier: Apache-2.0
#include "dataset/layouts/npz.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zip.h>

#include <cstdlib>
#include <vector>

#include "core/deflate.hpp"
#include "core/error.hpp"
#include "core/text.hpp"

namespace evenray {
namespace {

constexpr zip_int64_t kMostArrays = 64;
constexpr uint64_t kMostBytes = uint64_t{1} << 40;
/// Larger arrays that are compressed more than that hold no pictures: those of radiographs shrink
/// to a half, drawn ones to a twentieth.
constexpr uint64_t kLargeBytes = uint64_t{64} << 20, kMostRatio = 100;

/// A temporary file without a name: the system frees it with its last mapping, even after a crash.
class Scratch {
 public:
  Scratch() {
    const char* folder = std::getenv("TMPDIR");
    std::string name = cat(folder ? folder : "/tmp", "/evenray-XXXXXX");
    file_ = mkostemp(name.data(), O_CLOEXEC);
    if (file_ < 0) fail("cannot create a temporary file");
    unlink(name.c_str());
  }
  ~Scratch() { close(file_); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  void write(const char* bytes, size_t size) {
    while (size > 0) {
      const ssize_t written = ::write(file_, bytes, size);
      if (written <= 0) fail("the temporary folder is full");
      bytes += written;
      size -= static_cast<size_t>(written);
    }
  }

  std::shared_ptr<const void> map(size_t size) const {
    void* bytes = mmap(nullptr, size, PROT_READ, MAP_SHARED, file_, 0);
    if (bytes == MAP_FAILED) fail("cannot map the temporary file");
    return {bytes, [size](const void* p) { munmap(const_cast<void*>(p), size); }};
  }

 private:
  [[noreturn]] static void fail(const char* what) {
    throw Error(Exit::io, cat(what, "; set TMPDIR to another folder"));
  }
  int file_ = -1;
};

struct Archive {
  explicit Archive(const Path& path) {
    int code = 0;
    zip = zip_open(path.c_str(), ZIP_RDONLY | ZIP_CHECKCONS, &code);
  }
  ~Archive() {
    if (zip) zip_discard(zip);
  }
  Archive(const Archive&) = delete;
  Archive& operator=(const Archive&) = delete;
  zip_t* zip = nullptr;
};

class Reader {
 public:
  explicit Reader(const Path& path) : path_(path), archive_(path) {
    if (!archive_.zip) refuse("not an .npz file, or incomplete");
  }

  std::map<std::string, NpzArray> arrays() {
    const zip_int64_t entries = zip_get_num_entries(archive_.zip, 0);
    if (entries > kMostArrays)
      refuse(cat("contains ", entries, " files; at most ", kMostArrays, " arrays are read"));
    std::map<std::string, NpzArray> out;
    for (zip_int64_t i = 0; i < entries; ++i) {
      zip_stat_t stat{};
      constexpr auto kWanted = ZIP_STAT_NAME | ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE;
      if (zip_stat_index(archive_.zip, static_cast<zip_uint64_t>(i), 0, &stat) != 0 ||
          (stat.valid & kWanted) != kWanted)
        refuse("its list of files is damaged");
      std::string name = stat.name;
      if (!name.ends_with(".npy")) continue;
      name.resize(name.size() - 4);
      const uint64_t ratio = stat.size > kLargeBytes ? kMostRatio : kMaxDeflateRatio;
      if (stat.size > kMostBytes || stat.size / ratio > stat.comp_size)
        refuse(cat(
            "array '", name, "' is too large: ", stat.size, " bytes, compressed ", stat.comp_size));
      out.emplace(name, array(static_cast<zip_uint64_t>(i), name, stat.size));
    }
    return out;
  }

 private:
  NpzArray array(zip_uint64_t index, const std::string& name, uint64_t size) {
    zip_file_t* file = zip_fopen_index(archive_.zip, index, 0);
    if (!file) refuse(cat("array '", name, "' cannot be read"));
    const std::unique_ptr<zip_file_t, int (*)(zip_file_t*)> closing(file, zip_fclose);
    Scratch scratch;
    std::vector<char> block(1 << 20);
    uint64_t read = 0;
    while (read < size) {
      const zip_int64_t got = zip_fread(file, block.data(), block.size());
      if (got <= 0) refuse(cat("array '", name, "' ends early"));
      scratch.write(block.data(), static_cast<size_t>(got));
      read += static_cast<uint64_t>(got);
    }
    // libzip compares the checksum only when a read reaches the end.
    if (read != size || zip_fread(file, block.data(), 1) != 0)
      refuse(cat("array '", name, "' is damaged"));
    if (size == 0) refuse(cat("array '", name, "' is empty"));
    auto bytes = scratch.map(size);
    const auto* start = static_cast<const uint8_t*>(bytes.get());
    const auto header = read_npy_header(
        {reinterpret_cast<const char*>(start), std::min<uint64_t>(size, kMostNpyHeader)});
    if (!header || header->data_bytes() != size - header->data_start)
      refuse(cat("array '", name, "' is not an array of numbers in C order"));
    return {*header, bytes, start + header->data_start};
  }

  [[noreturn]] void refuse(const std::string& what) const {
    throw Error(Exit::bad_data, cat(path_.string(), ": ", what));
  }

  Path path_;
  Archive archive_;
};

}  // namespace

std::map<std::string, NpzArray> read_npz(const Path& path) {
  check(std::filesystem::exists(path), Exit::missing_input, path.string() + ": no such file");
  return Reader(path).arrays();
}

}  // namespace evenray
