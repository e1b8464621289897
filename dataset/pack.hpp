// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <map>
#include <optional>

#include "core/run_folder.hpp"
#include "dataset/image/image.hpp"
#include "dataset/split.hpp"
#include "dataset/store/store.hpp"

namespace evenray {

struct PackOptions {
  std::vector<int64_t> size_px = {80, 64};  ///< height, width of the store's images: 8 to 8192 each
  int64_t bits = 8;                         ///< per pixel: 8 or 16
  std::string fit = "pad";                  ///< pad, stretch or crop (see fit_image)
  int64_t gzip = -1;                        ///< compression level 1 to 9; -1: none
  bool checksums = false;                   ///< HDF5's fletcher32 checksum for each image
  double shard_gb = 8;                      ///< more GB of pixels are divided into several files
  /// Audit kinds whose rows are kept (see keepable_kinds). box_outside: boxes are clipped;
  /// box_empty, annotation_invalid: these boxes and annotations are dropped.
  std::vector<std::string> keep;
  std::string where;             ///< only rows whose metadata fulfil this condition (see where.hpp)
  std::string patches = "none";  ///< none: whole images; boxes: a patch for each box (patches.hpp)
  double patch_context = 2;      ///< side of a patch, in longer sides of its box: 1 to 100
  int64_t patch_side_px = 0;     ///< fixed side in pixels of the source, at least the box; 0: none
  int64_t patch_negatives = 0;   ///< patches of images without boxes for each box: 0 to 100
  /// The columns in which these images equal that of the box; empty: default_match_columns().
  std::vector<std::string> patch_match;
  int64_t patch_seed = 1;  ///< chooses these images

  void fields(Fields& f);
  /// Throws Exit::config for a value out of range or an unknown name, with its key (data.size_px,
  /// ...).
  void check() const;
};

/// What became of the boxes and images of a collection that was packed as patches.
struct PatchCounts {
  int64_t lesions = 0;        ///< patches with a box
  int64_t negatives = 0;      ///< patches of images without boxes
  int64_t unmatched = 0;      ///< of these, those of another region or view than the box's image
  int64_t missing = 0;        ///< negatives asked for in parts that have no image without boxes
  int64_t not_annotated = 0;  ///< images left out because nobody looked for boxes in them
  int64_t dropped = 0;        ///< boxes without area, dropped by --keep box_empty
};

struct PackResult {
  std::map<std::string, std::map<std::string, int64_t>> counts;  ///< part -> class -> rows
  /// source -> part -> rows; empty if there is only one source.
  std::map<std::string, std::map<std::string, int64_t>> sources;
  std::map<std::string, std::vector<std::string>> left_out;  ///< audit kind -> ids
  /// Boxes dropped because `crop` or clipping left too little of them. A row that lost all its
  /// boxes has boxes_known = 0.
  int64_t boxes_dropped = 0;
  PatchCounts patches;  ///< all 0 if whole images were packed
  /// Median of the square root of the box area, in store pixels; 0 if there are no boxes.
  double median_box_side_px = 0;
  std::string content_digest;  ///< see Store::content_digest
};

/// Packs a collection into the store `out` and writes its datasheet. Rows are in the manifest's
/// order. docs/commands.md describes which part a row goes to: without `fold` the column split or,
/// if the table has folds, test = locked rows and val = fold 0. Decodes, fits and compresses on
/// `threads` workers; one thread writes. White becomes the store's white (255 or 65535): 8-bit
/// files are stretched from 255, 16-bit files from the collection's largest value rounded up to a
/// full number of bits (1023, 4095, ..., 65535). If the split table has no fault column, faults are
/// found here. `source_settings` (TOML: the label map, then the split) goes into the store's
/// settings. Throws Exit::bad_data for a box outside its image or without area, an
/// annotation that is not valid or a truncated file unless it is kept, a split row whose image is
/// missing, a group in two parts, or an unknown column in `where`; Exit::stopped if the run is
/// stopped.
PackResult pack(const Manifest& manifest,
                const std::vector<SplitRow>& split,
                std::optional<int> fold,
                const PackOptions& options,
                const Path& out,
                int threads,
                const std::string& source_settings = "");

}  // namespace evenray
