// SPDX-License-Identifier: Apache-2.0
#include "dataset/store/chunk.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "core/deflate.hpp"

namespace evenray {
namespace {

/// Number of words that can be summed before 32 bits overflow.
constexpr size_t kWordsAtOnce = 360;
constexpr size_t kChecksumBytes = 4;

uint32_t reduced(uint32_t sum) { return (sum & 0xffff) + (sum >> 16); }

}  // namespace

uint32_t fletcher32(std::string_view bytes) {
  const auto* data = reinterpret_cast<const unsigned char*>(bytes.data());
  uint32_t first = 0, second = 0;
  for (size_t words = bytes.size() / 2; words > 0;) {
    const size_t now = std::min(words, kWordsAtOnce);
    for (const auto* end = data + 2 * now; data != end; data += 2) {
      first += static_cast<uint32_t>(data[0] << 8 | data[1]);
      second += first;
    }
    words -= now;
    first = reduced(first);
    second = reduced(second);
  }
  if (bytes.size() % 2 != 0) {
    first = reduced(first + static_cast<uint32_t>(*data << 8));
    second = reduced(second + first);
  }
  return reduced(second) << 16 | reduced(first);
}

std::string make_chunk(std::string_view pixels, ChunkForm form, int gzip_level) {
  std::string chunk = form.deflated ? deflate(pixels, gzip_level) : std::string(pixels);
  if (!form.checksum) return chunk;
  const uint32_t sum = fletcher32(chunk);
  for (size_t i = 0; i < kChecksumBytes; ++i) chunk += static_cast<char>(sum >> 8 * i & 0xff);
  return chunk;
}

bool read_chunk(std::string_view chunk, ChunkForm form, void* out, size_t bytes) {
  if (form.checksum) {
    if (chunk.size() < kChecksumBytes) return false;
    const std::string_view stated = chunk.substr(chunk.size() - kChecksumBytes);
    chunk.remove_suffix(kChecksumBytes);
    uint32_t sum = 0;
    std::memcpy(&sum, stated.data(), sizeof sum);
    if (sum != fletcher32(chunk)) return false;
  }
  if (form.deflated) return inflate(chunk, out, bytes);
  if (chunk.size() != bytes) return false;
  std::memcpy(out, chunk.data(), bytes);
  return true;
}

}  // namespace evenray
