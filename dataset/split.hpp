// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "core/config.hpp"
#include "dataset/audit.hpp"

namespace evenray {

struct SplitOptions {
  std::vector<double> ratios = {.7, .15, .15};
  int64_t folds = 0;    ///< 0: one split by ratios
  double hold_out = 0;  ///< share of a locked test, with folds
  std::string group = "auto";
  int64_t seed = 1;

  void fields(Fields& f);
  void check() const;
};

/// Groups of rows that must stay together: patient where known; else near-duplicates, united with
/// aligned blocks of 8 ids where ids are running numbers (manifest.running_ids). A group's name is
/// a patient or its first id. Mode: auto, patient, none.
std::vector<std::string> group_names(const Manifest& manifest,
                                     const std::vector<ImageFacts>& facts,
                                     const std::string& mode);

/// Stratified by class over whole groups (largest need first; ties by a seeded draw), every row of
/// split.csv in the manifest's order. Faulty rows (truncated, unreadable, duplicate_conflict; later
/// images of one picture in test) carry `fault`. A layout that fixes parts is kept. Throws 65 where
/// there are too few groups for a split or the folds.
std::vector<SplitRow> make_split(const Manifest& manifest,
                                 const std::vector<ImageFacts>& facts,
                                 const SplitOptions& options);

void write_split(const Path& path, const std::vector<SplitRow>& rows);
/// Throws 66, or 65 for a missing column, equal ids or an unknown split name.
std::vector<SplitRow> read_split(const Path& path);

}  // namespace evenray
