// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <map>
#include <optional>

#include "core/run_folder.hpp"
#include "dataset/image.hpp"
#include "dataset/split.hpp"
#include "dataset/store.hpp"

namespace evenray {

struct PackOptions {
  std::vector<int64_t> size_px = {80, 64};  ///< height, width
  int64_t bits = 8;
  std::string fit = "pad";
  int64_t gzip = -1;  ///< level 1..9; -1: no compression
  std::vector<std::string>
      keep;           ///< audit kinds whose rows are kept (box_outside: boxes are clipped)
  std::string where;  ///< "column=value": only these rows

  void fields(Fields& f);
  void check() const;
};

struct PackResult {
  std::map<std::string, std::map<std::string, int64_t>> counts;  ///< part -> class -> rows
  std::map<std::string, std::vector<std::string>> left_out;      ///< audit kind -> ids
  double median_box_side_px =
      0;  ///< of all boxes in store pixels (square root of the area); 0: no boxes
  std::string content_digest;
};

/// Packs a collection: rows in the manifest's order; which part a row goes to as in cli.md (`fold`
/// empty: the split column or, with folds, test = locked rows, val = fold 0). Decodes, fits and
/// compresses on `threads` workers, one writer. Where the split table has no fault column, faults
/// are looked for here. Throws 65 for a box outside its image unless kept, a split row whose image
/// is missing, an unknown column in `where`.
PackResult pack(const Manifest& manifest,
                const std::vector<SplitRow>& split,
                std::optional<int> fold,
                const PackOptions& options,
                const Path& out,
                int threads);

}  // namespace evenray
