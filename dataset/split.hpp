// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "core/config.hpp"
#include "dataset/audit.hpp"

namespace evenray {

struct SplitOptions {
  std::vector<double> ratios = {.7, .15, .15};  ///< train, val, test; sum 1, train above 0
  int64_t folds = 0;                            ///< 3 to 100; 0: one split by ratios
  double hold_out = 0;         ///< with folds: share of a locked test, 0 to below 1
  std::string group = "auto";  ///< mode of group_names
  int64_t seed = 1;

  void fields(Fields& f);
  /// Throws 78 for a value out of range or an unknown name, with its key (data.ratios, ...).
  void check() const;
};

/// The group of each row; rows of one group must stay together. Mode `none`: each row its own;
/// `patient`: the patient, where known; `auto`: whatever is linked by a patient, a picture
/// (`duplicates`, as near_duplicate_groups gives them) or, without a patient, by an aligned block
/// of 8 running numbers (Sample::running_id). A group is named after its first known patient, else
/// its first id. Throws 65 for `patient` where none is known.
std::vector<std::string> group_names(const Manifest& manifest,
                                     const std::vector<std::vector<size_t>>& duplicates,
                                     const std::string& mode);

/// External test: all images of one of several sources are test, whatever parts the sources fix;
/// those of the others keep theirs but for test, which is then dealt out as train. Throws 2 for a
/// source that is not among them.
void hold_out_source(Manifest& manifest, const std::string& source);

/// Stratified by class over whole groups (largest need first; ties by a seeded draw), every row of
/// split.csv in the manifest's order. Faulty rows (truncated, unreadable, duplicate_conflict; later
/// images of one picture in test) carry `fault`. A layout that fixes parts is kept. Throws 65 where
/// there are too few groups for a split or the folds.
std::vector<SplitRow> make_split(const Manifest& manifest,
                                 const std::vector<ImageFacts>& facts,
                                 const SplitOptions& options);

/// How a split came about.
struct SplitRecord {
  SplitOptions options;
  std::string published;  ///< name of the lists that were followed
  std::string external;   ///< source that is all test
};

/// Its text in a store's settings (TOML, a section [split]).
std::string split_settings(SplitRecord record);

/// With a record: beside F.csv a file F.csv.toml with it and the table's SHA-256, so that those who
/// pack by the table can tell how it was made.
void write_split(const Path& path,
                 const std::vector<SplitRow>& rows,
                 const SplitRecord* record = nullptr);
/// The text of the record beside a table; where there is none, or the table has been changed since,
/// a [split] that says so.
std::string read_split_settings(const Path& table);
/// Of its own columns a table of another program needs id and split only. Throws 66, or 65 for a
/// missing column, equal ids or an unknown split name.
std::vector<SplitRow> read_split(const Path& path);

}  // namespace evenray
