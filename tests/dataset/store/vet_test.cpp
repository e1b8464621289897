// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <chrono>
#include <thread>

#include "core/rng.hpp"
#include "tests/dataset/store/small_store.hpp"

using namespace evenray;

namespace {

/// Bytes flipped, zeroed or cut off, near one place or in several.
std::string vet_damaged(std::string bytes, Rng& rng) {
  const auto at = [&] { return rng.below(bytes.size()); };
  switch (rng.below(4)) {
    case 0:
      bytes[at()] ^= static_cast<char>(1 << rng.below(8));
      break;
    case 1:
      for (auto n = 2 + rng.below(15); n > 0; --n) bytes[at()] = static_cast<char>(rng.below(256));
      break;
    case 2: {
      const size_t first = at(), count = std::min(1 + rng.below(512), bytes.size() - first);
      std::fill_n(bytes.begin() + static_cast<int64_t>(first), count, '\0');
      break;
    }
    default:
      bytes.resize(at());
  }
  return bytes;
}

struct Outcomes {
  int whole = 0, told = 0, broken_down = 0, endless = 0;
  double slowest_s = 0;
};

/// Checks and reads damaged copies of a small store without a seal; whatever HDF5 does with
/// them, this process goes on.
Outcomes mutate(int copies, uint64_t seed) {
  const ScratchFolder folder;
  const Path path = folder / "a.h5";
  Rng rng(seed);
  Outcomes out;
  for (int i = 0; i < copies; ++i) {
    if (i % 500 == 0) write_small(path, 8, {.gzip_level = i % 1000 == 0 ? -1 : 4});
    const Path copy = folder / "b.h5";
    std::string bytes = read_file(path);
    bytes.resize(bytes.size() - kSealBytes);
    write_text(copy, vet_damaged(bytes, rng));
    INFO("copy " << i << " of seed " << seed);
    const auto start = std::chrono::steady_clock::now();
    const std::string fault = check_store(copy).value_or("");
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    out.slowest_s = std::max(out.slowest_s, took.count());
    const bool broken_down = contains(fault, "HDF5 crashed"),
               endless = contains(fault, "HDF5 timed out");
    CHECK((fault.empty() || contains(fault, "b.h5: ")));
    CHECK(std::count(fault.begin(), fault.end(), '\n') == 0);
    ++(fault.empty() ? out.whole
       : broken_down ? out.broken_down
       : endless     ? out.endless
                     : out.told);
    // Opening comes before the check's other findings, and may do well where they do not.
    const Error error = error_of([&] {
      const Store store(copy);
      for (const char* part : kParts)
        for (int64_t row = 0; row < store.part(part).size(); ++row) store.image(part, row);
    });
    CHECK((error.code() == Exit::done || error.code() == Exit::bad_data));
  }
  return out;
}

}  // namespace

TEST_CASE("damaged files without a seal never end the process", "[store]") {
  const Outcomes found = mutate(40, 7);
  CHECK(found.told > 10);
}

TEST_CASE("two thousand damaged files", "[.mutation]") {
  const Outcomes found = mutate(2000, 11);
  CHECK(found.told > 500);
  std::cout << "no fault " << found.whole << ", told " << found.told << ", HDF5 broke down "
            << found.broken_down << ", came to no end " << found.endless << ", slowest "
            << found.slowest_s << " s\n";
}

TEST_CASE("a file without a seal is vetted while other threads are inside HDF5", "[store]") {
  const ScratchFolder folder;
  write_small(folder / "sealed.h5", 16, {.checksums = true});
  const std::string digest = write_small(folder / "a.h5");
  cut_seal(folder / "a.h5");
  const auto start = std::chrono::steady_clock::now();
  // Threads anew each time: the first use of HDF5 on a thread is like no later one.
  for (int round = 0; round < 30; ++round) {
    parallel_for(6, 6, [&](size_t i) {
      if (i % 3 != 2) {
        if (Store(folder / "a.h5").content_digest() != digest) throw std::runtime_error("digest");
      } else if (round % 2 == 0) {
        write_small(folder / cat(i, ".h5"));
      } else {
        const Store store(folder / "sealed.h5");
        for (int k = 0; k < 50; ++k) store.image("train", k % 4);
      }
    });
  }
  // A child that waits for a lock would be killed after its ten seconds of CPU, times patience.
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(50));
}

TEST_CASE("what the child finds is told in its words", "[store]") {
  const ScratchFolder folder;
  write_small(folder / "a.h5");
  {
    const auto file = open_unsealed(folder / "a.h5");
    H5Ldelete(file.get(), "/val/ids", H5P_DEFAULT);
  }
  const Error error = error_of([&] { Store store(folder / "a.h5"); });
  CHECK(error.code() == Exit::bad_data);
  CHECK(error.what() == cat((folder / "a.h5").string(), ": /val/ids is missing"));
}
