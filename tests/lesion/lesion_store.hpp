// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <opencv2/imgproc.hpp>
#include <string>

#include "core/rng.hpp"
#include "core/text.hpp"
#include "dataset/store/store.hpp"

namespace evenray {

constexpr int kBonePx = 64;

/// A vertical bone, brighter at its edges, at column `middle`, with grain; a break is a dark gap at
/// row `gap` (-1: none).
inline cv::Mat bone_picture(uint64_t number, double middle, int gap, int bits) {
  Rng rng = Rng(7).fork("bone", number);
  cv::Mat out(kBonePx, kBonePx, bits == 16 ? CV_16UC1 : CV_8UC1);
  for (int y = 0; y < kBonePx; ++y) {
    for (int x = 0; x < kBonePx; ++x) {
      const double from_middle = std::abs(x - middle);
      double value = 40 + (from_middle < 8 ? 100 : 0) + (std::abs(from_middle - 7) < 1.5 ? 50 : 0);
      if (gap >= 0 && std::abs(y - gap) <= 2 && from_middle < 9) value = 55;
      value += rng.uniform(-3, 3);
      if (bits == 16)
        out.at<uint16_t>(y, x) = static_cast<uint16_t>(value * 257);
      else
        out.at<uint8_t>(y, x) = static_cast<uint8_t>(value);
    }
  }
  return out;
}

struct BoneStore {
  int broken = 4, sound = 24;  ///< rows of train
  int bits = 8;
  bool boxes = true;      ///< broken rows have a box
  bool annotated = true;  ///< sound rows are known to have none
  bool rings = false;     ///< the box has a polygon
  bool exclusive = true;  ///< each row has one class; else broken rows have both, sound ones none
  std::vector<std::string> classes = {"Sound", "Broken"};
  Box box{23, 26, 41, 38, 1, {}};
};

/// Writes a store of bones, with as many rows of val and test that are broken and have boxes.
inline void write_bone_store(const Path& path, const BoneStore& options) {
  StoreInfo info;
  info.class_names = options.classes;
  info.height = info.width = kBonePx;
  info.bits = options.bits;
  info.value_max = options.bits == 16 ? 65535 : 255;
  info.meta_columns = {"view", "exposure"};
  info.source = "bones";
  info.multi_label = !options.exclusive;
  StoreWriter writer(path, info, options.broken * 2 + options.sound + 4);
  uint64_t number = 0;
  const auto add = [&](const std::string& part, bool broken) {
    StoreRow row;
    row.image = bone_picture(number, 32, broken ? 32 : -1, options.bits);
    row.labels = {static_cast<int8_t>(broken != options.exclusive), static_cast<int8_t>(broken)};
    row.id = cat(part, number);
    row.group = cat("patient", number);
    row.source_path = row.id;
    row.boxes_known = broken ? options.boxes : options.annotated;
    if (broken && options.boxes) {
      row.boxes = {options.box};
      if (options.rings) row.boxes[0].rings = {{{24, 28}, {40, 28}, {40, 36}, {24, 36}}};
    }
    row.meta = {number % 2 ? "frontal" : "lateral", std::to_string(number)};
    writer.add(part, row);
    ++number;
  };
  for (int i = 0; i < options.broken; ++i) add("train", true);
  for (int i = 0; i < options.sound; ++i) add("train", false);
  for (const char* part : {"val", "test"}) add(part, true), add(part, false);
  writer.finish();
}

}  // namespace evenray
