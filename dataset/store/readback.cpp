// SPDX-License-Identifier: Apache-2.0
#include "dataset/store/readback.hpp"

#include <libdeflate.h>

#include <atomic>

#include "core/error.hpp"
#include "core/parallel.hpp"
#include "dataset/store/file.hpp"
#include "dataset/store/seal.hpp"

namespace evenray {
namespace {

/// Number of rows that a thread compares in one job.
constexpr size_t kRowsAtOnce = 64;

bool columns_match(const StoreFile& file, const WrittenContent& written) {
  const std::array columns{file.read_columns(0), file.read_columns(1), file.read_columns(2)};
  return content_digest_of(written.attributes, columns, written.digests) == written.content_digest;
}

bool images_match(const StoreFile& file,
                  size_t part,
                  size_t first,
                  const std::vector<uint32_t>& checksums) {
  std::string stored;
  for (size_t row = first; row < std::min(first + kRowsAtOnce, checksums.size()); ++row) {
    file.read_stored(part, static_cast<int64_t>(row), stored);
    if (libdeflate_crc32(0, stored.data(), stored.size()) != checksums[row]) return false;
  }
  return true;
}

}  // namespace

std::optional<std::string> read_back_seal(const Path& store,
                                          const WrittenContent& written,
                                          int threads) {
  std::string seal;
  std::atomic<bool> same{true};
  try {
    const StoreFile file(store, Seal::none);
    std::vector<std::function<bool()>> jobs{[&] {
                                              seal = make_seal(store);
                                              return true;
                                            },
                                            [&] { return columns_match(file, written); }};
    for (size_t part = 0; part < written.checksums.size(); ++part) {
      const auto& checksums = written.checksums[part];
      for (size_t first = 0; first < checksums.size(); first += kRowsAtOnce)
        jobs.emplace_back([&, part, first] { return images_match(file, part, first, checksums); });
    }
    parallel_for(jobs.size(), threads, [&](size_t i) {
      if (same && !jobs[i]()) same = false;
    });
  } catch (const Error&) {
    return std::nullopt;  // the message would name a temporary file that the user does not know
  }
  return same ? std::optional(seal) : std::nullopt;
}

}  // namespace evenray
