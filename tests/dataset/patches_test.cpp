// SPDX-License-Identifier: Apache-2.0
#include "dataset/patches.hpp"

#include <catch2/catch.hpp>
#include <map>
#include <set>

#include "dataset/image/area.hpp"
#include "tests/dataset/packed.hpp"
#include "tests/pixels.hpp"

using namespace evenray;

namespace {

PackOptions patch_options(int64_t negatives = 0) {
  PackOptions options;
  options.size_px = {16, 16};
  options.patches = "boxes";
  options.patch_negatives = negatives;
  return options;
}

/// 20 pictures of 60x80 px; every fourth is Fractured and has one box.
Manifest boxed_manifest() {
  Manifest manifest = drawn_manifest(20);
  manifest.meta_columns = {"view", "sex"};
  for (size_t i = 0; i < manifest.samples.size(); ++i) {
    Sample& sample = manifest.samples[i];
    sample.meta = {i % 8 < 4 ? "frontal" : "lateral", i % 2 ? "F" : "M"};
    if (i % 4 == 0) sample.boxes = {{20, 30, 32, 36, 1, {{{21, 31}, {31, 31}, {26, 35}}}}};
  }
  return manifest;
}

}  // namespace

TEST_CASE("patches are squares, moved into the image or clipped to it", "[patches]") {
  CHECK(patch_rect({.5, .5, 20}, 60, 80) == cv::Rect(20, 30, 20, 20));
  CHECK(patch_rect({0, 1, 20}, 60, 80) == cv::Rect(0, 60, 20, 20));
  CHECK(patch_rect({.9, .5, 70}, 60, 80) == cv::Rect(0, 5, 60, 70));
  CHECK(patch_rect({.5, .5, 500}, 60, 80) == cv::Rect(0, 0, 60, 80));
}

TEST_CASE("a box becomes a patch of its image's pixels, with box and polygon in it", "[patches]") {
  const ScratchFolder folder;
  const Manifest manifest = boxed_manifest();
  const auto result = pack(manifest, table(manifest), {}, patch_options(), folder / "a.h5", 2);
  CHECK(result.patches.lesions == 5);
  CHECK(result.patches.negatives == 0);
  const Store store(folder / "a.h5");
  const StorePart& train = store.part("train");
  CHECK(train.ids == std::vector<std::string>{"00000#b1", "00012#b1", "00016#b1"});
  CHECK(train.groups[0] == "00000");
  CHECK(train.labels[0] == std::vector<int8_t>{0, 1});
  CHECK(train.boxes_known[0] == 1);
  // The box is 12 wide around 26, 33: 24 px around it, shrunk to 16.
  CHECK(same_pixels(store.image("train", 0),
                    area_average(drawn_picture(0)(cv::Rect(14, 21, 24, 24)).clone(), 16, 16)));
  REQUIRE(train.boxes[0].size() == 1);
  const Box& box = train.boxes[0][0];
  CHECK(box.x0 == Approx((20 - 14) * 16. / 24));
  CHECK(box.y1 == Approx((36 - 21) * 16. / 24));
  CHECK(box.rings[0][2].x == Approx((26 - 14) * 16. / 24));
  CHECK(train.scales[0][0] == Approx(16. / 24));
  CHECK(train.offsets[0][1] == Approx(-21 * 16. / 24));
  CHECK(contains(store.info().config, "patches = 'boxes'"));
  CHECK_FALSE(check_store(folder / "a.h5"));
}

TEST_CASE("negatives have side and place of their lesion, its view, and take turns", "[patches]") {
  const Manifest manifest = boxed_manifest();
  std::map<std::string, std::vector<std::string>> left_out;
  const PackOptions options = patch_options(2);
  const auto split = table(manifest);
  const auto rows = plan_rows(manifest, split, {}, options, 1, left_out);
  const PatchPlan plan = plan_patches(manifest, rows, options, 2);
  CHECK(plan.counts.lesions == 5);
  CHECK(plan.counts.negatives + plan.counts.missing == 10);
  std::map<std::string, std::string> part_of;
  for (const auto& row : rows) part_of[manifest.samples[row.sample].id] = row.part;
  std::map<std::string, int> uses;
  std::set<std::string> ids;
  for (const auto& row : plan.rows) {
    const Sample& patch = plan.manifest.samples[row.sample];
    CHECK(ids.insert(patch.id).second);
    CHECK(row.part == part_of.at(image_of_patch(patch.id)));
    CHECK(plan.crops[row.sample].side_px == 24);
    CHECK(plan.crops[row.sample].x == Approx(26. / 60));
    if (!contains(patch.id, "#n")) continue;
    CHECK(patch.boxes.empty());
    CHECK(patch.labels == std::vector<int8_t>{1, 0});
    if (row.part == "train") ++uses[image_of_patch(patch.id)];
  }
  // Three lesions of train ask for six negatives, of which there are nine.
  for (const auto& [id, times] : uses) CHECK(times == 1);
  PackOptions other = options;
  other.patch_seed = 2;
  const PatchPlan second = plan_patches(manifest, rows, other, 1);
  std::set<std::string> chosen;
  for (const auto& sample : second.manifest.samples) chosen.insert(sample.id);
  CHECK(chosen != ids);
}

