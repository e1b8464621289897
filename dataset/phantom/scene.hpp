// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>
#include <numbers>
#include <opencv2/core.hpp>
#include <optional>
#include <string_view>
#include <vector>

#include "core/rng.hpp"
#include "dataset/sample/sample.hpp"

/// What the phantom's parts share; private to dataset/phantom. Lengths are in image heights,
/// with the origin in the middle of the image, x to the right and y down. A limb's own frame: x
/// across, y along the limb, z towards the viewer.
namespace evenray::phantom {

inline constexpr float kPi = std::numbers::pi_v<float>;
inline float squared(float x) { return x * x; }

enum class Region { forearm, lower_leg, upper_arm, hand };
inline constexpr std::array<std::string_view, 4> kRegions{
    "forearm", "lower_leg", "upper_arm", "hand"};
enum class Projection { frontal, lateral, oblique };
inline constexpr std::array<std::string_view, 3> kProjections{"frontal", "lateral", "oblique"};

/// Steps around a cortex in which a fracture is described.
inline constexpr int kRingSteps = 48;

/// A fracture of one tube: a closed line around the cortex. An X-ray shows its front and back half,
/// each with its own course.
struct Break {
  float at = 0;                            ///< where along the axis, 0..1
  std::array<float, kRingSteps> height{};  ///< of the line above `at`, along the axis
  std::array<float, kRingSteps> loss{};    ///< share of the cortex missing, 0 where it is unbroken
  float gap = 0;                           ///< half width of the line
  float shift_x = 0, shift_z = 0;          ///< of the far fragment, across
  float angulation = 0;                    ///< of the far fragment, radians
  float impaction = 0;                     ///< extra absorption beside the line
};

/// A swept ellipse with shell and core: a bone (cortex, marrow) or flesh (fat, muscle). In the
/// limb's frame.
struct Tube {
  cv::Point3f a, b;
  float wide = .04F, deep = .04F;   ///< half axes of the shaft's cross-section, in x and z
  float flare_a = 1, flare_b = 1;   ///< widening at the ends
  float bend_x = 0, bend_z = 0;     ///< sag of the axis in its middle
  float shell = .3F;                ///< shell thickness as a share of the half axis
  float notch = 0;                  ///< hollow between the condyles at b
  float lump = 0, phase = 0;        ///< unevenness of the outline
  float mu_shell = 0, mu_core = 0;  ///< absorption a length
  std::vector<float> plates;        ///< growth plates, at 0..1
  bool breakable = false;
  std::optional<Break> fracture;
};

/// A small rounded bone.
struct Lump {
  cv::Point3f centre;
  float rx = .03F, ry = .03F, rz = .03F, turn = 0, mu = 0;
};

/// A line drawn on the projected picture, in image coordinates.
struct Stroke {
  std::vector<cv::Point2f> points;
  float width = .01F;
  float strength = 1;
};

/// A patient's limb. The same for each view of the patient that shows this region.
struct Anatomy {
  std::vector<Tube> bones, flesh;
  std::vector<Lump> lumps;
  float turn_share = 1;  ///< how far the limb follows a view's turn
};

/// Everything that decides one picture.
struct View {
  float turn = 0, tilt = 0, roll = 0,
        zoom = 1;  ///< about the limb, towards the viewer, in the plane; magnification
  cv::Point2f shift;
  bool mirrored = false;

  cv::Point2f project(const cv::Point3f& point) const;
};

struct Film {
  float photons = 1000;  ///< a pixel, unattenuated
  float scatter = .3F, blur = .006F;
  float low = 0, high = 1.6F, gamma = 1;
  cv::Point2f heel;                 ///< fall of intensity across the picture
  std::array<float, 4> shutters{};  ///< left, right, top, bottom: covered margin
  float shutter_value = .02F, shutter_turn = 0;
};

struct Scene {
  Anatomy anatomy;
  View view;
  Film film;
  std::vector<Stroke> channels, folds, hairs,
      metal;        ///< thin bone, thin flesh and bone, on the film, implants
  float cast = 0;   ///< thickness of a cast around the flesh, 0 for none
  char marker = 0;  ///< L or R in lead
  cv::Point2f marker_at;
  Rng noise{0};
};

/// A limb of a patient; `rng` is the patient's stream for this region.
Anatomy make_anatomy(Region region, Rng rng);

/// Breaks one bone of the limb near the middle of the picture. difficulty in 0..1 weakens the
/// signs.
void add_fracture(Anatomy& anatomy, double difficulty, Rng rng);

/// View, film and everything accidental. Draws the same numbers whether the limb is broken or not.
Scene make_scene(Anatomy anatomy, Projection projection, double exposure, double aspect, Rng rng);

/// Box and polygon of the fracture in pixels of a height x width picture, clipped to it; nothing
/// for a whole limb.
std::optional<Box> fracture_truth(const Scene& scene, int height, int width, int label);

/// The picture, CV_8UC1.
cv::Mat render(const Scene& scene, int height, int width);

/// A tube as a view shows it: the frame in which both the renderer and the truth work.
struct ShownTube {
  cv::Point2f a, along, across;  ///< unit vectors
  float length = 0, width = 0, depth = 0, bend = 0, turn = 0, shift = 0;
};
ShownTube show(const Tube& tube, const View& view);

/// The pixels of a picture in the making, and where they lie.
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

/// What a tube absorbs at each pixel. `texture` scales its core, empty for none.
cv::Mat1f tube_absorption(const Tube& tube,
                          const View& view,
                          const Canvas& canvas,
                          const cv::Mat1f& texture);

}  // namespace evenray::phantom
