// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "core/output_folder.hpp"
#include "dataset/export/export.hpp"

namespace evenray {

/// What the layouts of export_store() share.

/// A row of the store that is exported.
struct ExportedImage {
  const StorePart* part = nullptr;
  size_t row = 0;
  int64_t n = 0;     ///< number of the exported image, from 1
  std::string name;  ///< of its files, without extension
  std::string file;  ///< path of the image, relative to the export

  const std::string& id() const { return part->ids[row]; }
  const std::vector<int8_t>& labels() const { return part->labels[row]; }
  const std::vector<Box>& boxes() const { return part->boxes[row]; }
  bool annotated() const { return part->boxes_known[row] != 0; }
};

struct ExportPlan {
  const Store& store;
  std::vector<std::string> parts;  ///< the exported ones, in the order of kParts
  std::vector<ExportedImage> images;
  std::vector<std::string> class_files;  ///< a safe file name for each class

  const StoreInfo& info() const { return store.info(); }
  /// Returns the images of one part.
  std::vector<const ExportedImage*> images_of(const std::string& part) const;
};

/// Returns the index of the only class that is 1; -1 if there is none or more than one.
int only_class(const std::vector<int8_t>& labels);

/// Formats a number with at most `digits` decimals, without trailing zeros: "12.5", "3".
std::string decimal_text(double value, int digits);
/// Rounds to a ten-thousandth of a pixel, for JSON.
double rounded_px(double value);

/// Returns JSON as one line, without a newline.
std::string json_line(const Json& value);

/// One layout of an export.
struct ExportLayout {
  std::string_view name;
  /// Returns the image's folder, relative to the export. Throws Exit::bad_data if the layout has no
  /// folder for it.
  std::string (*folder)(const ExportPlan& plan, const ExportedImage& image);
  /// Writes the annotations; null: the layout has none.
  void (*annotate)(const ExportPlan& plan, OutputFolder& out);
  std::string_view about;  ///< describes the files, for the datasheet: Markdown
};

/// The folder functions of the layouts: `images/<part>`, `<part>`, `<part>/<class>` and
/// `JPEGImages`.
std::string folder_in_images(const ExportPlan& plan, const ExportedImage& image);
std::string folder_of_part(const ExportPlan& plan, const ExportedImage& image);
std::string folder_of_class(const ExportPlan& plan, const ExportedImage& image);
std::string folder_of_voc(const ExportPlan& plan, const ExportedImage& image);

/// Writes `annotations/instances_<part>.json`: images, categories (all classes; id = column + 1),
/// annotations with bbox [x,y,width,height], polygons as segmentation, and area (of the polygons if
/// there are any).
void annotate_coco(const ExportPlan& plan, OutputFolder& out);
/// Writes `labels/<part>/<name>.txt`, one line per box: class, centre and sides as shares of the
/// image; and `data.yaml`. An image that is not annotated has no text file.
void annotate_yolo(const ExportPlan& plan, OutputFolder& out);
/// Writes `Annotations/<name>.xml` (none if the image is not annotated),
/// `ImageSets/Main/<part>.txt` and `<class>_<part>.txt` with 1, -1 or 0 (unknown) after each name.
void annotate_voc(const ExportPlan& plan, OutputFolder& out);
/// Writes `<part>/metadata.jsonl`.
void annotate_imagefolder(const ExportPlan& plan, OutputFolder& out);
/// Writes `boxes.csv`.
void annotate_csv(const ExportPlan& plan, OutputFolder& out);

/// Return the tables that every layout has.
std::string labels_csv(const ExportPlan& plan);
std::string provenance_csv(const ExportPlan& plan);
struct OldAndNew {
  std::string old_name, new_name;
};
/// Returns a table of the names that differ; empty if there is none.
std::string names_csv(const std::vector<OldAndNew>& names);

}  // namespace evenray
