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

/// The parts that a collection is divided into.
inline constexpr std::array<const char*, 3> kParts = {"train", "val", "test"};

/// A rectangle in pixels of the upright image (x to the right, y down; x1, y1 are the far edge, so
/// width = x1 - x0), with the polygon rings that describe the same thing where the source has them.
struct Box {
  float x0 = 0, y0 = 0, x1 = 0, y1 = 0;
  int label = 0;  ///< index into class_names
  std::vector<std::vector<cv::Point2f>> rings;
};

/// How a row came to be.
enum class Origin : uint8_t { real = 0, copy = 1, augmented = 2, synthetic = 3 };
const char* origin_name(Origin origin);

struct Provenance {
  Origin origin = Origin::real;
  int64_t parent = -1;  ///< row of the same part that it was made from, -1 for none
  std::string recipe;   ///< policy and operations, or generator digest and latent seed
  uint64_t seed = 0;
};

/// One image as a reader found it.
struct Sample {
  std::string id;  ///< see cli.md: the stem, or the path under the root where stems collide
  std::string source_path;        ///< relative to the root
  Path file;                      ///< absolute; empty where the image is drawn
  std::function<cv::Mat()> draw;  ///< phantoms only: gives the u8 or u16 image
  std::vector<int8_t> labels;     ///< one a class: 1 yes, 0 no, -1 unknown
  std::vector<Box> boxes;
  bool boxes_known = false;  ///< annotated (no boxes = truly none)
  std::string patient;       ///< empty where the source does not tell
  bool running_id = false;   ///< the id ends in the source's running number: neighbours may be one
                             ///< visit (see group_names)
  std::string part;          ///< train, val or test where the source's layout fixes it, else empty
  std::vector<std::string> meta;  ///< one a meta column, as text; empty = missing

  /// Index of the one class that is 1; -1 where there is none.
  int exclusive_class() const;
};

/// One thing that is wrong; kinds are those of `data audit`.
struct Finding {
  std::string kind;
  std::vector<std::string> ids;
  std::string detail;
};

/// A collection as its reader describes it. Labels are already those to train with (boxes and
/// folders beat the table).
struct Manifest {
  std::string format;  ///< folder, fracatlas, dicom, phantom
  std::string
      source;  ///< name for reports and stores: the root's last component or the phantom's settings
  std::string licence;  ///< may be empty
  Path root;
  std::vector<std::string>
      sources;  ///< where several were read as one: what ids begin with, before a slash
  std::vector<std::string> class_names;
  bool multi_label = false;
  std::vector<std::string> meta_columns;  ///< never a label
  std::vector<Sample> samples;            ///< sorted by id
  std::vector<Finding>
      findings;  ///< what the reader itself noticed (label_conflict, missing_file, unlisted_file)

  /// Index of a class; throws 65 with the known names.
  int class_index(std::string_view name) const;
  /// The name of the source that a sample came from.
  std::string source_of(const Sample& sample) const;
};

}  // namespace evenray
