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

/// What the phantom's sources share; private to dataset/phantom. A Scene is made (anatomy.cpp,
/// scene.cpp), then rendered (tube.cpp, render.cpp). Lengths are in image heights; the origin is
/// the middle of the image, x to the right and y down. In a limb's own frame x is across the limb,
/// y along it and z towards the viewer.
namespace evenray::phantom {

inline constexpr float kPi = std::numbers::pi_v<float>;
inline float squared(float x) { return x * x; }

enum class Region { forearm, lower_leg, upper_arm, hand };
inline constexpr std::array<std::string_view, 4> kRegions{
    "forearm", "lower_leg", "upper_arm", "hand"};
enum class Projection { frontal, lateral, oblique };
inline constexpr std::array<std::string_view, 3> kProjections{"frontal", "lateral", "oblique"};

/// Number of steps around the cortex at which a fracture is described.
inline constexpr int kRingSteps = 48;

/// A fracture of one tube: a closed line around the cortex. An X-ray shows the front half and the
/// back half of the line, each with its own shape.
struct Break {
  float at = 0;                            ///< position along the axis, 0..1
  std::array<float, kRingSteps> height{};  ///< of the line relative to `at`, along the axis
  std::array<float, kRingSteps> loss{};    ///< share of the cortex missing; 0 where it is unbroken
  float gap = 0;                           ///< half the width of the line
  float shift_x = 0, shift_z = 0;          ///< displacement of the far fragment across the bone
  float angulation = 0;                    ///< angle of the far fragment, radians
  float impaction = 0;                     ///< extra absorption beside the line
};

/// A swept ellipse with a shell and a core: a bone (cortex, marrow) or flesh (fat, muscle), in the
/// limb's frame.
struct Tube {
  cv::Point3f a, b;                 ///< the ends of the axis
  float wide = .04F, deep = .04F;   ///< half axes of the shaft's cross-section, in x and z
  float flare_a = 1, flare_b = 1;   ///< widening at the ends
  float bend_x = 0, bend_z = 0;     ///< sag of the axis in its middle
  float shell = .3F;                ///< shell thickness as a share of the half axis
  float notch = 0;                  ///< hollow between the condyles at b
  float lump = 0, phase = 0;        ///< unevenness of the outline
  float mu_shell = 0, mu_core = 0;  ///< absorption per length
  std::vector<float> plates;        ///< growth plates, positions along the axis, 0..1
  bool breakable = false;           ///< add_fracture() may break it
  std::optional<Break> fracture;
};

/// A small rounded bone: half axes, turn in the plane (radians) and absorption per length.
struct Lump {
  cv::Point3f centre;
  float rx = .03F, ry = .03F, rz = .03F, turn = 0, mu = 0;
};

/// A line drawn on the projected picture, in image coordinates.
struct Stroke {
  std::vector<cv::Point2f> points;
  float width = .01F;
  float strength = 1;  ///< effect at the line's middle; see Scene for what it changes
};

/// A patient's limb; it is the same in all views of the patient that show this region.
struct Anatomy {
  std::vector<Tube> bones, flesh;
  std::vector<Lump> lumps;
  float turn_share = 1;  ///< share of a view's turn that the limb follows
};

/// How a limb is projected into one picture. Angles are in radians.
struct View {
  float turn = 0;  ///< rotation about the limb
  float tilt = 0;  ///< rotation towards the viewer
  float roll = 0;  ///< rotation in the plane of the picture
  float zoom = 1;  ///< magnification
  cv::Point2f shift;
  bool mirrored = false;

  /// Maps a point of the limb's frame to image coordinates.
  cv::Point2f project(const cv::Point3f& point) const;
};

/// Detector, exposure and display of one picture.
struct Film {
  float photons = 1000;             ///< per pixel, unattenuated
  float scatter = .3F;              ///< share of the light that is scattered
  float blur = .006F;               ///< standard deviation of the blur
  float low = 0, high = 1.6F;       ///< window of the log response
  float gamma = 1;                  ///< exponent of the display curve
  cv::Point2f heel;                 ///< relative change of intensity across the picture
  std::array<float, 4> shutters{};  ///< covered margins: left, right, top, bottom
  float shutter_value = .02F, shutter_turn = 0;
};

/// Everything that decides one picture.
struct Scene {
  Anatomy anatomy;
  View view;
  Film film;
  std::vector<Stroke> channels;  ///< lines of thinner bone: reduce the bone's absorption
  std::vector<Stroke> folds;     ///< scale the absorption of flesh and bone together
  std::vector<Stroke> hairs;     ///< on the film: add to the absorption, or subtract from it
  std::vector<Stroke> metal;     ///< implants: add to the absorption
  float cast = 0;                ///< thickness of a cast around the flesh; 0 for none
  char marker = 0;               ///< lead letter L or R; 0 for none
  cv::Point2f marker_at;
  Rng noise{0};
};

/// Returns a limb of a patient; `rng` is the patient's stream for this region.
Anatomy make_anatomy(Region region, Rng rng);

/// Breaks one bone of the limb near the middle of the picture. A higher `difficulty`, in 0..1,
/// makes the fracture harder to see.
void add_fracture(Anatomy& anatomy, double difficulty, Rng rng);

/// Adds view, film and all random details to a limb. Draws the same random numbers whether the limb
/// is broken or not, so that nothing but the fracture depends on the class.
Scene make_scene(Anatomy anatomy, Projection projection, double exposure, double aspect, Rng rng);

/// Returns box and polygon of the fracture in pixels of a height x width picture, clipped to it;
/// nullopt for an unbroken limb.
std::optional<Box> fracture_truth(const Scene& scene, int height, int width, int label);

/// Draws the picture, CV_8UC1.
cv::Mat render(const Scene& scene, int height, int width);

/// A tube as a view shows it, in image coordinates; the renderer and fracture_truth() both use it.
struct ShownTube {
  cv::Point2f a;              ///< end a of the axis
  cv::Point2f along, across;  ///< unit vectors
  float length = 0, width = 0, depth = 0, bend = 0, turn = 0, shift = 0;
};
/// Projects a tube.
ShownTube show(const Tube& tube, const View& view);

/// The size of a picture and the mapping between pixels and image coordinates.
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

/// Returns the absorption of a tube at each pixel. `texture` modulates its core; empty for none.
cv::Mat1f tube_absorption(const Tube& tube,
                          const View& view,
                          const Canvas& canvas,
                          const cv::Mat1f& texture);

}  // namespace evenray::phantom
