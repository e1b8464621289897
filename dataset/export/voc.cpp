// SPDX-License-Identifier: Apache-2.0
// The format: Everingham et al. 2010, development kit, "annotation files" and "image sets".
#include "core/text.hpp"
#include "dataset/export/layout.hpp"

namespace evenray {
namespace {

constexpr int kEdgeDigits = 4;

/// Escapes text for XML. Control characters, which XML 1.0 does not allow, become blanks.
std::string xml(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else {
      out += static_cast<unsigned char>(c) < ' ' ? ' ' : c;
    }
  }
  return out;
}

std::string object_text(const Box& box, const StoreInfo& info) {
  return cat("  <object>\n    <name>",
             xml(info.class_names[static_cast<size_t>(box.label)]),
             "</name>\n    <pose>Unspecified</pose>\n    <truncated>0</truncated>\n"
             "    <difficult>0</difficult>\n    <bndbox>\n      <xmin>",
             decimal_text(box.x0, kEdgeDigits),
             "</xmin>\n      <ymin>",
             decimal_text(box.y0, kEdgeDigits),
             "</ymin>\n      <xmax>",
             decimal_text(box.x1, kEdgeDigits),
             "</xmax>\n      <ymax>",
             decimal_text(box.y1, kEdgeDigits),
             "</ymax>\n    </bndbox>\n  </object>\n");
}

std::string annotation_text(const ExportedImage& image, const StoreInfo& info) {
  std::string out = cat("<annotation>\n  <folder>JPEGImages</folder>\n  <filename>",
                        xml(image.name),
                        ".png</filename>\n  <source>\n    <database>",
                        xml(info.source),
                        "</database>\n  </source>\n  <size>\n    <width>",
                        info.width,
                        "</width>\n    <height>",
                        info.height,
                        "</height>\n    <depth>1</depth>\n  </size>\n"
                        "  <segmented>0</segmented>\n");
  for (const auto& box : image.boxes()) out += object_text(box, info);
  return out + "</annotation>\n";
}

}  // namespace

std::string folder_of_voc(const ExportPlan&, const ExportedImage&) { return "JPEGImages"; }

void annotate_voc(const ExportPlan& plan, OutputFolder& out) {
  for (const auto& image : plan.images) {
    if (image.annotated())
      out.write(Path("Annotations") / (image.name + ".xml"), annotation_text(image, plan.info()));
  }
  const Path sets = Path("ImageSets") / "Main";
  for (const auto& part : plan.parts) {
    std::string annotated;
    std::vector<std::string> of_class(plan.class_files.size());
    for (const ExportedImage* image : plan.images_of(part)) {
      if (image->annotated()) annotated += image->name + "\n";
      for (size_t c = 0; c < of_class.size(); ++c) {
        const int label = image->labels()[c];
        of_class[c] += cat(image->name, label == 1 ? "  1" : label == 0 ? " -1" : "  0", "\n");
      }
    }
    out.write(sets / (part + ".txt"), annotated);
    for (size_t c = 0; c < of_class.size(); ++c)
      out.write(sets / cat(plan.class_files[c], "_", part, ".txt"), of_class[c]);
  }
}

}  // namespace evenray
