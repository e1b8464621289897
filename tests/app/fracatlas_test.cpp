// SPDX-License-Identifier: Apache-2.0
// FracAtlas as it is published: what the commands find in it.
#include "tests/app/workshop.hpp"

using namespace evenray;

TEST_CASE("FracAtlas: inspected, audited, split and packed", "[data]") {
  const Path data = real_data("fracatlas");
  if (data.empty()) return;
  const ScratchFolder scratch;
  const Path& at = scratch.path();
  const Json found = done(at, {"data", "inspect", data, "--json"}).json();
  CHECK(found["images"] == 2980);
  std::map<std::string, int> images;
  for (const auto& entry : found["classes"]) images[entry["name"]] = entry["images"];
  CHECK(images == std::map<std::string, int>{{"Fractured", 490}, {"Non_fractured", 2490}});
  CHECK_FALSE(found["metadata"].contains("fractured"));
  CHECK_FALSE(found["metadata"].contains("fracture_count"));

  done(at, {"data", "split", data, "--out=s.csv"});
  const Json audit = done(at, {"data", "audit", data, "--split=s.csv", "--json"}).json();
  CHECK(audit["images"] == 2980);
  const Json& counts = audit["counts"];
  CHECK(counts["truncated"] == 47);
  CHECK(counts["exif_rotated"] == 18);
  CHECK(counts["label_conflict"] == 1);
  CHECK(counts["duplicate_group"] == 71);
  CHECK(counts["duplicate_conflict"] == 4);
  CHECK(counts["metadata_shortcut"] == 1);
  for (const auto& finding : audit["findings"])
    if (finding["kind"] == "metadata_shortcut")
      CHECK(contains(finding["detail"].get<std::string>(), "hardware"));
  CHECK_FALSE(counts.contains("leak_duplicate"));

  const Json packed =
      done(at, {"data", "pack", data, "--split=s.csv", "--size=80x64", "--out=set.h5", "--json"})
          .json();
  CHECK(packed["left_out"]["truncated"].size() == 47);
  CHECK(packed["median_box_side_px"] < 20);
  CHECK(contains(done(at, {"data", "check", "set.h5"}).out, "whole"));
}
