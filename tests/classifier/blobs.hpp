// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <opencv2/imgproc.hpp>
#include <string>
#include <vector>

#include "core/rng.hpp"
#include "core/text.hpp"
#include "dataset/store/store.hpp"
#include "nn/compute.hpp"

namespace evenray {

constexpr int kBlobHeight = 20, kBlobWidth = 16;

/// Grain with a soft spot somewhere: darker than the ground, or brighter.
inline cv::Mat blob_picture(uint64_t number, bool bright) {
  Rng rng = Rng(5).fork("blob", number);
  cv::Mat out(kBlobHeight, kBlobWidth, CV_8UC1);
  const double x0 = rng.uniform(4, 12), y0 = rng.uniform(4, 16), depth = bright ? 60 : -60;
  for (int y = 0; y < out.rows; ++y) {
    for (int x = 0; x < out.cols; ++x) {
      const double square = (x - x0) * (x - x0) + (y - y0) * (y - y0);
      out.at<uint8_t>(y, x) =
          static_cast<uint8_t>(120 + depth * std::exp(-square / 9) + rng.uniform(-20, 20));
    }
  }
  return out;
}

/// One thread, full precision.
inline Compute plain_compute() {
  Runtime runtime;
  runtime.threads = 1;
  runtime.device = "cpu";
  runtime.precision = "fp32";
  return make_compute(runtime);
}

/// Rows of "Dark" and "Bright" a part.
struct BlobStore {
  std::vector<int64_t> train = {60, 20}, val = {15, 15}, test = {40, 40};
  std::vector<std::string> class_names = {"Dark", "Bright"};
  float weight = 1;  ///< of the Bright training rows
  /// Labels of a training row that are 0 otherwise; others than 0 make the classes independent.
  int8_t absent = 0;
};

inline void write_blob_store(const Path& path, const BlobStore& options) {
  StoreInfo info;
  info.class_names = options.class_names;
  info.height = kBlobHeight;
  info.width = kBlobWidth;
  info.source = "blobs";
  info.meta_columns = {"side"};
  info.multi_label = options.absent != 0;
  StoreWriter writer(path, info, 400);
  uint64_t number = 0;
  const auto add = [&](const std::string& part, const std::vector<int64_t>& rows) {
    for (size_t c = 0; c < rows.size(); ++c) {
      for (int64_t i = 0; i < rows[c]; ++i, ++number) {
        StoreRow row;
        row.image = blob_picture(number, c == 1);
        row.labels.assign(2, part == "train" ? options.absent : int8_t{0});
        row.labels[c] = 1;
        row.id = row.group = row.source_path = cat("blob", number);
        row.meta = {number % 2 == 0 ? "left" : "right"};
        if (part == "train" && c == 1) row.weight = options.weight;
        writer.add(part, row);
      }
    }
  };
  add("train", options.train);
  add("val", options.val);
  add("test", options.test);
  writer.finish();
}

}  // namespace evenray
