// SPDX-License-Identifier: Apache-2.0
// The format: https://docs.ultralytics.com/datasets/detect
#include "core/text.hpp"
#include "dataset/export/layout.hpp"

namespace evenray {
namespace {

/// Decimals of a share: precise to a hundred-thousandth of a pixel in an image of 6,000 px.
constexpr int kShareDigits = 9;

std::string line_of(const Box& box, const StoreInfo& info) {
  const double width = info.width, height = info.height;
  return cat(box.label,
             " ",
             fixed((double{box.x0} + box.x1) / 2 / width, kShareDigits),
             " ",
             fixed((double{box.y0} + box.y1) / 2 / height, kShareDigits),
             " ",
             fixed((double{box.x1} - box.x0) / width, kShareDigits),
             " ",
             fixed((double{box.y1} - box.y0) / height, kShareDigits),
             "\n");
}

/// Omits the key `path`: programs resolve it relative to the folder that they are started in.
std::string data_yaml(const ExportPlan& plan) {
  std::string out;
  for (const auto& part : plan.parts) out += cat(part, ": images/", part, "\n");
  out += "names:\n";
  int index = 0;
  // Names are written as JSON strings, which are also valid YAML.
  for (const auto& name : plan.info().class_names)
    out += cat("  ", index++, ": ", json_line(name), "\n");
  return out;
}

}  // namespace

void annotate_yolo(const ExportPlan& plan, OutputFolder& out) {
  for (const auto& image : plan.images) {
    if (!image.annotated()) continue;
    std::string text;
    for (const auto& box : image.boxes()) text += line_of(box, plan.info());
    out.write(Path("labels") / image.part->name / (image.name + ".txt"), text);
  }
  out.write("data.yaml", data_yaml(plan));
}

}  // namespace evenray
