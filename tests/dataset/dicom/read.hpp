// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "dataset/dicom/dicom.hpp"
#include "tests/fixture.hpp"

namespace evenray {

inline DecodedImage decoded(const std::string& bytes, Voi voi = Voi::automatic, int bits = 0) {
  return decode_dicom(bytes, {voi, bits});
}

/// Pixel values, row by row.
inline std::vector<int> levels(const DecodedImage& image) {
  INFO(image.fault);
  REQUIRE(image.fault == "");
  cv::Mat wide;
  image.pixels.convertTo(wide, CV_32S);
  return {wide.begin<int>(), wide.end<int>()};
}

inline std::string golden_dicom(const std::string& name) {
  return read_file(golden_path("dataset/dicom/" + name));
}

}  // namespace evenray
