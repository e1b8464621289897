// SPDX-License-Identifier: Apache-2.0
#include "dataset/layouts/store_source.hpp"

#include <fstream>

#include "core/error.hpp"
#include "core/text.hpp"
#include "dataset/files/image_folder.hpp"
#include "dataset/image/image.hpp"
#include "dataset/store/store.hpp"

namespace evenray {
namespace {

constexpr std::string_view kMark = "\x89HDF\r\n\x1a\n";

Sample sample_of(const std::shared_ptr<const Store>& store, const std::string& part, int64_t row) {
  const StorePart& rows = store->part(part);
  const auto i = static_cast<size_t>(row);
  Sample sample;
  sample.id = rows.ids[i];
  sample.source_path = rows.source_paths[i];
  sample.draw = [store, part, row] {
    const cv::Mat image = store->image(part, row);
    return image.depth() == CV_8U ? image : with_bits(image, 16, store->info().value_max);
  };
  sample.labels = rows.labels[i];
  sample.boxes = rows.boxes[i];
  sample.boxes_known = rows.boxes_known[i] != 0;
  sample.visit = rows.groups[i];
  sample.part = part;
  sample.meta = rows.meta[i];
  return sample;
}

}  // namespace

bool is_store_source(const std::string& path) {
  const auto store = find_store(path);
  if (!store) return false;
  if (std::filesystem::is_directory(*store)) return true;
  if (!std::filesystem::is_regular_file(*store)) return false;
  std::string head(kMark.size(), '\0');
  std::ifstream in(path, std::ios::binary);
  in.read(head.data(), static_cast<std::streamsize>(head.size()));
  return in && head == kMark;
}

Manifest read_store_source(const std::string& path) {
  const auto store = std::make_shared<const Store>(path);
  const StoreInfo& info = store->info();
  Manifest manifest;
  manifest.format = "store";
  const Path place = clean_root(store->path().string());
  manifest.root = place.parent_path();
  manifest.source = info.source.empty() ? place.stem().string() : info.source;
  manifest.licence = info.licence;
  manifest.class_names = info.class_names;
  manifest.multi_label = info.multi_label;
  manifest.meta_columns = info.meta_columns;
  Finding others{"not_real", {}, ""};
  for (const char* part : kParts) {
    const StorePart& rows = store->part(part);
    for (int64_t row = 0; row < rows.size(); ++row) {
      const auto i = static_cast<size_t>(row);
      if (part == kParts[0]) manifest.count_training_row(rows.labels[i], rows.provenance[i].origin);
      if (rows.provenance[i].origin == Origin::real) {
        manifest.samples.push_back(sample_of(store, part, row));
      } else {
        others.ids.push_back(rows.ids[i]);
      }
    }
  }
  if (!others.ids.empty()) {
    others.detail = cat(others.ids.size(), " rows are copies, augmented or synthetic");
    manifest.findings.push_back(std::move(others));
  } else {
    manifest.training_rows.clear();
  }
  check(!manifest.samples.empty(), Exit::bad_data, cat(path, ": the store has no real row"));
  return manifest;
}

}  // namespace evenray
