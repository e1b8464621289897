// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <numbers>
#include <opencv2/imgproc.hpp>

#include "dataset/phantom_scene.hpp"

namespace evenray::phantom {
namespace {

constexpr float kPi = std::numbers::pi_v<float>;
constexpr int kOversampling = 2;

float squared(float x) { return x * x; }

/// A picture in the making: pixels against image heights.
struct Canvas {
  int height, width;

  cv::Point2f point(int x, int y) const {
    const auto h = static_cast<float>(height), w = static_cast<float>(width);
    return {(static_cast<float>(x) + .5F - w / 2) / h, (static_cast<float>(y) + .5F) / h - .5F};
  }
  cv::Point2f pixel(cv::Point2f p) const {
    const auto h = static_cast<float>(height), w = static_cast<float>(width);
    return {p.x * h + w / 2 - .5F, (p.y + .5F) * h - .5F};
  }
  cv::Mat1f blank() const { return cv::Mat1f::zeros(height, width); }
};

/// Smooth noise of unit deviation with grains of grain_x by grain_y image heights. The count of
/// draws depends on the canvas alone.
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

/// The outline of a tube, tabled along its axis.
class Profile {
 public:
  Profile(const Tube& tube, const ShownTube& shown) {
    const float reach = 2.2F * shown.width, length = shown.length;
    const float cap_a = .5F * shown.width * tube.flare_a, cap_b = .5F * shown.width * tube.flare_b;
    for (int i = 0; i <= kSteps; ++i) {
      const float u = static_cast<float>(i) / kSteps;
      const float from_a = u * length, from_b = (1 - u) * length;
      const float end_a = std::exp(-squared(from_a / reach)),
                  end_b = std::exp(-squared(from_b / reach));
      float half = 1 + (tube.flare_a - 1) * end_a + (tube.flare_b - 1) * end_b;
      half *= 1 + tube.lump * std::sin(9 * u + tube.phase) +
              .5F * tube.lump * std::sin(23 * u + 2 * tube.phase);
      half *= cap(from_a / cap_a) * cap(from_b / cap_b);
      half_[i] = half * shown.width;
      ends_[i] = std::max(end_a, end_b);
    }
  }
  float half(float u) const { return at(half_, u); }
  /// 1 at the ends, 0 in the shaft.
  float end(float u) const { return at(ends_, u); }
  float widest() const { return *std::max_element(half_.begin(), half_.end()); }

 private:
  static constexpr int kSteps = 127;
  static float cap(float x) { return x >= 1 ? 1 : std::sqrt(1 - squared(1 - x) * (1 - x)); }
  static float at(const std::array<float, kSteps + 1>& table, float u) {
    const float place = std::clamp(u, 0.F, 1.F) * kSteps;
    const int i = std::min(static_cast<int>(place), kSteps - 1);
    const float part = place - static_cast<float>(i);
    return table[i] * (1 - part) + table[i + 1] * part;
  }
  std::array<float, kSteps + 1> half_{}, ends_{};
};

/// What a fracture does to a place (u, v) of the tube: moves it to where its tissue came from and
/// scales its absorption.
class Crack {
 public:
  Crack(const Tube& tube, const ShownTube& shown, const Profile& profile)
      : line_(*tube.fracture), shown_(shown), half_(profile.half(line_.at)) {
    stretch_ = shown.length / static_cast<float>(cv::norm(tube.b - tube.a));
    for (const float height : line_.height) reach_ = std::max(reach_, std::abs(height) * stretch_);
    reach_ += 5 * line_.gap;
  }

  float apply(float& u, float& v) const {
    const float along = (u - line_.at) * shown_.length;
    float middle = 0, scale = 1;
    if (std::abs(along) < reach_) {
      const float side = std::asin(std::clamp(v / half_, -1.F, 1.F));
      const auto front = ring(side - shown_.turn), back = ring(kPi - side - shown_.turn);
      middle = (front.height + back.height) / 2;
      for (const Ring& half : {front, back}) {
        const float away = (along - half.height) / line_.gap;
        scale -= .58F * half.loss * std::exp(-squared(away * away));
        scale += .5F * line_.impaction * half.loss * std::exp(-squared((away - 2.2F) / 1.6F));
      }
    }
    if (along > middle) v -= shown_.shift + line_.angulation * (along - middle);
    return std::max(scale, .04F);
  }

