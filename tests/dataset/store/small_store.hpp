// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "core/parallel.hpp"
#include "dataset/store/hdf5.hpp"
#include "dataset/store/seal.hpp"
#include "dataset/store/store.hpp"
#include "tests/fixture.hpp"
#include "tests/pixels.hpp"

namespace evenray {

inline StoreInfo small_info(int bits = 8) {
  StoreInfo info;
  info.class_names = {"Non_fractured", "Fractured"};
  info.height = 12;
  info.width = 10;
  info.bits = bits;
  info.value_max = bits == 8 ? 255 : 65535;
  info.meta_columns = {"view", "age"};
  info.config = "[pack]\nbits = 8\n";
  info.source = "drawn";
  info.source_digest = "00";
  info.licence = "none";
  return info;
}

inline StoreRow small_row(const std::string& id, int label, int bits = 8) {
  StoreRow row;
  row.image = noise(12, 10, bits == 8 ? CV_8UC1 : CV_16UC1, std::hash<std::string>()(id), 40);
  row.labels = {static_cast<int8_t>(1 - label), static_cast<int8_t>(label)};
  row.id = id;
  row.group = "group of " + id;
  row.source_path = "images/" + id + ".png";
  row.scale = {.5f, .25f};
  row.offset = {1, 2};
  row.boxes_known = true;
  row.meta = {"frontal", "61"};
  if (label) row.boxes = {{1, 2, 4, 6, 1, {{{1, 2}, {4, 2}, {4, 6}}}}, {5, 5, 6, 7, 1, {}}};
  return row;
}

/// Six rows: four of train, one of val, one of test.
inline std::string write_small(const Path& path,
                               int bits = 8,
                               const StoreForm& form = {},
                               bool on_workers = false) {
  StoreWriter writer(path, small_info(bits), 6, form);
  std::vector<StoreRow> rows;
  for (int i = 0; i < 6; ++i) rows.push_back(small_row(cat("image", i), i % 2, bits));
  rows[1].meta = {"", "7.25"};
  rows[2].meta = {"lateral", ""};
  rows[3].provenance = {Origin::augmented, 1, "Rotate:15", uint64_t{1} << 63};
  rows[3].boxes.clear();
  rows[3].boxes_known = false;
  rows[3].weight = .5f;
  std::vector<PreparedImage> prepared(rows.size());
  parallel_for(rows.size(), on_workers ? 3 : 1, [&](size_t i) {
    prepared[i] = writer.prepare(rows[i].image);
  });
  for (size_t i = 0; i < rows.size(); ++i) {
    writer.add(i < 4 ? "train" : i < 5 ? "val" : "test", rows[i], prepared[i]);
  }
  writer.set_balanced_index({0, 1, 2, 3, 3});
  return writer.finish().content_digest();
}

inline void cut_seal(const Path& path) {
  std::filesystem::resize_file(path, std::filesystem::file_size(path) - kSealBytes);
}

/// A store without its seal, open for changes by HDF5 itself.
inline Hdf5Handle open_unsealed(const Path& path) {
  cut_seal(path);
  return {H5Fopen(path.c_str(), H5F_ACC_RDWR, H5P_DEFAULT), H5Fclose, "open"};
}

}  // namespace evenray
