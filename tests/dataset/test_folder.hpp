// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <catch2/catch.hpp>
#include <string>
#include <utility>
#include <vector>

#include "dataset/reader.hpp"
#include "tests/dataset/drawn.hpp"

namespace evenray {

using Names = std::vector<std::string>;

/// A folder to fill with little files.
struct TestFolder : ScratchFolder {
  std::string text() const { return path().string(); }
  void file(const std::string& name, const std::string& bytes) const {
    write_text(path() / name, bytes);
  }
  void image(const std::string& name) const { file(name, encode_png(grey())); }
  static cv::Mat grey() { return cv::Mat(4, 6, CV_8UC1, cv::Scalar(9)); }
};

inline Names ids(const Manifest& manifest) {
  Names out;
  for (const auto& sample : manifest.samples) out.push_back(sample.id);
  return out;
}

/// "kind id id" of each finding.
inline Names kinds(const Manifest& manifest) {
  Names out;
  for (const auto& finding : manifest.findings)
    out.push_back(finding.kind + " " + join(finding.ids));
  return out;
}

/// The detail of each finding of a kind, in order.
inline Names details(const Manifest& manifest, const std::string& kind = "annotation_invalid") {
  Names out;
  for (const auto& finding : manifest.findings)
    if (finding.kind == kind) out.push_back(finding.detail);
  return out;
}

inline const Sample& sample_of(const Manifest& manifest, const std::string& id) {
  const auto found = std::find_if(manifest.samples.begin(),
                                  manifest.samples.end(),
                                  [&](const Sample& s) { return s.id == id; });
  REQUIRE(found != manifest.samples.end());
  return *found;
}

inline ReadOptions with(const std::string& format) {
  ReadOptions options;
  options.format = format;
  return options;
}

/// The exit code and message of a failing read.
inline std::pair<int, std::string> failure(const std::string& path, const ReadOptions& options) {
  try {
    read_dataset(path, options);
  } catch (const Error& error) {
    return {static_cast<int>(error.code()), error.what()};
  }
  return {0, ""};
}

inline std::pair<int, std::string> failure(const std::string& path,
                                           const std::string& format = "auto") {
  return failure(path, with(format));
}

/// Three images: one fractured with a box, one not, one whose table row contradicts its folder and
/// box, or has its box on another image.
inline void write_three(const TestFolder& folder,
                        const std::string& rows,
                        const Json& boxes_on = 1) {
  write_fracatlas(folder.path(),
                  rows,
                  {{"IMG0000001.jpg", true, TestFolder::grey()},
                   {"IMG0000003.jpg", true, TestFolder::grey()},
                   {"IMG0000002.jpg", false, TestFolder::grey()}},
                  {{{"id", 0},
                    {"image_id", 0},
                    {"category_id", 0},
                    {"bbox", {1, 1, 2.5, 2}},
                    {"segmentation", {{1, 1, 3.5, 1, 2, 3}}}},
                   {{"id", 1},
                    {"image_id", boxes_on},
                    {"category_id", 0},
                    {"bbox", {0, 0, 2, 2}},
                    {"segmentation", {{"counts", {1}}, {"size", {4, 6}}}}}});
}

inline constexpr const char* kRows =
    "IMG0000001.jpg,1,0,1,1,1\r\nIMG0000002.jpg,0,0,0,0,1\r\nIMG0000003.jpg,0,1,0,1,0\r\n";

}  // namespace evenray
