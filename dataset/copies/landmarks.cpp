// SPDX-License-Identifier: Apache-2.0
#include "dataset/copies/landmarks.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <opencv2/features2d.hpp>
#include <opencv2/imgproc.hpp>

namespace evenray {
namespace {

constexpr int kReducedPx = 256, kMaxEnlarged = 4;
constexpr size_t kLandmarks = 96;
constexpr int kDetected = 4 * static_cast<int>(kLandmarks);
/// No region of a landmark extends beyond the picture.
constexpr int kMarginPx = 16;
/// Radiographs have soft edges: a corner needs little contrast, after it was evened out.
constexpr int kCornerThreshold = 5;
constexpr double kContrastLimit = 3;
constexpr float kSpacingPx = 16, kLeastSpacingPx = 4;

cv::Ptr<cv::ORB> make_detector() {
  return cv::ORB::create(
      kDetected, 1.2f, 6, kMarginPx, 0, 2, cv::ORB::HARRIS_SCORE, 31, kCornerThreshold);
}

/// Returns the strongest corners that are not near one another. Without a distance most of them
/// would be on a burned-in letter or on the edge of a plate.
std::vector<cv::KeyPoint> spread(std::vector<cv::KeyPoint> corners, int width) {
  // ORB's own margin is not symmetric; the mirrored corner must be inside it too.
  std::erase_if(corners, [&](const auto& corner) {
    return corner.pt.x > static_cast<float>(width - 1 - kMarginPx);
  });
  std::stable_sort(corners.begin(), corners.end(), [](const auto& a, const auto& b) {
    return a.response > b.response;
  });
  std::vector<cv::KeyPoint> chosen;
  for (float spacing = kSpacingPx; spacing >= kLeastSpacingPx; spacing /= 2) {
    for (const auto& corner : corners) {
      if (chosen.size() == kLandmarks) return chosen;
      const bool apart = std::none_of(chosen.begin(), chosen.end(), [&](const auto& other) {
        return std::hypot(corner.pt.x - other.pt.x, corner.pt.y - other.pt.y) < spacing;
      });
      if (apart) chosen.push_back(corner);
    }
  }
  return chosen;
}

cv::Mat resized(const cv::Mat& picture, double scale) {
  const auto side = [&](int px) { return std::max(1, static_cast<int>(std::lround(px * scale))); };
  cv::Mat out;
  cv::resize(picture,
             out,
             {side(picture.cols), side(picture.rows)},
             0,
             0,
             scale < 1 ? cv::INTER_AREA : cv::INTER_CUBIC);
  return out;
}

}  // namespace

Landmark Landmarks::mirror(const Landmark& point) const {
  return {static_cast<float>(width - 1) - point.x,
          point.y,
          std::numbers::pi_v<float> - point.angle,
          point.size_px};
}

cv::Mat reduced_picture(const cv::Mat& pixels) {
  cv::Mat reduced = resized(
      pixels, std::min(1., static_cast<double>(kReducedPx) / std::max(pixels.cols, pixels.rows)));
  double darkest = 0, brightest = 0;
  cv::minMaxLoc(reduced, &darkest, &brightest);
  const double stretch = brightest > darkest ? 255 / (brightest - darkest) : 0;
  reduced.convertTo(reduced, CV_8U, stretch, -darkest * stretch);
  return reduced;
}

Landmarks find_landmarks(const cv::Mat& reduced) {
  static thread_local const auto detector = make_detector();
  static thread_local const auto even_out = cv::createCLAHE(kContrastLimit, {8, 8});
  Landmarks found;
  found.width = reduced.cols;
  found.height = reduced.rows;
  const double enlarged = std::min<double>(
      kMaxEnlarged, static_cast<double>(kReducedPx) / std::max(reduced.cols, reduced.rows));
  const cv::Mat picture = resized(reduced, enlarged);
  if (std::min(picture.cols, picture.rows) <= 2 * kMarginPx) return found;
  cv::Mat even, mirrored;
  even_out->apply(picture, even);
  std::vector<cv::KeyPoint> corners;
  detector->detect(even, corners);
  corners = spread(std::move(corners), picture.cols);
  detector->compute(even, corners, found.descriptors);
  found.points.reserve(corners.size());
  const auto to_reduced = [&](float px) { return static_cast<float>((px + .5) / enlarged - .5); };
  for (auto& corner : corners) {
    found.points.push_back({to_reduced(corner.pt.x),
                            to_reduced(corner.pt.y),
                            corner.angle * std::numbers::pi_v<float> / 180,
                            static_cast<float>(corner.size / enlarged)});
    corner.pt.x = static_cast<float>(picture.cols - 1) - corner.pt.x;
    corner.angle = std::fmod(540 - corner.angle, 360.f);
  }
  cv::flip(even, mirrored, 1);
  detector->compute(mirrored, corners, found.mirrored);
  if (found.mirrored.rows != found.descriptors.rows) found.mirrored.release();
  return found;
}

}  // namespace evenray
