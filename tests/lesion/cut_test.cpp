// SPDX-License-Identifier: Apache-2.0
#include "lesion/cut.hpp"

#include <catch2/catch.hpp>

#include "lesion/blend.hpp"
#include "lesion/collection.hpp"
#include "tests/lesion/lesion_store.hpp"
#include "tests/pixels.hpp"

using namespace evenray;

namespace {

const cv::Rect kContent(0, 0, kBonePx, kBonePx);

std::shared_ptr<const Scene> bone_scene(uint64_t number, double middle, int gap) {
  return std::make_shared<Scene>(bone_picture(number, middle, gap, 8), 255);
}

Cut bone_cut() {
  const Box box{23, 26, 41, 38, 1, {{{24, 28}, {40, 28}, {40, 36}, {24, 36}}}};
  return cut_lesion(bone_scene(1, 32, 32), patch_area(box, 2, kContent), kContent, box);
}

}  // namespace

TEST_CASE("the patch is a square around the box, clipped to the content", "[cut]") {
  CHECK(patch_area({20, 30, 30, 34, 0, {}}, 2, kContent) == cv::Rect(15, 22, 20, 20));
  CHECK(patch_area({0, 0, 10, 10, 0, {}}, 2, kContent) == cv::Rect(0, 0, 15, 15));
  CHECK(patch_area({30, 30, 31, 31, 0, {}}, 2, kContent) == cv::Rect(26, 26, 9, 9));
  CHECK(patch_area({-9, -9, 900, 900, 0, {}}, 2, kContent) == kContent);
  CHECK(content_of({64, 64}, {5.5f, 0}) == cv::Rect(6, 0, 52, 64));
  CHECK(content_of({64, 64}, {-8, 0}) == cv::Rect(0, 0, 64, 64));
}

TEST_CASE("a cut has its box and polygon from the patch's corner, and no weight on its border",
          "[cut]") {
  const Cut cut = bone_cut();
  CHECK(cut.area == cv::Rect(14, 14, 36, 36));
  CHECK(cut.box.x0 == 9);
  CHECK(cut.box.y1 == 24);
  CHECK(cut.box.rings[0][2] == cv::Point2f(26, 22));
  CHECK(cut.place.x == Approx(.5));
  CHECK(cut.alpha.at<double>(18, 18) == 1);
  double most = 0;
  for (int i = 0; i < 36; ++i)
    most = std::max({most,
                     cut.alpha.at<double>(0, i),
                     cut.alpha.at<double>(35, i),
                     cut.alpha.at<double>(i, 0),
                     cut.alpha.at<double>(i, 35)});
  CHECK(most == 0);
  CHECK(cut.ring.at<uint8_t>(18, 18) == 0);
  CHECK(cut.ring.at<uint8_t>(2, 2) == 255);
}

TEST_CASE("boxes without area, at the border and larger than the image can be cut", "[cut]") {
  for (const Box& box : {Box{10, 10, 10, 10, 0, {}},
                         Box{60, 0, 64, 3, 0, {}},
                         Box{-50, -50, 150, 150, 0, {}},
                         Box{5, 5, 9, 9, 0, {{}, {{7, 7}}}}}) {
    const cv::Rect area = patch_area(box, 2, kContent);
    const Cut cut = cut_lesion(bone_scene(1, 32, -1), area, kContent, box);
    CHECK(cut.alpha.size() == area.size());
    CHECK(cv::countNonZero(cut.ring) > 0);
    CHECK((cut.lesion & cv::Rect({}, area.size())) == cut.lesion);
  }
}

TEST_CASE("a place is found where the bone is, within the reach", "[cut]") {
  const Cut cut = bone_cut();
  LesionOptions options;
  const auto moved = bone_scene(2, 36, -1);  // 4 px to the right: .0625 of the side
  const auto place = find_place(cut, *moved, kContent, options, Rng(1));
  REQUIRE(place);
  CHECK(place->area.x == 18);
  CHECK(place->likeness > .8);
  const auto far = bone_scene(3, 52, -1);  // 20 px, beyond .1
  CHECK_FALSE(find_place(cut, *far, kContent, options, Rng(1)));
  const auto flat = std::make_shared<Scene>(cv::Mat(64, 64, CV_8UC1, cv::Scalar(80)), 255);
  CHECK_FALSE(find_place(cut, *flat, kContent, options, Rng(1)));
  CHECK_FALSE(find_place(cut, *moved, {0, 0, 30, 30}, options, Rng(1)));  // the patch has 36 px
}

TEST_CASE("a darker and flatter target gets the lesion in its own tone", "[blend]") {
  const Cut cut = bone_cut();
  cv::Mat dim;
  bone_picture(5, 32, -1, 8).convertTo(dim, CV_8U, .7, 10);
  const Scene target(dim, 255);
  for (const Blend blend : {Blend::feather, Blend::poisson}) {
    Paste how{blend};
    const cv::Mat out = paste(cut, target, cut.area, how, Rng(3));
    CHECK(how.gain == Approx(.7).epsilon(.05));
    const double gap = out.at<double>(32, 32) * 255;  // 55 in the lesion's own image
    CHECK(gap == Approx(.7 * 55 + 10).margin(8));
  }
}

TEST_CASE("pixels outside the lesion do not change, and mix 0 changes nothing", "[blend]") {
  const Cut cut = bone_cut();
  const Scene target(bone_picture(5, 32, -1, 8), 255);
  for (const Blend blend : {Blend::feather, Blend::poisson, Blend::residual}) {
    Paste how{blend};
    const cv::Mat out = paste(cut, target, cut.area, how, Rng(3));
    cv::Mat same = out == target.grey;
    same(cut.area).setTo(255, cut.alpha > 0);
    CHECK(cv::countNonZero(same == 0) == 0);
    CHECK(cv::norm(out, target.grey, cv::NORM_INF) > .1);
    Paste none{blend, 0};
    CHECK(cv::norm(paste(cut, target, cut.area, none, Rng(3)), target.grey, cv::NORM_INF) == 0);
  }
}

TEST_CASE("a smooth patch gets the target's grain", "[blend]") {
  const Box box{23, 26, 41, 38, 1, {}};
  cv::Mat smooth(kBonePx, kBonePx, CV_8UC1), noisy(kBonePx, kBonePx, CV_8UC1);
  Rng rng(8);
  for (int y = 0; y < kBonePx; ++y)
    for (int x = 0; x < kBonePx; ++x) {
      smooth.at<uint8_t>(y, x) = static_cast<uint8_t>(60 + 2 * x);
      noisy.at<uint8_t>(y, x) = static_cast<uint8_t>(60 + 2 * x + rng.uniform(-12, 12));
    }
  const auto from = std::make_shared<Scene>(smooth, 255);
  const Cut cut = cut_lesion(from, patch_area(box, 2, kContent), kContent, box);
  Paste how{Blend::feather};
  paste(cut, Scene(noisy, 255), cut.area, how, Rng(1));
  CHECK(how.grain == Approx(24 / std::sqrt(12.) / 255).epsilon(.15));
}

TEST_CASE("values are rounded to the store's depth", "[blend]") {
  const cv::Mat half(2, 2, CV_64F, cv::Scalar(.5));
  CHECK(quantised(half, 255).at<uint8_t>(0, 0) == 128);
  CHECK(quantised(half, 65535).type() == CV_16UC1);
  CHECK(quantised(half * 2, 65535).at<uint16_t>(1, 1) == 65535);
}
