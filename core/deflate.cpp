// SPDX-License-Identifier: Apache-2.0
#include "core/deflate.hpp"

#include <libdeflate.h>

#include <map>
#include <memory>

#include "core/error.hpp"

namespace evenray {

std::string deflate(std::string_view bytes, int level) {
  struct Free {
    void operator()(libdeflate_compressor* c) const { libdeflate_free_compressor(c); }
  };
  // Compressors are expensive to allocate, and each may be used by one thread at a time.
  thread_local std::map<int, std::unique_ptr<libdeflate_compressor, Free>> compressors;
  auto& compressor = compressors[level];
  if (!compressor) compressor.reset(libdeflate_alloc_compressor(level));
  std::string out(libdeflate_zlib_compress_bound(compressor.get(), bytes.size()), '\0');
  const size_t used = libdeflate_zlib_compress(
      compressor.get(), bytes.data(), bytes.size(), out.data(), out.size());
  check(used > 0, Exit::failed, "cannot compress an image");
  out.resize(used);
  return out;
}

bool inflate(std::string_view stored, void* out, size_t bytes) {
  struct Free {
    void operator()(libdeflate_decompressor* d) const { libdeflate_free_decompressor(d); }
  };
  thread_local const std::unique_ptr<libdeflate_decompressor, Free> decompressor(
      libdeflate_alloc_decompressor());
  return libdeflate_zlib_decompress(
             decompressor.get(), stored.data(), stored.size(), out, bytes, nullptr) ==
         LIBDEFLATE_SUCCESS;
}

}  // namespace evenray
