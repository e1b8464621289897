// SPDX-License-Identifier: Apache-2.0
#include "fusion/coco_fusion.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <variant>

#include "core/error.hpp"
#include "core/parallel.hpp"
#include "core/text.hpp"
#include "metrics/detection/coco_files.hpp"

namespace evenray {
namespace {

/// Returns the items of a list in the order in which read_coco_boxes() puts them.
std::vector<const Json*> in_order_of_ids(const Json& list) {
  std::map<std::variant<int64_t, std::string>, const Json*> items;
  for (const Json& item : list) {
    const Json& id = json_field(item, "id");
    if (id.is_string())
      items.emplace(id.get<std::string>(), &item);
    else
      items.emplace(id.get<int64_t>(), &item);
  }
  std::vector<const Json*> out;
  for (const auto& [id, item] : items) out.push_back(item);
  return out;
}

double side_of(const Json& image, const char* key) {
  const Json& side = json_field(image, key);
  const double value = side.is_number() ? side.get<double>() : NAN;
  check(std::isfinite(value) && value > 0,
        Exit::bad_data,
        cat("'", key, "' must be a finite number above 0, found ", side.dump()));
  return value;
}

ModelImage model_image(const Json& image, const std::string& id) {
  ModelImage out{id, "", image["id"], {side_of(image, "width"), side_of(image, "height")}, {}};
  if (const auto file = image.find("file_name"); file != image.end() && file->is_string())
    out.file_stem = Path(file->get<std::string>()).stem().string();
  return out;
}

/// Adds the ids and sizes of the annotation file to what coco_boxes() returned of it.
void describe_images(const Json& truth,
                     const Path& annotations,
                     const CocoBoxes& boxes,
                     ModelDetections& out) {
  for (const Json* category : in_order_of_ids(truth["categories"]))
    out.category_ids.push_back((*category)["id"]);
  for (const Json* image : in_order_of_ids(truth["images"])) {
    const std::string& id = boxes.images.at(out.images.size()).id;
    try {
      out.images.push_back(model_image(*image, id));
    } catch (const Error& error) {
      throw Error(error.code(),
                  cat(annotations.string(), ": image with id ", id, ": ", error.what()));
    }
  }
}

}  // namespace

ModelDetections read_model_detections(const Path& annotations,
                                      const std::vector<Path>& detections,
                                      int threads) {
  check(!detections.empty(), Exit::failed, "there must be at least one file of detections");
  const Json truth = read_json(annotations);
  ModelDetections out;
  for (const Path& file : detections) {
    CocoBoxes boxes = coco_boxes(truth, annotations, file, "", threads);
    if (out.images.empty()) describe_images(truth, annotations, boxes, out);
    for (size_t i = 0; i < out.images.size(); ++i)
      out.images[i].found.push_back(std::move(boxes.images[i].found));
  }
  return out;
}

std::vector<std::vector<FoundBox>> fuse_images(const ModelDetections& detections,
                                               const FusionOptions& options,
                                               int threads) {
  std::vector<std::vector<FoundBox>> out(detections.images.size());
  parallel_for(out.size(), threads, [&](size_t i) {
    const ModelImage& image = detections.images[i];
    for (auto& fused : fuse_boxes(image.found, image.size, options)) out[i].push_back(fused.found);
  });
  return out;
}

void write_detections(const Path& path,
                      const ModelDetections& detections,
                      const std::vector<std::vector<FoundBox>>& boxes) {
  check(boxes.size() == detections.images.size(),
        Exit::failed,
        "there must be one list of boxes for each image");
  std::string text = "[";
  for (size_t i = 0; i < boxes.size(); ++i) {
    const std::string id = detections.images[i].coco_id.dump();
    for (const auto& found : boxes[i]) {
      const PixelBox& box = found.box;
      text += text.size() > 1 ? ",\n" : "\n";
      text += R"({"image_id":)" + id + R"(,"category_id":)" +
              detections.category_ids.at(static_cast<size_t>(found.class_index)).dump() +
              R"(,"bbox":[)" +
              join({exact(box.x), exact(box.y), exact(box.width), exact(box.height)}, ",") +
              R"(],"score":)" + exact(std::min(found.score, 1.)) + "}";
    }
  }
  write_atomic(path, text + "\n]\n");
}

}  // namespace evenray
