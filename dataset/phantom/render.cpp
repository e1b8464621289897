// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "dataset/phantom/scene.hpp"

namespace evenray::phantom {
namespace {

constexpr int kOversampling = 2;

/// Returns smooth noise of unit deviation with grains of grain_x by grain_y image heights. The
/// number of random draws depends only on the size of the canvas and of the grains.
cv::Mat1f grain(const Canvas& canvas, float grain_x, float grain_y, Rng rng) {
  const auto cells = [&](int side, float size) {
    return std::clamp(
        static_cast<int>(static_cast<float>(side) / (size * static_cast<float>(canvas.height))),
        3,
        side);
  };
  cv::Mat1f coarse(cells(canvas.height, grain_y), cells(canvas.width, grain_x)), out;
  for (float& value : coarse) value = static_cast<float>(rng.normal());
  cv::resize(coarse, out, {canvas.width, canvas.height}, 0, 0, cv::INTER_CUBIC);
  return out;
}

void add_lump(const Lump& item,
              const View& view,
              const Canvas& canvas,
              const cv::Mat1f& texture,
              cv::Mat1f& bone) {
  const cv::Point2f centre = view.project(item.centre);
  const float c = std::cos(view.turn), s = std::sin(view.turn);
  const float rx = view.zoom * std::hypot(item.rx * c, item.rz * s), ry = view.zoom * item.ry;
  const float depth = view.zoom * std::hypot(item.rx * s, item.rz * c);
  const float turn = view.roll + (view.mirrored ? -item.turn : item.turn);
  const float room = std::max(rx, ry);
  const cv::Point2f low = canvas.pixel(centre - cv::Point2f(room, room)),
                    high = canvas.pixel(centre + cv::Point2f(room, room));
  for (int y = std::max(0, static_cast<int>(low.y));
       y <= std::min(canvas.height - 1, static_cast<int>(high.y) + 1);
       ++y) {
    for (int x = std::max(0, static_cast<int>(low.x));
         x <= std::min(canvas.width - 1, static_cast<int>(high.x) + 1);
         ++x) {
      const cv::Point2f d = canvas.point(x, y) - centre;
      const float along = (d.x * std::cos(turn) + d.y * std::sin(turn)) / rx,
                  up = (d.y * std::cos(turn) - d.x * std::sin(turn)) / ry;
      const float inside = 1 - squared(squared(along)) - up * up;
      if (inside <= 0) continue;
      // The cortex of a small bone appears as a thin dense rim.
      const float rim = std::exp(-squared(inside / .3F));
      bone(y, x) +=
          2 * item.mu * depth * std::sqrt(inside) * (1 + .12F * texture(y, x)) + .18F * rim;
    }
  }
}

/// Returns the sum of the strokes' strengths at each pixel, with soft edges.
cv::Mat1f draw(const std::vector<Stroke>& strokes, const Canvas& canvas) {
  cv::Mat1f out = canvas.blank();
  if (strokes.empty()) return out;
  constexpr int kShift = 4;
  for (const Stroke& stroke : strokes) {
    cv::Mat1b mask = cv::Mat1b::zeros(canvas.height, canvas.width);
    std::vector<cv::Point> points;
    for (const cv::Point2f& p : stroke.points) {
      const cv::Point2f pixel = canvas.pixel(p) * (1 << kShift);
      points.emplace_back(cvRound(pixel.x), cvRound(pixel.y));
    }
    const int width = std::max(1, cvRound(stroke.width * static_cast<float>(canvas.height)));
    cv::polylines(mask, points, false, 255, width, cv::LINE_AA, kShift);
    cv::Mat1f soft;
    mask.convertTo(soft, CV_32F, stroke.strength / 255);
    out += soft;
  }
  return out;
}

/// Returns the absorption of fat and muscle, and of a cast around them.
cv::Mat1f draw_flesh(const Scene& scene, const Canvas& canvas) {
  cv::Mat1f flesh = canvas.blank();
  for (const Tube& tube : scene.anatomy.flesh) {
    flesh = cv::max(flesh, tube_absorption(tube, scene.view, canvas, {}));
  }
  flesh = flesh.mul(1 + .05 * grain(canvas, .09F, .22F, scene.noise.fork("muscle")));
  if (scene.cast <= 0) return flesh;
  Tube wrap = scene.anatomy.flesh.front();
  const float grow = 1 + (.015F + scene.cast) / wrap.wide;
  wrap.wide *= grow, wrap.deep *= grow;
  wrap.shell = scene.cast / wrap.wide;
  wrap.mu_shell = 5;
  wrap.mu_core = 0;
  const cv::Mat1f weave = grain(canvas, .012F, .02F, scene.noise.fork("weave"));
  return flesh + tube_absorption(wrap, scene.view, canvas, {}).mul(1 + .18 * weave);
}

cv::Mat1f draw_bones(const Scene& scene, const Canvas& canvas) {
  cv::Mat1f bone = canvas.blank();
  const cv::Mat1f marrow = grain(canvas, .011F, .02F, scene.noise.fork("marrow"));
  for (const Tube& tube : scene.anatomy.bones) {
    bone += tube_absorption(tube, scene.view, canvas, marrow);
  }
  for (const Lump& item : scene.anatomy.lumps) add_lump(item, scene.view, canvas, marrow, bone);
  return bone;
}

void add_marker(const Scene& scene, const Canvas& canvas, cv::Mat1f& absorption) {
  if (!scene.marker) return;
  const cv::Point2f at = canvas.pixel(scene.marker_at);
  const double size = canvas.height / 320.;
  cv::putText(absorption,
              std::string(1, scene.marker),
              {cvRound(at.x - 10 * size), cvRound(at.y + 10 * size)},
              cv::FONT_HERSHEY_SIMPLEX,
              size,
              2.6,
              std::max(1, cvRound(2.6 * size)),
              cv::LINE_8);
}

/// Returns 1 inside the collimated field and 0 outside, with a soft edge of one pixel.
cv::Mat1f shutters(const Film& film, const Canvas& canvas) {
  cv::Mat1f open(canvas.height, canvas.width);
  const float c = std::cos(film.shutter_turn), s = std::sin(film.shutter_turn);
  const float half = static_cast<float>(canvas.width) / static_cast<float>(canvas.height) / 2;
  const float edge = 1.F / static_cast<float>(canvas.height);
  for (int y = 0; y < canvas.height; ++y) {
    for (int x = 0; x < canvas.width; ++x) {
      const cv::Point2f p = canvas.point(x, y), q(p.x * c + p.y * s, p.y * c - p.x * s);
      const float inside = std::min({q.x + half - film.shutters[0],
                                     half - film.shutters[1] - q.x,
                                     q.y + .5F - film.shutters[2],
                                     .5F - film.shutters[3] - q.y});
      open(y, x) = std::clamp(inside / edge + .5F, 0.F, 1.F);
    }
  }
  return open;
}

/// Models the detector: turns absorption into a picture by scatter, blur, counting noise, log
/// response and a window.
cv::Mat expose(const cv::Mat1f& absorption,
               const Scene& scene,
               const Canvas& fine,
               const Canvas& canvas) {
  const Film& film = scene.film;
  cv::Mat1f light, scattered, direct;
  cv::exp(-absorption, light);
  cv::GaussianBlur(light, direct, {}, std::max(.3, static_cast<double>(film.blur) * fine.height));
  cv::resize(direct, light, {canvas.width, canvas.height}, 0, 0, cv::INTER_AREA);
  cv::Mat1f small;
  cv::resize(light, small, {}, .25, .25, cv::INTER_AREA);
  cv::GaussianBlur(small, small, {}, .12 * small.rows);
  cv::resize(small, scattered, light.size(), 0, 0, cv::INTER_LINEAR);

  const cv::Mat1f open = shutters(film, canvas);
  cv::Mat1f counts(light.size());
  Rng rng = scene.noise.fork("quanta");
  for (int y = 0; y < canvas.height; ++y) {
    for (int x = 0; x < canvas.width; ++x) {
      const cv::Point2f p = canvas.point(x, y);
      const float beam = film.photons * (1 + film.heel.dot(p));
      const float mean = beam * ((1 - film.scatter) * light(y, x) + film.scatter * scattered(y, x));
      counts(y, x) =
          std::max(mean + std::sqrt(mean) * static_cast<float>(rng.normal()), 1.F) / film.photons;
    }
  }
  cv::log(counts, counts);
  cv::Mat out(light.size(), CV_8UC1);
  for (int y = 0; y < canvas.height; ++y) {
    for (int x = 0; x < canvas.width; ++x) {
      float value = std::max((-counts(y, x) - film.low) / (film.high - film.low), 0.F);
      // The shoulder of a film curve: values above it are compressed, not clipped.
      if (value > .65F) value = 1 - .35F * std::exp((.65F - value) / .35F);
      const float shown =
          open(y, x) * std::pow(value, film.gamma) + (1 - open(y, x)) * film.shutter_value;
      out.at<uint8_t>(y, x) = cv::saturate_cast<uint8_t>(255 * shown);
    }
  }
  return out;
}

}  // namespace

cv::Mat render(const Scene& scene, int height, int width) {
  const Canvas canvas{height, width}, fine{height * kOversampling, width * kOversampling};
  cv::Mat1f flesh = draw_flesh(scene, fine), bone = draw_bones(scene, fine);
  const cv::Mat1f channels = draw(scene.channels, fine), folds = draw(scene.folds, fine);
  bone = bone.mul(1 - channels);
  cv::Mat1f total = flesh + bone;
  total = total.mul(1 + folds) + draw(scene.hairs, fine) + draw(scene.metal, fine);
  add_marker(scene, fine, total);
  return expose(cv::max(total, 0), scene, fine, canvas);
}

}  // namespace evenray::phantom
