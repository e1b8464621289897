// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <opencv2/imgproc.hpp>
#include <string>

#include "core/rng.hpp"
#include "dataset/image/image.hpp"
#include "dataset/sample/sample.hpp"
#include "tests/fixture.hpp"

namespace evenray {

/// A picture of its own for each number: soft blobs, brighter in the middle than at the border.
inline cv::Mat drawn_picture(uint64_t number, int width = 60, int height = 80) {
  Rng rng = Rng(number).fork("picture");
  cv::Mat image(height, width, CV_8UC1, cv::Scalar(20));
  for (int i = 0; i < 12; ++i) {
    const cv::Point at(static_cast<int>(rng.uniform(.15, .85) * width),
                       static_cast<int>(rng.uniform(.15, .85) * height));
    cv::circle(
        image, at, static_cast<int>(rng.uniform(3, 12)), cv::Scalar(rng.uniform(40, 200)), -1);
  }
  cv::GaussianBlur(image, image, {5, 5}, 1);
  return image;
}

inline Sample drawn_sample(const std::string& id, int label, uint64_t picture) {
  Sample sample;
  sample.id = id;
  sample.source_path = id + ".png";
  sample.draw = [picture] { return drawn_picture(picture); };
  sample.labels = {static_cast<int8_t>(1 - label), static_cast<int8_t>(label)};
  sample.boxes_known = true;
  return sample;
}

/// `rows` different pictures named 00000, 00001, ...; every `every`-th is Fractured.
inline Manifest drawn_manifest(int rows, int every = 4) {
  Manifest manifest;
  manifest.format = "phantom";
  manifest.source = "drawn";
  manifest.class_names = {"Non_fractured", "Fractured"};
  for (int i = 0; i < rows; ++i) {
    std::string id = cat(i);
    id.insert(0, 5 - id.size(), '0');
    manifest.samples.push_back(drawn_sample(id, i % every == 0, static_cast<uint64_t>(i)));
  }
  return manifest;
}

struct FracAtlasImage {
  std::string file;
  bool fractured = false;
  cv::Mat pixels;
};

/// A folder in FracAtlas' layout. `rows`: of its table, below the header; an annotation's image_id
/// is a place in `images`.
inline void write_fracatlas(const Path& root,
                            const std::string& rows,
                            const std::vector<FracAtlasImage>& images,
                            const Json& annotations) {
  write_text(root / "dataset.csv",
             "image_id,hand,hardware,fractured,fracture_count,frontal\n" + rows);
  Json listed = Json::array();
  for (const auto& image : images) {
    write_text(root / "images" / (image.fractured ? "Fractured" : "Non_fractured") / image.file,
               encode_png(image.pixels));
    listed.push_back({{"id", listed.size()}, {"file_name", image.file}});
  }
  write_json(root / "Annotations" / "COCO JSON" / "boxes.json",
             {{"info", {{"description", "x"}}},
              {"categories", {{{"id", 0}, {"name", "fractured"}}}},
              {"images", listed},
              {"annotations", annotations}});
}

}  // namespace evenray
