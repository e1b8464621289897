// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <map>
#include <string>
#include <vector>

#include "dataset/reader.hpp"
#include "dataset/store/store.hpp"

namespace evenray {

/// The folder dataset/export/ writes a store or a collection in layouts that other programs read.
/// Read this header first, then layout.hpp (the layouts of a store's export), names.hpp (file
/// names) and png.hpp (pixels and files, for both kinds of export).

struct ExportOptions {
  std::string to;                ///< one of export_layouts()
  std::string part;              ///< train, val or test; empty: all parts that have rows
  std::string rename;            ///< pattern of the file names (see file_names); empty: ids
  int64_t bits = 0;              ///< png only: 8 or 16 per pixel; 0: as stored
  std::string voi = "auto";      ///< png only: how DICOM values become grey, see dicom.hpp
  std::vector<int64_t> size_px;  ///< png only: height, width; empty: unchanged

  /// Throws Exit::usage for an unknown layout, part or rename field, a value out of range, or bits,
  /// VOI and size without png; Exit::config for an unknown VOI.
  void check() const;
};

struct ExportResult {
  int64_t images = 0, boxes = 0;
  int64_t renamed = 0;                   ///< images whose file is not named after their id
  int64_t not_annotated = 0;             ///< images that were not annotated with boxes
  int64_t pixel_bytes = 0;               ///< uncompressed
  std::map<std::string, int64_t> parts;  ///< part -> images
  std::map<std::string, std::vector<std::string>> left_out;  ///< audit kind -> ids
  std::map<std::string, std::string> reasons;                ///< id that is left out -> why
};

/// Returns the names that --to accepts: coco, yolo, voc, folder, imagefolder, csv, png.
std::vector<std::string> export_layouts();

/// Returns what export_store() would do, without reading an image or writing a file. Throws as
/// export_store(), except for what only writing can show.
ExportResult plan_export(const Store& store, const ExportOptions& options);

/// Writes a store's images as PNG files of its bit depth, their annotations in the layout, and with
/// every layout labels.csv (classes, groups, origin, metadata), provenance.csv, DATASHEET.md,
/// and names.csv if files are not named after their ids. docs/commands.md describes the files.
/// Boxes are in pixels of the written images. `out` appears complete or not at all. Throws
/// Exit::cannot_create if it exists and is not empty, Exit::bad_data for a part without rows, or
/// for a row without exactly one class if the layout has one folder per class, Exit::usage for
/// names that collide, Exit::io on a full disk, Exit::stopped if the run is stopped.
ExportResult export_store(const Store& store,
                          const ExportOptions& options,
                          const Path& out,
                          int threads);

/// Returns the images at `path`: a collection that read_dataset() knows, a folder without labels,
/// or one file. Throws Exit::missing_input or Exit::bad_data.
Manifest images_at(const std::string& path, const ReadOptions& options = {});

/// Writes these images as upright PNG files below `out`, padded to options.size_px if set.
/// `options.to` must be png, without a part. Without options.bits the depth is as stored. With it,
/// white stays white; for 16-bit files that become 8-bit, white is their largest value rounded up
/// to full bits. Unreadable and truncated files are left out and listed in the result. Throws as
/// export_store(), and Exit::bad_data if no image is left.
ExportResult export_images(const Manifest& manifest,
                           const ExportOptions& options,
                           const Path& out,
                           int threads);

/// Returns what export_images() would write, as far as is known without decoding.
ExportResult plan_export_images(const Manifest& manifest, const ExportOptions& options);

}  // namespace evenray
