// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "core/output_folder.hpp"
#include "dataset/export/export.hpp"

namespace evenray {

/// What the layouts of export_store() share.

/// A row of the store on its way out.
struct ExportedImage {
  const StorePart* part = nullptr;
  size_t row = 0;
  int64_t n = 0;     ///< counts the exported images, from 1
  std::string name;  ///< of its files, without ending
  std::string file;  ///< the image, relative to the export

  const std::string& id() const { return part->ids[row]; }
  const std::vector<int8_t>& labels() const { return part->labels[row]; }
  const std::vector<Box>& boxes() const { return part->boxes[row]; }
  bool annotated() const { return part->boxes_known[row] != 0; }
};

struct ExportPlan {
  const Store& store;
  std::vector<std::string> parts;  ///< that are exported, in the order of kParts
  std::vector<ExportedImage> images;
  std::vector<std::string> class_files;  ///< a safe name for each class

  const StoreInfo& info() const { return store.info(); }
  /// Of one part.
  std::vector<const ExportedImage*> images_of(const std::string& part) const;
};

/// Index of the one class that is 1; -1 where there is none or more than one.
int only_class(const std::vector<int8_t>& labels);

/// At most `digits` after the point, no zeros at the end: "12.5", "3".
std::string decimal_text(double value, int digits);
/// For JSON: rounded to a ten-thousandth of a pixel.
double rounded_px(double value);

/// One line of JSON, without a newline.
std::string json_line(const Json& value);

/// One way to lay out an export.
struct ExportLayout {
  std::string_view name;
  /// The image's folder, relative to the export. Throws 65 where the layout has no place for it.
  std::string (*folder)(const ExportPlan& plan, const ExportedImage& image);
  /// Writes what goes with the images; null: nothing.
  void (*annotate)(const ExportPlan& plan, OutputFolder& out);
  std::string_view about;  ///< what is where, for the datasheet: Markdown
};

std::string folder_in_images(const ExportPlan& plan, const ExportedImage& image);
std::string folder_of_part(const ExportPlan& plan, const ExportedImage& image);
std::string folder_of_class(const ExportPlan& plan, const ExportedImage& image);
std::string folder_of_voc(const ExportPlan& plan, const ExportedImage& image);

/// `annotations/instances_<part>.json`: images, categories (all classes; id = column + 1),
/// annotations with bbox [x,y,width,height], polygons as segmentation, and area (of the polygons
/// where there are any).
void annotate_coco(const ExportPlan& plan, OutputFolder& out);
/// `labels/<part>/<name>.txt`, a line a box: class, centre and sides as shares of the image; and
/// `data.yaml`. An image that is not annotated has no text file.
void annotate_yolo(const ExportPlan& plan, OutputFolder& out);
/// `Annotations/<name>.xml` (none where not annotated); `ImageSets/Main/<part>.txt`, and
/// `<class>_<part>.txt` with 1, -1 or 0 (unknown) behind each name.
void annotate_voc(const ExportPlan& plan, OutputFolder& out);
/// `<part>/metadata.jsonl`.
void annotate_imagefolder(const ExportPlan& plan, OutputFolder& out);
/// `boxes.csv`.
void annotate_csv(const ExportPlan& plan, OutputFolder& out);

/// Tables beside every layout.
std::string labels_csv(const ExportPlan& plan);
std::string provenance_csv(const ExportPlan& plan);
struct OldAndNew {
  std::string old_name, new_name;
};
/// Rows where the names differ; empty where none does.
std::string names_csv(const std::vector<OldAndNew>& names);

}  // namespace evenray
