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
  std::vector<int64_t> size_px = {80, 64};  ///< height, width: 8 to 8192 each
  int64_t bits = 8;                         ///< 8 or 16 a pixel
  std::string fit = "pad";                  ///< pad, stretch or crop (see fit_image)
  int64_t gzip = -1;                        ///< level 1..9; -1: no compression
  bool checksums = false;                   ///< HDF5's fletcher32 on the images
  double shard_gb = 8;                      ///< pixels that take more go into several files
  /// Audit kinds whose rows are kept (keepable_kinds); box_outside: boxes are clipped.
  std::vector<std::string> keep;
  std::string where;  ///< "column=value": only these rows

  void fields(Fields& f);
  /// Throws 78 for a value out of range or an unknown name, with its key (data.size_px, ...).
  void check() const;
};

struct PackResult {
  std::map<std::string, std::map<std::string, int64_t>> counts;  ///< part -> class -> rows
  /// Where there are several: source -> part -> rows.
  std::map<std::string, std::map<std::string, int64_t>> sources;
  std::map<std::string, std::vector<std::string>> left_out;  ///< audit kind -> ids
  /// Boxes that `crop` or clipping left too little of; a row that lost all has boxes_known = 0.
  int64_t boxes_dropped = 0;
  /// Of all boxes in store pixels (square root of the area); 0: no boxes.
  double median_box_side_px = 0;
  std::string content_digest;
};

/// Packs a collection: rows in the manifest's order; which part a row goes to as in cli.md (`fold`
/// empty: the split column or, with folds, test = locked rows, val = fold 0). Decodes, fits and
/// compresses on `threads` workers, one writer. White becomes the store's white (255, 65535):
/// 8-bit files are stretched from 255, 16-bit ones from the set's largest value rounded up to a
/// full number of bits (1023, 4095, ..., 65535). Where the split table has no fault column, faults
/// are looked for here. Throws 65 for a box outside its image or a truncated file unless kept, a
/// split row whose image is missing, a group in two parts, an unknown column in `where`; 75 when
/// stopped. `source_settings` (TOML: of the label map, at last of the split) goes into the store's
/// settings.
PackResult pack(const Manifest& manifest,
                const std::vector<SplitRow>& split,
                std::optional<int> fold,
                const PackOptions& options,
                const Path& out,
                int threads,
                const std::string& source_settings = "");

}  // namespace evenray
