// SPDX-License-Identifier: Apache-2.0
#include "lesion/source.hpp"

#include <catch2/catch.hpp>
#include <set>

#include "dataset/match_columns.hpp"
#include "lesion/preview.hpp"
#include "tests/fixture.hpp"
#include "tests/lesion/lesion_store.hpp"
#include "tests/pixels.hpp"

using namespace evenray;

namespace {

struct Bones {
  explicit Bones(const BoneStore& options = {}) {
    write_bone_store(folder / "a.h5", options);
    store.emplace(folder / "a.h5");
  }
  LesionSource source(LesionKind kind, int threads = 1, LesionOptions options = {}) const {
    return {*store, kind, options, threads};
  }
  ScratchFolder folder;
  std::optional<Store> store;
};

int made_count(const std::vector<PastedImage>& images) {
  return static_cast<int>(std::count_if(
      images.begin(), images.end(), [](const auto& one) { return one.drawn.failed.empty(); }));
}

}  // namespace

TEST_CASE("a real lesion goes into a negative of its view, with box and polygon", "[lesion]") {
  const Bones bones({.rings = true});
  const StorePart& train = bones.store->part("train");
  auto source = bones.source(LesionKind::real);
  CHECK(source.name() == "lesion:real");
  CHECK(source.serves(1));
  CHECK_FALSE(source.serves(0));
  const auto images = source.paste_images(1, 0, 8, Rng(5));
  REQUIRE(made_count(images) == 8);
  for (const auto& one : images) {
    const auto target = static_cast<size_t>(one.target), donor = static_cast<size_t>(one.donor);
    CHECK(train.boxes[target].empty());
    CHECK(train.meta[target][0] == train.meta[donor][0]);
    CHECK(one.drawn.provenance.origin == Origin::synthetic);
    CHECK(one.drawn.provenance.parent == one.target);
    CHECK(contains(one.drawn.provenance.recipe,
                   "lesion:real lesion " + train.ids[donor] + "#b1 at "));
    REQUIRE(one.drawn.boxes.size() == 1);
    const Box &box = one.drawn.boxes[0], &own = train.boxes[donor][0];
    CHECK(box.label == 1);
    CHECK(box.x1 - box.x0 == own.x1 - own.x0);
    const cv::Point2f moved(box.x0 - own.x0, box.y0 - own.y0);
    CHECK(box.rings[0][2] == own.rings[0][2] + moved);
    CHECK(moved == cv::Point2f(one.area.tl() - cv::Point(14, 14)));
    // The gap is where the box says.
    const auto middle = static_cast<int>(box.y0 + 6);
    CHECK(one.drawn.image.at<uint8_t>(middle, 32) + 30 <
          bones.store->image("train", one.target).at<uint8_t>(middle, 32));
  }
}

TEST_CASE("images depend neither on threads nor on calls, in 8 and 16 bits", "[lesion]") {
  for (const int bits : {8, 16}) {
    const Bones bones({.bits = bits});
    for (const LesionKind kind :
         {LesionKind::real, LesionKind::residual, LesionKind::identity, LesionKind::healthy}) {
      const int c = kind == LesionKind::healthy ? 0 : 1;
      auto one = bones.source(kind, 1), two = bones.source(kind, 2);
      const auto all = one.paste_images(c, 0, 10, Rng(5));
      const auto some = two.paste_images(c, 3, 5, Rng(5));
      CHECK(made_count(all) > 0);
      for (size_t i = 0; i < some.size(); ++i) {
        const Drawn &a = all[i + 3].drawn, &b = some[i].drawn;
        CHECK(a.failed == b.failed);
        CHECK(a.provenance.recipe == b.provenance.recipe);
        if (!a.failed.empty()) continue;
        CHECK(a.image.type() == (bits == 16 ? CV_16UC1 : CV_8UC1));
        CHECK(same_pixels(a.image, b.image));
      }
      const auto others = one.paste_images(c, 0, 10, Rng(6));
      CHECK_FALSE(others[0].drawn.provenance.recipe == all[0].drawn.provenance.recipe);
    }
  }
}

TEST_CASE("a lesion is pasted into each target once, then its images fail", "[lesion]") {
  const Bones bones({.broken = 1, .sound = 9});  // five or four negatives of each view
  auto source = bones.source(LesionKind::real);
  const auto images = source.paste_images(1, 0, 12, Rng(2));
  std::set<int64_t> targets;
  for (const auto& one : images)
    if (one.drawn.failed.empty()) CHECK(targets.insert(one.target).second);
  CHECK(targets.size() >= 3);
  CHECK(images.back().drawn.failed == "the lesion was pasted into every target");
  CHECK(images.back().drawn.image.empty());
  // The healthy patches and the moves of identity come to an end too.
  auto identity = bones.source(LesionKind::identity);
  std::set<std::pair<int, int>> moves;
  for (const auto& one : identity.paste_images(1, 0, 40, Rng(2)))
    if (one.drawn.failed.empty()) CHECK(moves.insert({one.area.x, one.area.y}).second);
  CHECK(moves.size() == 24);
}

