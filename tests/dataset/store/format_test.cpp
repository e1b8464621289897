// SPDX-License-Identifier: Apache-2.0
#include "dataset/store/manifest.hpp"
#include "tests/dataset/store/small_store.hpp"
#include "tests/python.hpp"

#include <catch2/catch.hpp>

using namespace evenray;

namespace {

std::string python_of_format(const std::string& heading) {
  return python_below("docs/format.md", "## " + heading);
}

}  // namespace

TEST_CASE("the Python of docs/format.md reads a store", "[store]") {
  const ScratchFolder folder;
  write_small(folder / "set.h5", 8, {.gzip_level = 4, .checksums = true});
  run_python(folder.path(),
             "h5py",
             python_of_format("Reading") +
                 "assert image.shape == (12, 10) and list(label) == [1, 0]\n"
                 "assert list(ids) == ['image0', 'image1', 'image2', 'image3']\n"
                 "assert len(boxes) == 0 and ages[1] == 7.25\n");
}

TEST_CASE("the Python of docs/format.md finds the digest of every form", "[store]") {
  const ScratchFolder folder;
  const std::string digest = write_small(folder / "set.h5");
  CHECK(write_small(folder / "sums.h5", 8, {.gzip_level = 4, .checksums = true}) == digest);
  CHECK(write_small(folder / "shards.h5", 8, {.checksums = true, .shard_bytes = 250}) == digest);
  CHECK(write_small(folder / "rows.h5", 8, {.shard_bytes = 1}) == digest);
  const std::string print =
      "with open('digests', 'w') as out:\n"
      "    for path in ('set.h5', 'sums.h5', 'shards.h5.d', 'rows.h5.d', "
      "'shards.h5.d/shard-0001.h5'):\n"
      "        out.write(content_digest(path) + '\\n')\n";
  if (!run_python(folder.path(), "h5py, numpy", python_of_format("Digest") + print)) return;
  const std::string shard = read_manifest(folder / "shards.h5.d").shards[1].content_digest;
  CHECK(split_text(read_file(folder / "digests"), '\n') ==
        std::vector<std::string>{digest, digest, digest, digest, shard, ""});
}

TEST_CASE("the Python of docs/format.md trains from a store", "[store]") {
  const ScratchFolder folder;
  {
    StoreWriter writer(folder / "set.h5", small_info(), 70, {.checksums = true});
    for (int i = 0; i < 70; ++i) writer.add("train", small_row(cat(i), i % 2));
    writer.finish();
  }
  const std::string script = python_of_format("Training with PyTorch");
  CHECK(contains(script, "num_workers=2"));
  run_python(folder.path(),
             "h5py, torch",
             script +
                 "assert torch.isfinite(loss), loss\n"
                 "assert images.shape == (6, 1, 12, 10) and images.dtype == torch.float32\n"
                 "assert 0 <= images.min() < images.max() <= 1\n"
                 "assert labels.shape == (6,) and data[1][1] == 1 and data[2][1] == 0\n"
                 "import pickle\n"
                 "again = pickle.loads(pickle.dumps(data))\n"
                 "assert data.images is not None and again.images is None\n"
                 "assert torch.equal(again[3][0], data[3][0])\n");
}
