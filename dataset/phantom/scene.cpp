// SPDX-License-Identifier: Apache-2.0
#include "dataset/phantom/scene.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <opencv2/imgproc.hpp>

namespace evenray::phantom {
namespace {

float between(Rng& rng, double low, double high) {
  return static_cast<float>(rng.uniform(low, high));
}

View make_view(Projection projection, Rng& rng) {
  View view;
  const double base = projection == Projection::frontal   ? 0
                      : projection == Projection::lateral ? std::numbers::pi / 2
                                                          : std::numbers::pi / 4;
  view.turn = static_cast<float>(base) + between(rng, -.12, .12);
  view.tilt = between(rng, -.25, .25);
  view.roll = static_cast<float>(.07 * rng.normal());
  view.zoom = between(rng, 1., 1.2);
  view.shift = {between(rng, -.05, .05), between(rng, -.04, .04)};
  view.mirrored = rng.chance(.5);
  return view;
}

Film make_film(double exposure, Rng& rng) {
  Film film;
  film.photons = static_cast<float>(1000 * exposure);
  film.scatter = between(rng, .1, .3);
  film.blur = between(rng, .003, .0065);
  film.low = between(rng, -.05, .05);
  film.high = between(rng, 1.55, 1.95);
  film.gamma = between(rng, .9, 1.12);
  film.heel = {between(rng, -.15, .15), between(rng, -.15, .15)};
  const bool collimated = rng.chance(.5);
  for (float& margin : film.shutters) margin = between(rng, -.06, .09) * (collimated ? 1.F : 0.F);
  if (!collimated) film.shutters.fill(-1);
  film.shutter_turn = between(rng, -.05, .05);
  film.shutter_value = between(rng, 0, .06);
  return film;
}

/// Returns a slightly curved line about `centre`.
Stroke curve(
    cv::Point2f centre, double angle, double length, double sag, float width, float strength) {
  Stroke stroke;
  const cv::Point2f along(static_cast<float>(std::cos(angle)), static_cast<float>(std::sin(angle)));
  const cv::Point2f across(-along.y, along.x);
  for (int i = -5; i <= 5; ++i) {
    const double t = i / 10.;
    stroke.points.push_back(centre + along * (t * length) + across * (sag * (1 - 4 * t * t)));
  }
  stroke.width = width;
  stroke.strength = strength;
  return stroke;
}

/// Returns the image point at share `u` of a tube's axis and distance `v` across it.
cv::Point2f on_axis(const ShownTube& tube, float u, float v) {
  return tube.a + tube.along * (u * tube.length) + tube.across * (v + tube.bend * 4 * u * (1 - u));
}

/// Returns the position along a tube (0..1) near the middle of the picture, with random variation.
float near_middle(const ShownTube& tube, Rng& rng) {
  const float rise = tube.along.y * tube.length;
  const float play = between(rng, -.32, .32);
  return std::abs(rise) < 1e-3F ? .5F : std::clamp((play - tube.a.y) / rise, .08F, .92F);
}

void add_channels(Scene& scene, Rng& rng) {
  for (const Tube& bone : scene.anatomy.bones) {
    const double wish = rng.uniform();
    const ShownTube shown = show(bone, scene.view);
    const float u = near_middle(shown, rng);
    const cv::Point2f at = on_axis(shown, u, between(rng, -.75, .75) * shown.width);
    const double axis = std::atan2(shown.along.y, shown.along.x);
    const double angle = axis + (rng.chance(.5) ? 1 : -1) * rng.uniform(.15, 1.1);
    const double length = shown.width * rng.uniform(.7, 1.7),
                 sag = shown.width * rng.uniform(-.15, .15);
    const float width = between(rng, .006, .012), strength = between(rng, .15, .4);
    if (bone.breakable && wish < .15)
      scene.channels.push_back(curve(at, angle, length, sag, width, strength));
  }
}

void add_folds_and_hairs(Scene& scene, double aspect, Rng& rng) {
  const int folds = rng.chance(.3) ? 1 + static_cast<int>(rng.below(2)) : 0;
  for (int i = 0; i < folds; ++i) {
    const cv::Point2f at(between(rng, -.15, .15), between(rng, -.4, .4));
    const double angle = rng.uniform(-.6, .6), length = rng.uniform(.3, .8),
                 sag = rng.uniform(-.08, .08);
    const float width = between(rng, .005, .014);
    scene.folds.push_back(curve(
        at, angle, length, sag, width, (rng.chance(.6) ? 1.F : -1.F) * between(rng, .06, .16)));
  }
  const int hairs = rng.chance(.25) ? 1 + static_cast<int>(rng.below(3)) : 0;
  for (int i = 0; i < hairs; ++i) {
    const cv::Point2f at(between(rng, -.4, .4) * static_cast<float>(aspect),
                         between(rng, -.45, .45));
    const double angle = rng.uniform(0, std::numbers::pi), length = rng.uniform(.06, .22),
                 sag = rng.uniform(-.03, .03);
    const float strength = (rng.chance(.6) ? -1.F : 1.F) * between(rng, .06, .2);
    scene.hairs.push_back(curve(at, angle, length, sag, between(rng, .004, .009), strength));
  }
}

/// A plate with screws along one bone, or a wire inside it.
void add_metal(Scene& scene, Rng& rng) {
  const bool wanted = rng.chance(.05), wire = rng.chance(.3);
  std::vector<const Tube*> hosts;
  for (const Tube& bone : scene.anatomy.bones) {
    if (bone.breakable) hosts.push_back(&bone);
  }
  const ShownTube shown = show(*hosts[rng.below(hosts.size())], scene.view);
  const float middle = near_middle(shown, rng), reach = between(rng, .1, .2) / shown.length;
  const float side = (rng.chance(.5) ? 1.F : -1.F) * shown.width * (wire ? .1F : .95F);
  const int screws = 3 + static_cast<int>(rng.below(4));
  const float lean = between(rng, -.01, .01);
  if (!wanted) return;
  const auto bar = [&](cv::Point2f from, cv::Point2f to, float width, float strength) {
    scene.metal.push_back({{from, to}, width, strength});
  };
  bar(on_axis(shown, middle - reach, side),
      on_axis(shown, middle + reach, side + lean),
      wire ? .014F : .022F,
      2.2F);
  for (int i = 0; i < screws && !wire; ++i) {
    const float u =
        middle + reach * (2 * (static_cast<float>(i) + .5F) / static_cast<float>(screws) - 1);
    bar(on_axis(shown, u, side * 1.15F), on_axis(shown, u, -side), .013F, 1.8F);
  }
}

}  // namespace

cv::Point2f View::project(const cv::Point3f& point) const {
  float x = point.x * std::cos(turn) + point.z * std::sin(turn);
  const float z = point.z * std::cos(turn) - point.x * std::sin(turn);
  const float y = point.y * std::cos(tilt) + z * std::sin(tilt);
  if (mirrored) x = -x;
  return cv::Point2f(x * std::cos(roll) - y * std::sin(roll),
                     x * std::sin(roll) + y * std::cos(roll)) *
             zoom +
         shift;
}

ShownTube show(const Tube& tube, const View& view) {
  ShownTube shown;
  const float c = std::cos(view.turn), s = std::sin(view.turn);
  shown.a = view.project(tube.a);
  const cv::Point2f span = view.project(tube.b) - shown.a;
  shown.length = std::max(static_cast<float>(cv::norm(span)), 1e-3F);
  shown.along = span / shown.length;
  // `across` follows the limb's x axis in the picture, whichever way the tube runs.
  shown.across = {-shown.along.y, shown.along.x};
  const cv::Point2f right = view.project({c, 0, s}) - view.project({0, 0, 0});
  if (shown.across.dot(right) < 0) shown.across = -shown.across;
  shown.width = view.zoom * std::hypot(tube.wide * c, tube.deep * s);
  shown.depth = view.zoom * std::hypot(tube.wide * s, tube.deep * c);
  shown.bend = view.zoom * (tube.bend_x * c + tube.bend_z * s);
  shown.turn = view.turn;
  if (tube.fracture)
    shown.shift = view.zoom * (tube.fracture->shift_x * c + tube.fracture->shift_z * s);
  return shown;
}

Scene make_scene(Anatomy anatomy, Projection projection, double exposure, double aspect, Rng rng) {
  Scene scene;
  scene.anatomy = std::move(anatomy);
  Rng view = rng.fork("view"), film = rng.fork("film"), extras = rng.fork("extras");
  scene.view = make_view(projection, view);
  scene.view.turn *= scene.anatomy.turn_share;
  scene.view.zoom *= static_cast<float>(std::min(1., aspect / .75));
  scene.film = make_film(exposure, film);
  scene.noise = rng.fork("noise");
  add_channels(scene, extras);
  add_folds_and_hairs(scene, aspect, extras);
  add_metal(scene, extras);
  const float thick = between(extras, .02, .04);
  if (extras.chance(.06)) scene.cast = thick;
  const bool marked = extras.chance(.45);
  if (marked) scene.marker = extras.chance(.5) ? 'L' : 'R';
  const float half = static_cast<float>(aspect) / 2;
  scene.marker_at = {(extras.chance(.5) ? 1.F : -1.F) * (half - between(extras, .07, .12)),
                     (extras.chance(.5) ? 1.F : -1.F) * between(extras, .28, .42)};
  return scene;
}

std::optional<Box> fracture_truth(const Scene& scene, int height, int width, int label) {
  for (const Tube& tube : scene.anatomy.bones) {
    if (!tube.fracture) continue;
    const Break& line = *tube.fracture;
    const ShownTube shown = show(tube, scene.view);
    const float stretch = shown.length / static_cast<float>(cv::norm(tube.b - tube.a));
    const float margin = .006F + line.gap * scene.view.zoom + .5F * std::abs(shown.shift);
    std::vector<cv::Point2f> cloud, ring;
    for (int i = 0; i < kRingSteps; ++i) {
      if (line.loss[i] <= 0) continue;
      const double angle = 2 * std::numbers::pi * i / kRingSteps + shown.turn;
      const float u = line.at + line.height[i] * stretch / shown.length;
      const cv::Point2f at =
          on_axis(shown, u, shown.width * static_cast<float>(std::sin(angle)) + .5F * shown.shift);
      for (int k = 0; k < 8; ++k) {
        const double way = std::numbers::pi * k / 4;
        cloud.push_back(at + margin * cv::Point2f(static_cast<float>(std::cos(way)),
                                                  static_cast<float>(std::sin(way))));
      }
    }
    if (cloud.empty()) return std::nullopt;
    cv::convexHull(cloud, ring);
    const auto h = static_cast<float>(height), w = static_cast<float>(width);
    Box box{w, h, 0, 0, label, {}};
    for (cv::Point2f& point : ring) {
      point = {std::clamp(point.x * h + w / 2, 0.F, w), std::clamp((point.y + .5F) * h, 0.F, h)};
      box.x0 = std::min(box.x0, point.x), box.y0 = std::min(box.y0, point.y);
      box.x1 = std::max(box.x1, point.x), box.y1 = std::max(box.y1, point.y);
    }
    box.rings.push_back(std::move(ring));
    return box;
  }
  return std::nullopt;
}

}  // namespace evenray::phantom
