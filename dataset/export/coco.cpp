// SPDX-License-Identifier: Apache-2.0
// The format: Lin et al. 2014; https://cocodataset.org/#format-data
#include "core/text.hpp"
#include "dataset/export/layout.hpp"

namespace evenray {
namespace {

Json annotation_of(const Box& box, int64_t id, int64_t image_id) {
  Json segmentation = Json::array();
  for (const auto& ring : box.rings) {
    Json flat = Json::array();
    for (const auto& point : ring) {
      flat.push_back(rounded_px(point.x));
      flat.push_back(rounded_px(point.y));
    }
    segmentation.push_back(std::move(flat));
  }
  const double width = double{box.x1} - box.x0, height = double{box.y1} - box.y0;
  return {{"id", id},
          {"image_id", image_id},
          {"category_id", box.label + 1},
          {"bbox", {rounded_px(box.x0), rounded_px(box.y0), rounded_px(width), rounded_px(height)}},
          {"area", rounded_px(box.area())},
          {"segmentation", std::move(segmentation)},
          {"iscrowd", 0}};
}

}  // namespace

void annotate_coco(const ExportPlan& plan, OutputFolder& out) {
  const StoreInfo& info = plan.info();
  Json categories = Json::array();
  for (size_t c = 0; c < info.class_names.size(); ++c)
    categories.push_back({{"id", c + 1}, {"name", info.class_names[c]}, {"supercategory", ""}});
  int64_t boxes = 0;
  for (const auto& part : plan.parts) {
    Json images = Json::array(), annotations = Json::array(), not_annotated = Json::array();
    for (const ExportedImage* image : plan.images_of(part)) {
      images.push_back({{"id", image->n},
                        {"file_name", image->name + ".png"},
                        {"width", info.width},
                        {"height", info.height},
                        {"license", 1}});
      if (!image->annotated()) not_annotated.push_back(image->n);
      for (const auto& box : image->boxes())
        annotations.push_back(annotation_of(box, ++boxes, image->n));
    }
    out.write(Path("annotations") / cat("instances_", part, ".json"),
              json_line({{"info",
                          {{"description", cat(info.source, ", ", part)},
                           {"evenray_not_annotated", std::move(not_annotated)}}},
                         {"licenses",
                          {{{"id", 1},
                            {"name", info.licence.empty() ? "not stated" : info.licence},
                            {"url", ""}}}},
                         {"categories", categories},
                         {"images", std::move(images)},
                         {"annotations", std::move(annotations)}}) +
                  "\n");
  }
}

}  // namespace evenray
