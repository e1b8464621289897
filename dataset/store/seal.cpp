// SPDX-License-Identifier: Apache-2.0
#include "dataset/store/seal.hpp"

#include <libdeflate.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <fstream>
#include <vector>

#include "core/error.hpp"
#include "core/text.hpp"

namespace evenray {
namespace {

constexpr std::string_view kMark = "evenray seal 1 ";

uint32_t crc_of(std::ifstream& file, uint64_t bytes, const Path& path) {
  std::vector<char> block(size_t{1} << 17);
  uint32_t crc = 0;
  file.seekg(0);
  while (bytes > 0) {
    const auto take = std::min<uint64_t>(bytes, block.size());
    if (!file.read(block.data(), static_cast<std::streamsize>(take))) throw_unreadable(path, errno);
    crc = libdeflate_crc32(crc, block.data(), take);
    bytes -= take;
  }
  return crc;
}

std::string seal_text(uint64_t bytes, uint32_t crc) {
  char text[kSealBytes + 1];
  std::snprintf(text, sizeof text, "%sbytes %020lu crc32 %08x%8s", kMark.data(), bytes, crc, "");
  text[kSealBytes - 1] = '\n';
  return std::string(text, kSealBytes);
}

std::ifstream open(const Path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw_unreadable(path, errno);
  return file;
}

uint64_t size_of(const Path& path) {
  std::error_code error;
  const uint64_t bytes = std::filesystem::file_size(path, error);
  if (error) throw Error(Exit::missing_input, cat("cannot read ", path.string(), ": not a file"));
  return bytes;
}

}  // namespace

std::string make_seal(const Path& path) {
  const uint64_t bytes = size_of(path);
  auto file = open(path);
  return seal_text(bytes, crc_of(file, bytes, path));
}

void append_seal(const Path& path, const std::string& seal) {
  std::ofstream out(path, std::ios::binary | std::ios::app);
  out << seal;
  out.close();
  if (!out) throw_errno("write", path);
}

Seal check_seal(const Path& path, bool read_all) {
  auto file = open(path);
  const uint64_t bytes = size_of(path);
  if (bytes < kSealBytes) return Seal::none;
  std::string seal(kSealBytes, '\0');
  file.seekg(static_cast<std::streamoff>(bytes - kSealBytes));
  if (!file.read(seal.data(), kSealBytes)) throw_unreadable(path, errno);
  if (!seal.starts_with(kMark)) return Seal::none;
  const uint64_t content = bytes - kSealBytes;
  int64_t stated = -1;
  char* end = nullptr;
  const std::string number = seal.substr(kMark.size() + 6, 20);
  stated = std::strtoll(number.c_str(), &end, 10);
  if (stated < 0 || static_cast<uint64_t>(stated) != content) {
    throw Error(Exit::bad_data,
                cat(path.string(), ": damaged: ", content, " bytes, but its seal states ", number));
  }
  if (read_all && seal_text(content, crc_of(file, content, path)) != seal) {
    throw Error(
        Exit::bad_data,
        cat(path.string(), ": damaged: the content changed after it was written (checksum)"));
  }
  return Seal::whole;
}

}  // namespace evenray
