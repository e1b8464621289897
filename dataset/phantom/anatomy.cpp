// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cassert>
#include <cmath>
#include <numbers>

#include "dataset/phantom/scene.hpp"

namespace evenray::phantom {
namespace {

/// A patient's properties, shared by all limbs.
struct Build {
  float wide, cortex, density, flesh;
  bool growing;

  explicit Build(Rng& rng)
      : wide(static_cast<float>(rng.uniform(.88, 1.18))),
        cortex(static_cast<float>(rng.uniform(.22, .4))),
        density(static_cast<float>(rng.uniform(.85, 1.1))),
        flesh(static_cast<float>(rng.uniform(.9, 1.15))),
        growing(rng.chance(.2)) {}
};

/// Builds a limb in a frame where the joint is at the lower end.
class Limb {
 public:
  Limb(const Build& build, Rng& rng) : build_(build), rng_(rng) {}

  Tube& bone(cv::Point3f a, cv::Point3f b, float wide, float flare_a, float flare_b) {
    Tube tube;
    const float vary = between(.93, 1.08);
    tube.a = a;
    tube.b = b;
    tube.wide = wide * build_.wide * vary;
    tube.deep = tube.wide * between(.85, 1.1);
    tube.flare_a = flare_a * between(.95, 1.05);
    tube.flare_b = flare_b * between(.93, 1.07);
    tube.bend_x = between(-.25, .25) * tube.wide;
    tube.bend_z = between(-.5, .5) * tube.wide;
    tube.shell = build_.cortex * between(.9, 1.1);
    tube.lump = .03F;
    tube.phase = between(0, 2 * kPi);
    tube.mu_shell = 17 * build_.density * .045F / std::max(wide, .032F);
    tube.mu_core = 2.7F * build_.density * .045F / std::max(wide, .032F);
    limb_.bones.push_back(tube);
    return limb_.bones.back();
  }

  /// A long bone, which may break and has growth plates if the patient is growing.
  Tube& long_bone(cv::Point3f a, cv::Point3f b, float wide, float flare_a, float flare_b) {
    Tube& tube = bone(a, b, wide, flare_a, flare_b);
    tube.breakable = true;
    const auto length = static_cast<float>(cv::norm(b - a));
    const float from_b = between(.6, 1.1) * tube.wide * tube.flare_b / length;
    const float from_a = between(.6, 1.1) * tube.wide * tube.flare_a / length;
    if (build_.growing) tube.plates = {from_a, 1 - from_b};
    return tube;
  }

  void lump(cv::Point3f centre, float rx, float ry, float rz) {
    Lump item;
    item.centre = centre + cv::Point3f(between(-.008, .008), between(-.008, .008), 0);
    item.rx = rx * build_.wide * between(.85, 1.1);
    item.ry = ry * build_.wide * between(.85, 1.1);
    item.rz = rz * build_.wide;
    item.turn = between(-.4, .4);
    item.mu = 5.5F * build_.density * std::min(1.F, .05F / rz);
    limb_.lumps.push_back(item);
  }

  void flesh(cv::Point3f a, cv::Point3f b, float wide, float deep, float flare_a, float flare_b) {
    Tube tube;
    tube.a = a;
    tube.b = b;
    tube.wide = wide * (.35F + .65F * build_.flesh);
    tube.deep = deep * (.35F + .65F * build_.flesh);
    tube.flare_a = flare_a;
    tube.flare_b = flare_b;
    tube.shell = between(.08, .22);
    tube.lump = .05F;
    tube.phase = between(0, 2 * kPi);
    tube.mu_shell = 1.5F * .16F / std::max(deep, .12F);
    tube.mu_core = 2.1F * .16F / std::max(deep, .12F);
    limb_.flesh.push_back(tube);
  }

  /// Limits the turn of a hand: seen exactly from the side, all its rays would overlap.
  void fan() { limb_.turn_share = .5F; }

  float between(double low, double high) { return static_cast<float>(rng_.uniform(low, high)); }
  bool chance(double p) { return rng_.chance(p); }

  /// Returns the limb, turned upside down if `joint_above`.
  Anatomy take(bool joint_above) {
    if (joint_above) {
      const auto flip = [](cv::Point3f& point) { point.y = -point.y; };
      for (auto* tubes : {&limb_.bones, &limb_.flesh}) {
        for (Tube& tube : *tubes) flip(tube.a), flip(tube.b);
      }
      for (Lump& item : limb_.lumps) flip(item.centre);
    }
    return std::move(limb_);
  }