TEST_CASE("negatives of another view stand in only where there is no match", "[patches]") {
  Manifest manifest = boxed_manifest();
  for (auto& sample : manifest.samples)
    if (sample.boxes.empty()) sample.meta[0] = "oblique";
  std::map<std::string, std::vector<std::string>> left_out;
  PackOptions options = patch_options(1);
  const auto split = table(manifest);
  const auto rows = plan_rows(manifest, split, {}, options, 1, left_out);
  CHECK(plan_patches(manifest, rows, options, 1).counts.unmatched == 5);
  options.patch_match = {"none"};
  CHECK(plan_patches(manifest, rows, options, 1).counts.unmatched == 0);
}

TEST_CASE("a fixed side is at least the box; large, empty and unknown boxes are counted",
          "[patches]") {
  Manifest manifest = boxed_manifest();
  manifest.samples[0].boxes = {{-30, -30, 90, 110, 1, {}}};
  manifest.samples[8].boxes = {{5, 5, 5, 9, 1, {}}, {1, 1, 3, 3, 1, {}}};
  manifest.samples[1].boxes_known = false;
  std::map<std::string, std::vector<std::string>> left_out;
  PackOptions options = patch_options();
  options.patch_side_px = 40;
  const auto split = table(manifest);
  const auto plan = [&] {
    return plan_patches(manifest, plan_rows(manifest, split, {}, options, 1, left_out), options, 1);
  };
  const Error outside = error_of(plan);
  CHECK(outside.code() == Exit::bad_data);
  CHECK(contains(outside.what(), "image '00000': box -30 -30 90 110 is not inside"));
  options.keep = {"box_outside"};
  CHECK(contains(error_of(plan).what(), "--keep box_empty"));
  options.keep.emplace_back("box_empty");
  const PatchPlan made = plan();
  CHECK(made.counts.lesions == 5);
  CHECK(made.counts.dropped == 1);
  CHECK(made.counts.not_annotated == 1);
  CHECK(describe_patches(made.counts) ==
        "5 patches with a box, 0 of images without boxes; 1 boxes have no area in their image; 1 "
        "images not annotated");
  CHECK(made.crops[0].side_px == 80);
  CHECK(made.crops[1].side_px == 40);
  const ScratchFolder folder;
  pack(manifest, split, {}, options, folder / "a.h5", 1);
  const Store store(folder / "a.h5");
  CHECK(store.part("train").boxes[0][0].x0 == Approx(2));  // 60x80 fitted into 16x16
  for (auto& sample : manifest.samples) sample.boxes.clear();
  CHECK(contains(error_of(plan).what(), "no image has a box"));
}

TEST_CASE("a patch shows its neighbours' boxes; with several labels they count", "[patches]") {
  Manifest manifest = boxed_manifest();
  manifest.samples[0].boxes.push_back({33, 30, 36, 36, 0, {}});  // inside the first one's patch
  manifest.samples[0].boxes.push_back({50, 70, 58, 78, 0, {}});  // far away
  manifest.samples[0].labels = {1, 1};
  std::map<std::string, std::vector<std::string>> left_out;
  const PackOptions options = patch_options();
  const auto split = table(manifest);
  for (const bool several : {false, true}) {
    manifest.multi_label = several;
    const auto rows = plan_rows(manifest, split, {}, options, 1, left_out);
    const PatchPlan plan = plan_patches(manifest, rows, options, 1);
    const auto& samples = plan.manifest.samples;
    CHECK(samples[0].boxes.size() == 2);
    CHECK(samples[0].labels == std::vector<int8_t>{static_cast<int8_t>(several), 1});
    CHECK(samples[2].id == "00000#b3");
    CHECK(samples[2].labels == std::vector<int8_t>{1, static_cast<int8_t>(several ? -1 : 0)});
  }
}

TEST_CASE("patches are held against the parts of their images", "[patches]") {
  const ScratchFolder folder;
  const Manifest manifest = boxed_manifest();
  auto split = table(manifest);
  pack(manifest, split, {}, small(), folder / "whole.h5", 1);
  pack(manifest, split, {}, patch_options(1), folder / "patches.h5", 1);
  const Store whole(folder / "whole.h5"), patches(folder / "patches.h5");
  CHECK(contains(check_parts(patches, whole), "rows are in the parts of their images"));
  for (auto& row : split)
    if (row.id == "00012") row.split = "val";
  pack(manifest, split, {}, small(), folder / "moved.h5", 1);
  const Error error = error_of([&] { check_parts(patches, Store(folder / "moved.h5")); });
  CHECK(error.code() == Exit::bad_data);
  CHECK(contains(error.what(), "'00012#b1' is in train, but its image is in val"));
  CHECK(contains(error.what(), "in all 1 patches"));
  CHECK(image_of_patch("a#b12") == "a");
  CHECK(image_of_patch("a#n") == "a#n");
  CHECK(image_of_patch("a#bc") == "a#bc");
  CHECK(image_of_patch("a#7") == "a#7");
}

TEST_CASE("options of patches out of range are named", "[patches]") {
  const auto fault = [](auto change) {
    PackOptions options;
    change(options);
    const Error error = error_of([&] { options.check(); });
    CHECK(error.code() == Exit::config);
    return std::string(error.what());
  };
  CHECK(contains(fault([](auto& o) { o.patches = "all"; }), "unknown kind of patches 'all'"));
  CHECK(contains(fault([](auto& o) { o.patch_context = .5; }), "data.patch_context"));
  CHECK(contains(fault([](auto& o) { o.patch_side_px = 4; }), "data.patch_side_px"));
  CHECK(contains(fault([](auto& o) { o.patch_negatives = -1; }), "data.patch_negatives"));
}
