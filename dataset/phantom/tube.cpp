// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "dataset/phantom/scene.hpp"

namespace evenray::phantom {
namespace {

/// The outline of a tube, as a table along its axis.
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

/// The effect of a fracture at a place (u, v) of the tube: moves the place to where its tissue was
/// before the fracture and scales the absorption.
class Crack {
 public:
  Crack(const Tube& tube, const ShownTube& shown, const Profile& profile)
      : line_(*tube.fracture), shown_(shown), half_(profile.half(line_.at)) {
    stretch_ = shown.length / static_cast<float>(cv::norm(tube.b - tube.a));
    for (const float height : line_.height) reach_ = std::max(reach_, std::abs(height) * stretch_);
    reach_ += 5 * line_.gap;
  }

  /// Returns how far across the axis the far fragment may extend.
  float reach() const {
    return std::abs(shown_.shift) + std::abs(line_.angulation) * (1 - line_.at) * shown_.length;
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

}  // namespace

cv::Mat1f tube_absorption(const Tube& tube,
                          const View& view,
                          const Canvas& canvas,
                          const cv::Mat1f& texture) {
  cv::Mat1f out = canvas.blank();
  const ShownTube shown = show(tube, view);
  const Profile profile(tube, shown);
  std::optional<Crack> crack;
  if (tube.fracture) crack.emplace(tube, shown, profile);
  const float depth = shown.depth / shown.width, widest = profile.widest();
  float room = widest + std::abs(shown.bend);
  if (crack) room += crack->reach();
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
      const float grains = !texture.empty() ? 1 + .12F * (.5F + end) * texture(y, x) : 1.F;
      for (const float plate : tube.plates) {
        const float off =
            (u - plate) * shown.length - .006F * std::sin(v / shown.width * 4 + tube.phase);
        if (std::abs(off) > .04F) continue;
        scale *= 1 - .42F * std::exp(-squared(off / .008F)) +
                 .12F * std::exp(-squared((std::abs(off) - .017F) / .007F));
      }
      out(y, x) = scale * (tube.mu_shell * (outer_path - core_path) +
                           tube.mu_core * (1 + .9F * end) * core_path * grains);
    }
  }
  return out;
}

}  // namespace evenray::phantom