 private:
  const Build& build_;
  Rng& rng_;
  Anatomy limb_;
};

void wrist(Limb& limb, float y) {
  limb.long_bone({.065F, -.85F, .01F}, {.06F, y, .01F}, .046F, 1, 1.75F);
  limb.long_bone({-.05F, -.85F, -.02F}, {-.075F, y - .035F, -.015F}, .036F, 1.1F, 1.3F);
  for (int i = 0; i < 4; ++i) {
    const float x = -.075F + .055F * static_cast<float>(i);
    limb.lump({x + .01F, y + .05F, i % 2 ? .01F : -.01F}, .032F, .03F, .03F);
    limb.lump({x, y + .108F, i % 2 ? -.01F : .01F}, .03F, .032F, .03F);
    limb.bone({x, y + .145F, 0}, {x * 1.5F, y + .5F, .01F}, .026F, 1.3F, 1.4F);
  }
  limb.flesh({0, -.95F, 0}, {0, .95F, 0}, .17F, .11F, 1.25F, 1.1F);
}

void elbow_of_forearm(Limb& limb, float y) {
  limb.long_bone({.06F, -.85F, .02F}, {.055F, y, 0}, .04F, 1.2F, 1.3F);
  limb.long_bone({-.06F, -.85F, -.02F}, {-.04F, y + .03F, -.03F}, .045F, 1, 1.55F);
  Tube& humerus = limb.bone({0, .95F, 0}, {0, y + .02F, .01F}, .055F, 1, 2.1F);
  humerus.notch = .05F;
  limb.flesh({0, -.95F, 0}, {0, .95F, 0}, .19F, .14F, .9F, 1);
}

void ankle(Limb& limb, float y) {
  limb.long_bone({.03F, -.9F, 0}, {.025F, y, 0}, .066F, 1, 1.35F).shell *= 1.1F;
  limb.long_bone({-.09F, -.9F, -.03F}, {-.085F, y + .06F, -.02F}, .028F, 1, 1.6F);
  limb.lump({.015F, y + .06F, .03F}, .085F, .05F, .07F);
  limb.lump({.0F, y + .15F, -.08F}, .07F, .055F, .1F);
  limb.lump({.01F, y + .12F, .13F}, .06F, .045F, .05F);
  for (int i = 0; i < 3; ++i) {
    const float x = -.04F + .04F * static_cast<float>(i);
    limb.bone({x, y + .13F, .19F}, {1.3F * x, y + .2F, .55F}, .024F, 1.2F, 1.4F);
  }
  limb.flesh({0, -.95F, 0}, {0, y + .22F, 0}, .17F, .16F, 1.2F, .95F);
  limb.flesh({0, y + .13F, -.17F}, {0, y + .19F, .6F}, .1F, .09F, 1.1F, .8F);
}

void knee(Limb& limb, float y) {
  limb.long_bone({.02F, -.9F, 0}, {.01F, y, 0}, .068F, 1, 1.9F);
  limb.long_bone({-.09F, -.9F, -.03F}, {-.11F, y - .07F, -.05F}, .027F, 1, 1.7F);
  Tube& femur = limb.bone({0, .98F, 0}, {0, y + .02F, 0}, .075F, 1, 1.8F);
  femur.notch = .05F;
  limb.lump({0, y + .13F, .12F}, .06F, .06F, .03F);
  limb.flesh({0, -.95F, 0}, {0, .98F, 0}, .21F, .2F, .85F, 1.15F);
}

void elbow_of_arm(Limb& limb, float y) {
  Tube& humerus = limb.long_bone({0, -.9F, 0}, {0, y, 0}, .056F, 1, 2.1F);
  humerus.notch = .04F;
  limb.bone({.05F, .95F, .02F}, {.05F, y + .02F, .01F}, .038F, 1, 1.3F);
  limb.bone({-.04F, .95F, -.02F}, {-.035F, y - .01F, -.03F}, .04F, 1, 1.5F);
  limb.flesh({0, -.95F, 0}, {0, .95F, 0}, .2F, .17F, 1.1F, .95F);
}

void shoulder(Limb& limb, float y) {
  limb.long_bone({0, -.9F, 0}, {.015F, y, 0}, .058F, 1, 1.85F);
  limb.lump({-.2F, y - .02F, -.03F}, .1F, .11F, .035F);
  limb.lump({-.12F, y - .05F, -.02F}, .022F, .075F, .045F);
  limb.bone({.02F, y + .05F, .02F}, {-.6F, y + .13F, .02F}, .026F, 1.5F, 1.1F);
  limb.flesh({0, -.95F, 0}, {-.1F, .75F, 0}, .2F, .17F, .85F, 1.35F);
  limb.flesh({-.12F, y - .1F, 0}, {-.75F, y - .05F, 0}, .24F, .16F, .9F, 1.2F);
}

void hand(Limb& limb) {
  limb.fan();
  // The rays of the hand run up from the wrist at the bottom; the middle ones are longest.
  const float base = limb.between(.36, .42);
  limb.flesh({0, base + .35F, 0}, {0, base - .4F, 0}, .24F, .075F, .8F, .95F);
  for (int ray = 0; ray < 4; ++ray) {
    const float side = static_cast<float>(ray) - 1.5F;
    const float reach = 1 - .06F * side * side;
    cv::Point3f at{.086F * side, base, .02F * side};
    float length = .35F * reach, wide = .033F;
    for (int joint = 0; joint < 4; ++joint) {
      const cv::Point3f to =
          at + cv::Point3f(.14F * side * length, -length, .04F * length * limb.between(-1, 1));
      if (joint < 2) {
        limb.long_bone(at, to, wide, 1.35F, 1.35F).shell *= 1.15F;
      } else {
        limb.bone(at, to, wide, 1.3F, 1.2F);
      }
      if (joint > 0) limb.flesh(at - (to - at) * .35F, to + (to - at) * .15F, .054F, .06F, 1, 1);
      at = to + cv::Point3f(0, -.012F, 0);
      length *= joint == 0 ? .68F : .62F;
      wide *= .84F;
    }
  }
  for (int i = 0; i < 4; ++i) {
    const float x = -.09F + .06F * static_cast<float>(i);
    limb.lump({x, base + .045F, i % 2 ? .01F : -.01F}, .036F, .034F, .03F);
    limb.lump({x + .02F, base + .11F, i % 2 ? -.01F : .01F}, .034F, .034F, .03F);
  }
  limb.bone({.06F, 1, 0}, {.055F, base + .16F, 0}, .045F, 1, 1.7F);
  limb.bone({-.06F, 1, 0}, {-.07F, base + .17F, 0}, .034F, 1, 1.3F);
}

}  // namespace

Anatomy make_anatomy(Region region, Rng rng) {
  const Build build(rng);
  const bool far_end = rng.chance(.6), mid_shaft = rng.chance(.15), upside_down = rng.chance(.05);
  const float y = mid_shaft ? .6F : static_cast<float>(rng.uniform(.14, .3));
  Limb limb(build, rng);
  switch (region) {
    case Region::forearm:
      far_end ? wrist(limb, y) : elbow_of_forearm(limb, y);
      break;
    case Region::lower_leg:
      far_end ? ankle(limb, y) : knee(limb, y);
      break;
    case Region::upper_arm:
      far_end ? elbow_of_arm(limb, y) : shoulder(limb, y);
      break;
    case Region::hand:
      hand(limb);
      return limb.take(upside_down);
  }
  return limb.take(far_end == upside_down);
}

void add_fracture(Anatomy& anatomy, double difficulty, Rng rng) {
  const auto between = [&](double low, double high) {
    return static_cast<float>(rng.uniform(low, high));
  };
  // A bone may break in the part of the picture that every view shows, away from the joint.
  struct Place {
    Tube* tube;
    float low, high;
  };
  std::vector<Place> places;
  for (Tube& tube : anatomy.bones) {
    if (!tube.breakable) continue;
    const float rise = tube.b.y - tube.a.y;
    float low = (-.28F - tube.a.y) / rise, high = (.28F - tube.a.y) / rise;
    if (low > high) std::swap(low, high);
    const float off = .035F / std::abs(rise);
    low = std::max(low, off), high = std::min(high, 1 - off);
    if (high - low > .04F) places.push_back({&tube, low, high});
  }
  assert(!places.empty());
  const Place place = places[rng.below(places.size())];
  Tube& tube = *place.tube;
  Break line;
  line.at = between(place.low, place.high);

  // The line is one wave around the cortex (its height makes it transverse, oblique or spiral) plus
  // random jags.
  const double kind = rng.uniform();
  const float slope = kind < .2   ? between(.1, .4)
                      : kind < .8 ? between(.5, 1.1)
                                  : between(1.1, 1.6);
  const float start = between(0, 2 * kPi);
  const float span =
      rng.chance(.12) ? between(.6, .8) : 1.F;  // below 1: one side of the cortex stays whole
  const float open = between(0, 2 * kPi);
  const auto ease = static_cast<float>(1.1 - .8 * difficulty);
  const float loss = (.6F + .9F * ease) * between(.85, 1.1);
  float jag = 0;
  for (int i = 0; i < kRingSteps; ++i) {
    const float angle = 2 * kPi * static_cast<float>(i) / kRingSteps;
    jag = .6F * jag + between(-.1, .1);
    line.height[i] = tube.wide * (slope * std::cos(angle - start) + jag);
    const float away = std::abs(std::remainder(angle - open, 2 * kPi)) / kPi;
    line.loss[i] = away < span ? std::min(loss * between(.75, 1.15), 1.F) : 0.F;
  }
  line.gap = between(.018, .034) * (.6F + .8F * ease);
  const float shift =
      (rng.chance(.8) && span == 1) ? between(.35, 1.1) * (.5F + ease) * tube.wide : 0;
  const float towards = between(0, 2 * kPi);
  line.shift_x = shift * std::cos(towards);
  line.shift_z = shift * std::sin(towards);
  line.angulation = span == 1 ? between(-.12, .12) * (.5F + ease) : 0;
  line.impaction = rng.chance(.5) ? between(.2, .5) : 0;
  tube.fracture = line;
}

}  // namespace evenray::phantom