 private:
  struct Ring {
    float height, loss;
  };
  Ring ring(float angle) const {
    float place = angle / (2 * kPi) * kRingSteps;
    place -= std::floor(place / kRingSteps) * kRingSteps;
    const int i = static_cast<int>(place) % kRingSteps, next = (i + 1) % kRingSteps;
    const float part = place - std::floor(place);
    return {(line_.height[i] * (1 - part) + line_.height[next] * part) * stretch_,
            line_.loss[i] * (1 - part) + line_.loss[next] * part};
  }
  const Break& line_;
  const ShownTube& shown_;
  float half_, stretch_ = 1, reach_ = 0;
};

/// Calls paint(row, column, absorption) for each pixel that the tube covers.
template <class Paint>
void each_pixel(const Tube& tube,
                const View& view,
                const Canvas& canvas,
                const cv::Mat1f* texture,
                const Paint& paint) {
  const ShownTube shown = show(tube, view);
  const Profile profile(tube, shown);
  std::optional<Crack> crack;
  if (tube.fracture) crack.emplace(tube, shown, profile);
  const float depth = shown.depth / shown.width, widest = profile.widest();
  const float room = widest + std::abs(shown.bend) + .08F;
  const cv::Point2f b = shown.a + shown.along * shown.length, margin(room, room);
  const cv::Point2f low =
      canvas.pixel(cv::Point2f(std::min(shown.a.x, b.x), std::min(shown.a.y, b.y)) - margin);
  const cv::Point2f high =
      canvas.pixel(cv::Point2f(std::max(shown.a.x, b.x), std::max(shown.a.y, b.y)) + margin);
  const int x0 = std::max(0, static_cast<int>(low.x)),
            x1 = std::min(canvas.width - 1, static_cast<int>(high.x));
  const int y0 = std::max(0, static_cast<int>(low.y)),
            y1 = std::min(canvas.height - 1, static_cast<int>(high.y));
  for (int y = y0; y <= y1; ++y) {
    for (int x = x0; x <= x1; ++x) {
      const cv::Point2f d = canvas.point(x, y) - shown.a;
      float u = d.dot(shown.along) / shown.length;
      if (u < 0 || u > 1) continue;
      float v = d.dot(shown.across) - shown.bend * 4 * u * (1 - u);
      if (std::abs(v) > room) continue;
      float scale = crack ? crack->apply(u, v) : 1.F;
      if (tube.notch > 0 && u > .7F) {
        u += tube.notch / shown.length * std::exp(-squared(v / (.45F * shown.width)));
        if (u > 1) continue;
      }
      const float half = profile.half(u);
      if (std::abs(v) >= half) continue;
      const float end = profile.end(u);
      const float inner = half * (1 - tube.shell * (1 - .72F * end));
      const float outer_path = 2 * depth * std::sqrt(half * half - v * v);
      const float core_path =
          std::abs(v) < inner ? 2 * depth * std::sqrt(inner * inner - v * v) : 0.F;
      const float grains = texture ? 1 + .12F * (.5F + end) * (*texture)(y, x) : 1.F;
      for (const float plate : tube.plates) {
        const float off =
            (u - plate) * shown.length - .006F * std::sin(v / shown.width * 4 + tube.phase);
        if (std::abs(off) > .04F) continue;
        scale *= 1 - .42F * std::exp(-squared(off / .008F)) +
                 .12F * std::exp(-squared((std::abs(off) - .017F) / .007F));
      }
      paint(y,
            x,
            scale * (tube.mu_shell * (outer_path - core_path) +
                     tube.mu_core * (1 + .9F * end) * core_path * grains));
    }
  }
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
      // A thin dense rim, as the cortex of a small bone shows.
      const float rim = std::exp(-squared(inside / .3F));
      bone(y, x) +=
          2 * item.mu * depth * std::sqrt(inside) * (1 + .12F * texture(y, x)) + .18F * rim;
    }
  }
}

/// Strength of the strokes at each pixel, soft at the edges.
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

/// Absorption of fat and muscle, and of a cast around them.
cv::Mat1f draw_flesh(const Scene& scene, const Canvas& canvas) {
  cv::Mat1f flesh = canvas.blank(), cast = canvas.blank();
  const cv::Mat1f muscles = grain(canvas, .09F, .22F, scene.noise.fork("muscle"));
  const cv::Mat1f weave = grain(canvas, .012F, .02F, scene.noise.fork("weave"));
  for (const Tube& tube : scene.anatomy.flesh) {
    each_pixel(tube, scene.view, canvas, nullptr, [&](int y, int x, float value) {
      flesh(y, x) = std::max(flesh(y, x), value * (1 + .05F * muscles(y, x)));
    });
    if (scene.cast <= 0 || &tube != &scene.anatomy.flesh.front()) continue;
    Tube wrap = tube;
    const float grow = 1 + (.015F + scene.cast) / tube.wide;
    wrap.wide *= grow, wrap.deep *= grow;
    wrap.shell = scene.cast / wrap.wide;
    wrap.mu_shell = 5;
    wrap.mu_core = 0;
    each_pixel(wrap, scene.view, canvas, nullptr, [&](int y, int x, float value) {
      cast(y, x) = std::max(cast(y, x), value * (1 + .18F * weave(y, x)));
    });
  }
  return flesh + cast;
}

cv::Mat1f draw_bones(const Scene& scene, const Canvas& canvas) {
  cv::Mat1f bone = canvas.blank();
  const cv::Mat1f marrow = grain(canvas, .011F, .02F, scene.noise.fork("marrow"));
  for (const Tube& tube : scene.anatomy.bones) {
    each_pixel(
        tube, scene.view, canvas, &marrow, [&](int y, int x, float value) { bone(y, x) += value; });
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

/// 1 inside the collimated field, 0 outside.
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

/// What the detector makes of an absorption picture: scatter, blur, counting noise, log response,
/// window.
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
      // A film's shoulder: what lies above is pressed together, not cut off.
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
