// SPDX-License-Identifier: Apache-2.0
#include "dataset/store/store.hpp"
#include "tests/app/workshop.hpp"

using namespace evenray;

namespace {

Words pack_to(const std::string& out) {
  return {
      "data", "pack", kPhantoms, "--split", workshop() / "split.csv", "--size=40x32", "--out", out};
}

}  // namespace

TEST_CASE("every command that reads a store reads one in shards") {
  const ScratchFolder scratch;
  const Path& at = scratch.path();
  // 120 images of 1280 bytes, 40 a shard.
  const Words shards{"--shard-gb=52e-6", "--checksums", "--json"};
  const Json told = done(at, pack_to("set.h5") + shards).json();
  CHECK(told["store"] == "set.h5.d");
  CHECK(told["content_digest"] == Store(workshop() / "set.h5").content_digest());
  CHECK(files_in(scratch / "set.h5.d").size() == 4);
  CHECK(std::filesystem::exists(scratch / "set.datasheet.md"));
  for (const std::string name : {"set.h5", "set.h5.d", "set.h5.d/manifest.json"}) {
    CHECK(done(at, {"data", "check", name}).out == name + ": whole\n");
    done(at, {"data", "inspect", name, "--json"});
    done(at, {"data", "view", name, "--out=sheet.png", "--n=4"});
    done(at, {"augment", "preview", name, "--policy=xray", "--out=preview.png", "--n=2"});
    const std::string out = "coco of " + Path(name).filename().string();
    CHECK(
        done(at, {"data", "export", name, "--to=coco", "--out", out, "--json"}).json()["images"] ==
        120);
    done(at, {"balance", name, "--source=copy", "--out=balanced.h5"});
    CHECK(done(at, {"data", "check", "balanced.h5"}).err.empty());
    const Words eval{"classify", "eval", workshop() / "model", "--data", name, "--out"};
    done(at, eval + Words{cat("eval of ", Path(name).filename().string())});
    fails(at,
          {"balance", name, "--source=copy", "--out=set.h5"},
          Exit::usage,
          "--out would replace the store that is read");
  }
  done(at, pack_to("set.h5"));
  CHECK_FALSE(std::filesystem::exists(scratch / "set.h5.d"));
}

TEST_CASE("shards that are too small, damaged or not all there") {
  const ScratchFolder scratch;
  const Path& at = scratch.path();
  fails(at, pack_to("set.h5") + Words{"--shard-gb=0"}, Exit::usage, "data.shard_gb is 0");
  done(at, pack_to("set.h5") + Words{"--shard-gb=52e-6"});
  std::filesystem::rename(scratch / "set.h5.d/shard-0001.h5", scratch / "away.h5");
  fails(at, {"data", "check", "set.h5"}, Exit::bad_data, "shard shard-0001.h5 is missing");
  fails(at, {"data", "check", "away.h5"}, Exit::bad_data, "one of 3 shards");
  std::filesystem::rename(scratch / "away.h5", scratch / "set.h5.d/shard-0001.h5");
  flip_bit(scratch / "set.h5.d/shard-0001.h5");
  fails(at, {"data", "check", "set.h5"}, Exit::bad_data, "shard-0001.h5: damaged");
  std::filesystem::remove(scratch / "set.h5.d/manifest.json");
  fails(at, {"data", "check", "set.h5"}, Exit::missing_input, "set.h5");
}
