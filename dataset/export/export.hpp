// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <map>
#include <string>
#include <vector>

#include "dataset/reader.hpp"
#include "dataset/store/store.hpp"

namespace evenray {

struct ExportOptions {
  std::string to;                ///< one of export_layouts()
  std::string part;              ///< train, val or test; empty: all that have rows
  std::string rename;            ///< pattern of file names (see file_names); empty: ids
  int64_t bits = 0;              ///< png only: 8 or 16; 0: as stored
  std::string voi = "auto";      ///< png only: how DICOM values become grey, see dicom.hpp
  std::vector<int64_t> size_px;  ///< png only: height, width; empty: as they are

  /// Throws 2 for an unknown name, a value out of range, or bits, VOI and size without png.
  void check() const;
};

struct ExportResult {
  int64_t images = 0, boxes = 0;
  int64_t renamed = 0;                   ///< images whose file is not named after their id
  int64_t not_annotated = 0;             ///< images that nobody looked at for boxes
  int64_t pixel_bytes = 0;               ///< uncompressed
  std::map<std::string, int64_t> parts;  ///< part -> images
  std::map<std::string, std::vector<std::string>> left_out;  ///< audit kind -> ids
};

/// Names for --to: coco, yolo, voc, folder, imagefolder, csv, png.
std::vector<std::string> export_layouts();

/// What export_store() would do, without reading an image or writing. Throws as it does.
ExportResult plan_export(const Store& store, const ExportOptions& options);

/// Writes a store's images as PNG files of its depth, their annotations in a layout that other
/// programs read, and beside any layout labels.csv (classes, groups, origin, metadata),
/// provenance.csv, DATASHEET.md, and names.csv where files are not named after their ids; docs/
/// commands.md says what is where. Boxes are in pixels of the images written. `out` appears whole
/// or not at all. Throws 73 where it is there and not empty, 65 for a part without rows, or a row
/// that has not one class where the layout gives each class a folder, 2 for names that collide, 74
/// on a full disk, 75 when stopped.
ExportResult export_store(const Store& store,
                          const ExportOptions& options,
                          const Path& out,
                          int threads);

/// The images at `path`: of any collection that read_dataset() knows, of a folder without labels,
/// or one file. Throws 66 or 65.
Manifest images_at(const std::string& path, const ReadOptions& options = {});

/// Their files as PNG (`options.to` is png, without a part), upright, below `out`; pad where
/// options.size_px asks for a size. Without options.bits each as stored; with it white stays white:
/// of 16-bit files that become 8-bit, their largest value rounded up to full bits. Files that are
/// unreadable or truncated are left out and listed. Throws as export_store(), and 65 where nothing
/// is left.
ExportResult export_images(const Manifest& manifest,
                           const ExportOptions& options,
                           const Path& out,
                           int threads);

/// What export_images() would write, as far as can be told without decoding.
ExportResult plan_export_images(const Manifest& manifest, const ExportOptions& options);

}  // namespace evenray
