// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>
#include <functional>
#include <opencv2/core.hpp>
#include <string>
#include <vector>

#include "core/files.hpp"

namespace evenray {

// What readers, packers and stores exchange: a Manifest describes a collection of images as
// Samples, before anything is decoded.

/// The parts that a collection is divided into.
inline constexpr std::array<const char*, 3> kParts = {"train", "val", "test"};

/// A rectangle in pixels of the upright image: x to the right, y down; (x1, y1) is the far edge, so
/// width = x1 - x0.
struct Box {
  float x0 = 0, y0 = 0, x1 = 0, y1 = 0;
  int label = 0;  ///< index into class_names
  /// The polygons of the same object, in pixels; empty if the source has none.
  std::vector<std::vector<cv::Point2f>> rings;

  /// Returns the area of its polygons in square pixels, each by the shoelace formula; of the
  /// rectangle if it has none.
  double area() const;
};

/// How a row was made.
enum class Origin : uint8_t { real = 0, copy = 1, augmented = 2, synthetic = 3 };
/// Returns "real", "copy", "augmented" or "synthetic".
const char* origin_name(Origin origin);
/// Returns the origin of that name; real for an unknown name.
Origin parse_origin(const std::string& name);

/// How a row was made, and from what.
struct Provenance {
  Origin origin = Origin::real;
  int64_t parent = -1;  ///< row of the same part that it was made from; -1 for none
  std::string recipe;   ///< policy and operations, or generator digest and latent seed
  uint64_t seed = 0;    ///< random seed that the row was made with
};

/// One image as its reader found it.
struct Sample {
  std::string id;  ///< the file's stem, or its path if stems collide (see samples_of_files)
  std::string source_path;        ///< relative to the manifest's root
  Path file;                      ///< absolute path; empty if the image is drawn
  int frame = -1;                 ///< number from 0 if the image is one frame of a file, else -1
  std::function<cv::Mat()> draw;  ///< phantoms only: returns the u8 or u16 image
  std::vector<int8_t> labels;     ///< one per class: 1 yes, 0 no, -1 unknown
  std::vector<Box> boxes;         ///< in pixels of the upright image
  bool boxes_known = false;       ///< the image was annotated: no boxes then means no object
  std::string patient;            ///< patient id; empty if the source gives none
  /// What shows that images belong together, even if the patient is unknown: the DICOM study, the
  /// file whose frames they are, or the group of a store or export. Empty if there is nothing.
  std::string visit;
  /// The id ends in the source's running number, so neighbouring ids may be one visit (see
  /// group_names).
  bool sequential_id = false;
  std::string part;  ///< train, val or test if the source's layout fixes the part, else empty
  std::vector<std::string> meta;  ///< one per meta column, as text; empty = missing

  /// Returns the index of the class whose label is 1; -1 if no class or several classes have it.
  int exclusive_class() const;
  /// Returns the patient, else the visit; empty if both are unknown. Images with the same text stay
  /// in one part.
  const std::string& owner() const { return patient.empty() ? visit : patient; }
};

/// One problem in a collection.
struct Finding {
  std::string kind;              ///< one of the kinds of `data audit`
  std::vector<std::string> ids;  ///< the samples concerned
  std::string detail;            ///< a description for people
  // Of a label_suspect only:
  std::string given{}, suggested{};  ///< classes
  double score = 0;                  ///< 0 to 1; the higher, the more likely the label is wrong
};

/// A collection as its reader describes it. The labels are final, the ones to train with: boxes and
/// folders override the source's table.
struct Manifest {
  std::string format;  ///< the layout's name, such as folder, fracatlas, dicom, phantom
  /// Name for reports and stores: the root's last component or the phantom's settings.
  std::string source;
  std::string licence;  ///< may be empty
  Path root;            ///< folder that source paths are relative to
  /// If several sources were read as one: their names, which each id begins with, before a slash.
  std::vector<std::string> sources;
  std::vector<std::string> class_names;
  bool multi_label = false;               ///< an image may show several classes, or none
  std::string patients_from;              ///< what names the patients, for messages; may be empty
  std::vector<std::string> meta_columns;  ///< names of the other columns; never a label
  std::vector<Sample> samples;            ///< sorted by id
  /// Problems that the reader itself found, such as label_conflict, missing_file, unlisted_file.
  std::vector<Finding> findings;

  /// What training sees, if the source is a store or an export with rows that are not real (these
  /// are no samples): rows of train, [class][Origin]. Empty for other sources, for several sources
  /// and for renamed classes.
  std::vector<std::array<int64_t, 4>> training_rows;

  /// Adds a row of train to training_rows.
  void count_training_row(const std::vector<int8_t>& labels, Origin origin);
  /// Returns the index of a class. Throws 65, listing the known names, if there is no such class.
  int class_index(std::string_view name) const;
  /// Returns the name of the source that a sample came from.
  std::string source_of(const Sample& sample) const;
};

}  // namespace evenray
