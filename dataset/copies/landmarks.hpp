// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <opencv2/core.hpp>
#include <vector>

namespace evenray {

// Altered copies of a picture (turned, mirrored, sheared, cropped, brightened): landmarks.hpp
// reduces a picture to its landmarks, landmark_index.hpp finds pictures that share many of them,
// landmark_match.hpp aligns two pictures by them, alignment.hpp compares the aligned pictures, and
// copy_name.hpp reads the names that programs give to copies.

/// A corner of a picture.
struct Landmark {
  float x = 0, y = 0;  ///< centre, px of the reduced picture
  float angle = 0;     ///< of the brightness around it, radians, in image coordinates (y down)
  float size_px = 0;   ///< of the described region
};

/// The landmarks of one picture: ORB (Rublee et al., "ORB: an efficient alternative to SIFT or
/// SURF", ICCV 2011), spread over the picture. The descriptors are invariant to turns, and to
/// changes of brightness and contrast.
struct Landmarks {
  std::vector<Landmark> points;  ///< at most 96
  cv::Mat descriptors;           ///< a row of 32 bytes per point
  cv::Mat mirrored;              ///< the same of the picture mirrored left to right
  int width = 0, height = 0;     ///< of the reduced picture, px

  /// The point in the mirrored picture.
  Landmark mirror(const Landmark& point) const;
};

/// Returns the picture with at most 256 px on the long side, CV_8U, stretched over all grey levels.
/// `pixels`: CV_8UC1 or CV_16UC1.
cv::Mat reduced_picture(const cv::Mat& pixels);

/// Finds the landmarks of a reduced picture. A small one is enlarged for it, at most fourfold.
Landmarks find_landmarks(const cv::Mat& reduced);

}  // namespace evenray
