// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "dataset/pack.hpp"

namespace evenray {

/// The decisions of pack() before it decodes images for the store.

/// A row that goes into the store.
struct Planned {
  size_t sample;        ///< index into Manifest::samples
  const SplitRow* row;  ///< its row of the split table
  std::string part;     ///< train, val or test
  std::string group;    ///< the table's, else the patient, else the id
};

/// Returns the kinds that --keep accepts: those whose rows are otherwise left out, and faults of
/// boxes and annotations, which pack() otherwise refuses.
/// Unreadable images and leaks cannot be kept: the former have no pixels, and a store must not
/// leak.
const std::vector<std::string>& keepable_kinds();
/// Returns whether `options` keep the rows of an audit kind.
bool kept(const PackOptions& options, const std::string& kind);

/// Returns the rows of the store in the manifest's order. `left_out` receives the ids of the others
/// by audit kind, and the samples that the table does not list (`not_in_split`). Faults come from
/// the split table, or are found in the pixels if the table has no column `fault`. If a fold
/// becomes the test, images that repeat an earlier picture of that fold are also found in the
/// pixels, because the table does not know which fold that will be. A table without the column
/// `fault` was made by another program: then a patient or picture in two parts is an error. A row
/// without a group belongs to its patient's group, else to its own. Throws Exit::bad_data for
/// annotations that are not valid unless they are kept, a table row that the manifest lacks, if no
/// row is left, or if a group is in two parts.
std::vector<Planned> plan_rows(const Manifest& manifest,
                               const std::vector<SplitRow>& split,
                               std::optional<int> fold,
                               const PackOptions& options,
                               int threads,
                               std::map<std::string, std::vector<std::string>>& left_out);

/// Returns white_of() the 16-bit files of these rows; 65535 if there are none. Drawn images do not
/// count. Decodes the 16-bit files until one needs all 16 bits.
int white_of_16_bits(const Manifest& manifest, const std::vector<Planned>& rows, int threads);

}  // namespace evenray