TEST_CASE("the controls: healthy has no box, identity stays in its image", "[lesion]") {
  const Bones bones;
  const StorePart& train = bones.store->part("train");
  auto healthy = bones.source(LesionKind::healthy);
  CHECK(healthy.serves(0));
  CHECK_FALSE(healthy.serves(1));
  CHECK(contains(healthy.caution(), "a control"));
  int made = 0;
  for (const auto& one : healthy.paste_images(0, 0, 8, Rng(5))) {
    if (!one.drawn.failed.empty()) continue;
    ++made;
    CHECK(one.drawn.boxes.empty());
    CHECK(one.drawn.boxes_known);
    CHECK(train.boxes[static_cast<size_t>(one.target)].empty());
    // No gap: the middle of the bone stays bright.
    CHECK(one.drawn.image.at<uint8_t>(32, 32) > 120);
    CHECK(contains(one.drawn.provenance.recipe, " patch train"));
  }
  CHECK(made > 0);
  auto identity = bones.source(LesionKind::identity);
  for (const auto& one : identity.paste_images(1, 0, 4, Rng(5))) {
    CHECK(one.target == one.donor);
    const Box& own = train.boxes[static_cast<size_t>(one.donor)][0];
    CHECK(one.drawn.boxes.size() == 1);
    CHECK(std::abs(one.drawn.boxes[0].x0 - own.x0) <= 2);
  }
}

TEST_CASE("tries are bounded: no place that fits, no negative of the view", "[lesion]") {
  const Bones bones;
  LesionOptions options;
  options.likeness = .99;
  options.places = 1;
  options.move = .5;
  options.tolerance = .01;
  auto source = bones.source(LesionKind::real, 1, options);
  for (const auto& one : source.paste_images(1, 0, 4, Rng(5)))
    CHECK(one.drawn.failed == "no place that fits");
  options = {};
  options.match = {"exposure"};  // a value of its own for each row
  auto strict = bones.source(LesionKind::real, 1, options);
  CHECK(strict.paste_images(1, 0, 1, Rng(5))[0].drawn.failed ==
        "no negative of the lesion's region and view");
}

TEST_CASE("stores without boxes, negatives or movable lesions are refused", "[lesion]") {
  const auto fault = [](const BoneStore& options) {
    const Bones bones(options);
    const Error error = error_of([&] { bones.source(LesionKind::real); });
    CHECK(error.code() == Exit::bad_data);
    return std::string(error.what());
  };
  CHECK(contains(fault({.boxes = false}), "no training image has boxes"));
  CHECK(contains(fault({.annotated = false}), "every annotated training image has boxes"));
  CHECK(contains(fault({.box = {-10, -10, 80, 90, 1, {}}}), "cover more than half"));
  const Bones bones;
  auto source = bones.source(LesionKind::real);
  CHECK(error_of([&] { source.draw(0, 0, 1, Rng(1)); }).code() == Exit::bad_data);
}

TEST_CASE("columns of region and view are known by name", "[lesion]") {
  const std::vector<std::string> columns = {"sex", "view", "hand", "hardware"};
  CHECK(match_columns(columns, {}) == std::vector<size_t>{1, 2});
  CHECK(match_columns(columns, {"sex"}) == std::vector<size_t>{0});
  CHECK(match_columns(columns, {"none"}).empty());
  const Error error = error_of([&] { match_columns(columns, {"sex", "veiw"}); });
  CHECK(error.code() == Exit::config);
  CHECK(contains(error.what(), "unknown column to match by 'veiw' (known: "));
  CHECK(match_key({"F", "pa", "1", "0"}, {1, 2}) == "pa\n1\n");
}

TEST_CASE("sheets show pairs, and mix real and drawn lesions", "[lesion]") {
  const Bones bones;
  auto source = bones.source(LesionKind::real);
  const auto pairs = pair_items(*bones.store, source, 1, 3, Rng(5));
  REQUIRE(pairs.size() == 6);
  CHECK(pairs[0].boxes.empty());
  CHECK(pairs[1].boxes.size() == 1);
  CHECK(pairs[0].image.size() == pairs[1].image.size());
  CHECK_FALSE(same_pixels(pairs[0].image, pairs[1].image));
  const BlindSheet blind = blind_sheet(*bones.store, source, 1, 8, Rng(5));
  CHECK(blind.items.size() == 8);
  int real = 0;
  for (const auto& line : split_text(blind.key_csv, '\n')) real += contains(line, ",real,");
  CHECK(real == 4);
  CHECK(blind.items[2].caption == "3");
  CHECK(blind.items[2].boxes.empty());
}
