// SPDX-License-Identifier: Apache-2.0
// The format: https://huggingface.co/docs/datasets/image_dataset#imagefolder
#include "dataset/export/layout.hpp"

namespace evenray {
namespace {

Json objects_of(const ExportedImage& image, const StoreInfo& info) {
  Json boxes = Json::array(), categories = Json::array();
  for (const auto& box : image.boxes()) {
    boxes.push_back({rounded_px(box.x0),
                     rounded_px(box.y0),
                     rounded_px(double{box.x1} - box.x0),
                     rounded_px(double{box.y1} - box.y0)});
    categories.push_back(info.class_names[static_cast<size_t>(box.label)]);
  }
  return {{"bbox", std::move(boxes)}, {"categories", std::move(categories)}};
}

Json row_of(const ExportedImage& image, const StoreInfo& info) {
  Json row{{"file_name", image.name + ".png"}};
  Json shown = Json::array();
  for (size_t c = 0; c < info.class_names.size(); ++c)
    if (image.labels()[c] == 1) shown.push_back(info.class_names[c]);
  if (info.multi_label) {
    row["labels"] = std::move(shown);
  } else {
    row["label"] = shown.empty() ? Json() : shown[0];
  }
  if (image.annotated()) row["objects"] = objects_of(image, info);
  return row;
}

}  // namespace

void annotate_imagefolder(const ExportPlan& plan, OutputFolder& out) {
  for (const auto& part : plan.parts) {
    std::string lines;
    for (const ExportedImage* image : plan.images_of(part))
      lines += json_line(row_of(*image, plan.info())) + "\n";
    out.write(Path(part) / "metadata.jsonl", lines);
  }
}

}  // namespace evenray
