// SPDX-License-Identifier: Apache-2.0
// Pasted lesions and patches, as a user makes them.
#include "tests/app/program.hpp"
#include "tests/fixture.hpp"

using namespace evenray;

namespace {

constexpr const char* kLimbs = "phantom:images=80,seed=3,size_px=96x96,rare_share=.3";

/// Drawn limbs differ too much for close matches at this size.
const Words kLoose{"--set=lesion.likeness=-1",
                   "--set=lesion.tolerance=1",
                   "--set=lesion.angle_deg=90",
                   "--set=lesion.move=.4"};

void pack_limbs(const Path& at, const char* seed, const char* split) {
  done(at, {"data", "split", kLimbs, "--out", split, "--ratios=.6,.2,.2", "--seed", seed});
}

}  // namespace

TEST_CASE("lesions are pasted, looked at and tested for seams") {
  const ScratchFolder scratch;
  const Path at = scratch.path();
  pack_limbs(at, "1", "s.csv");
  done(at, {"data", "pack", kLimbs, "--split=s.csv", "--size=64", "--out=set.h5"});
  const Words balance = Words{"balance", "set.h5", "--source=lesion:real", "--json"} + kLoose;
  const Json forecast = done(at, balance + Words{"--out=b.h5", "--dry-run"}).json();
  const Json made = done(at, balance + Words{"--out=b.h5", "--seam"}).json();
  CHECK(made["after"] == forecast["after"]);
  CHECK(made["after"]["Fractured"]["synthetic"] > 0);
  REQUIRE(made["seams"].size() == 1);
  CHECK(made["seams"][0]["source"] == "lesion:real");
  CHECK(contains(done(at, {"data", "check", "b.h5"}).out, "whole"));
  CHECK(contains(read_file(at / "b.datasheet.md"), "synthetic"));

  const Words preview = Words{"lesion", "preview", "set.h5", "--out=f.png", "--n=4"} + kLoose;
  done(at, preview);
  CHECK(std::filesystem::file_size(at / "f.png") > 1000);
  done(at, preview + Words{"--blind", "--key=k.csv"});
  const std::string key = read_file(at / "k.csv");
  CHECK(contains(key, "number,answer,image,recipe\n1,"));
  CHECK(contains(key, ",real,"));
  CHECK(contains(key, ",drawn,"));
  const Json seam =
      done(
          at,
          Words{"lesion", "seam", "set.h5", "--source=lesion:healthy", "--n=20", "--json"} + kLoose)
          .json();
  CHECK(seam["schema"] == "evenray-seam-1");
  CHECK(seam.contains("negatives"));
  CHECK_FALSE(seam.contains("lesions"));

  fails(at, preview + Words{"--blind"}, Exit::usage, "--blind and --key belong together");
  const Words blind = Words{"lesion", "preview", "set.h5", "--out=n.png", "--blind", "--key=n.csv"};
  fails(at, blind + Words{"--source=lesion:healthy"}, Exit::usage, "lesion:healthy pastes none");
  fails(at,
        blind + Words{"--set=lesion.likeness=.99", "--set=lesion.tolerance=.01"},
        Exit::bad_data,
        "found no place that fits");
  CHECK_FALSE(std::filesystem::exists(at / "n.png"));
  CHECK_FALSE(std::filesystem::exists(at / "n.csv"));
  fails(at,
        {"balance", "set.h5", "--source=lesion:", "--out=c.h5"},
        Exit::usage,
        "source lesion: takes");
  fails(at,
        {"lesion", "preview", "b.h5", "--source=lesion:real", "--out=g.png", "--class=Cast"},
        Exit::bad_data,
        "Cast");
}

TEST_CASE("patches of boxes keep the parts of their images") {
  const ScratchFolder scratch;
  const Path at = scratch.path();
  pack_limbs(at, "1", "s.csv");
  pack_limbs(at, "5", "other.csv");
  done(at, {"data", "pack", kLimbs, "--split=s.csv", "--size=64", "--out=set.h5"});
  const auto patches = [&](const char* split, const char* out) {
    return done(at,
                {"data",
                 "pack",
                 kLimbs,
                 "--split",
                 split,
                 "--size=32",
                 "--patches=boxes",
                 "--patch-negatives=1",
                 "--json",
                 "--out",
                 out})
        .json();
  };
  const Json packed = patches("s.csv", "p.h5");
  CHECK(packed["patches"]["lesions"] > 0);
  CHECK(packed["patches"]["negatives"] == packed["patches"]["lesions"]);
  CHECK(contains(done(at, {"data", "check", "p.h5", "--against=set.h5"}).out,
                 "rows are in the parts of their images in set.h5"));
  patches("other.csv", "q.h5");
  fails(at, {"data", "check", "q.h5", "--against=set.h5"}, Exit::bad_data, "but its image is in ");
  fails(at, {"data", "check", "p.h5", "--against=none.h5"}, Exit::missing_input, "none.h5");
}
