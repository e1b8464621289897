// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "core/config.hpp"
#include "dataset/audit.hpp"

namespace evenray {

struct SplitOptions {
  std::vector<double> ratios = {.7, .15, .15};  ///< train, val, test; sum 1, train above 0
  int64_t folds = 0;                            ///< 3 to 100; 0: one split by ratios
  double hold_out = 0;         ///< with folds: share of a locked test part, 0 to below 1
  std::string group = "auto";  ///< how rows are grouped: auto, patient or none (see group_names)
  int64_t seed = 1;            ///< of the random assignment

  void fields(Fields& f);
  /// Throws Exit::config for a value out of range or an unknown name, with its key (data.ratios,
  /// ...).
  void check() const;
};

/// Returns the group of each row; rows of one group must stay in one part. Mode `none`: each row is
/// a group. `patient`: the patient, where known. `auto`: rows are linked by a patient, by a picture
/// (`pictures`, groups of near_duplicate_groups and augmented_copies) and, for rows without a
/// patient, by an aligned block of 8 consecutive numbers (Sample::sequential_id). A group has the
/// name of its first known patient, else of its first id. Throws Exit::bad_data for `patient` if no
/// patient is known.
std::vector<std::string> group_names(const Manifest& manifest,
                                     const std::vector<std::vector<size_t>>& pictures,
                                     const std::string& mode);

/// Returns in one line what is known of patients and what group_names() keeps together: "24
/// patients, from folders (patient00100); kept together too: copies of one picture".
std::string describe_groups(const Manifest& manifest, const std::string& mode);

/// External test: makes all images of one of several sources test, whatever parts the sources fix.
/// The other sources keep their parts, except test, which becomes train. Throws Exit::usage for a
/// source that is not one of them.
void hold_out_source(Manifest& manifest, const std::string& source);

/// Splits whole groups, stratified by class (largest need first; ties by a seeded random draw).
/// Returns every row of split.csv in the manifest's order. Faulty rows have a `fault`: truncated,
/// unreadable, duplicate_conflict, and in test duplicate_group or augmented_copies for every image
/// of a picture after the first. Parts that the layout fixes are kept, except that with folds val
/// becomes train. If the layout has a group in several parts, only one of them keeps its rows (test
/// before val before train); the others get the fault leak_patient, leak_duplicate or
/// leak_augmented. Throws Exit::bad_data if there are too few groups for the parts or folds.
std::vector<SplitRow> make_split(const Manifest& manifest,
                                 const std::vector<ImageFacts>& facts,
                                 const PictureGroups& pictures,
                                 const SplitOptions& options);

/// How a split was made.
struct SplitRecord {
  SplitOptions options;
  std::string published;  ///< name of the published lists that were followed; empty: none
  std::string external;   ///< source that is all test; empty: none
};

/// Returns the record as TOML for a store's settings (section [split]).
std::string split_settings(SplitRecord record);

/// Writes the table. With a record, also writes F.csv.toml beside F.csv: the record and the table's
/// SHA-256, from which pack() later knows how the split was made.
void write_split(const Path& path,
                 const std::vector<SplitRow>& rows,
                 const SplitRecord* record = nullptr);
/// Returns the text of the record beside a table. If there is none, or the table was changed after
/// it, returns a [split] section that states this.
std::string read_split_settings(const Path& table);
/// Reads a split table. Only the columns id and split are required. Throws Exit::missing_input;
/// Exit::bad_data for a missing column, equal ids or an unknown split name.
std::vector<SplitRow> read_split(const Path& path);

}  // namespace evenray
