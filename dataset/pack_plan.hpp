// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "dataset/pack.hpp"

namespace evenray {

/// What pack() decides before it decodes for the store.

/// A row that goes into the store.
struct Planned {
  size_t sample;
  const SplitRow* row;
  std::string part, group;
};

/// Kinds that --keep takes: rows that are left out otherwise, and box_outside. An unreadable image
/// has nothing to keep, and a store with a leak is none.
const std::vector<std::string>& keepable_kinds();
bool kept(const PackOptions& options, const std::string& kind);

/// The rows of the store, in the manifest's order; left_out also has those that the table lacks
/// (`not_in_split`). Faults come from the split table; they are looked for in the pixels where it
/// has none, and later images of one picture also where a fold becomes the test, of which the table
/// cannot tell. Such a table, without the column `fault`, is of another program: without a group a
/// row is of its patient's, and patients and pictures must not be torn. Throws 65 for a row that
/// the manifest lacks, where no row is left, and where a group lies in two parts.
std::vector<Planned> plan_rows(const Manifest& manifest,
                               const std::vector<SplitRow>& split,
                               std::optional<int> fold,
                               const PackOptions& options,
                               int threads,
                               std::map<std::string, std::vector<std::string>>& left_out);

/// white_of() the 16-bit files of these rows; 65535 where there are none, and for drawn images.
/// Decodes the 16-bit files until one needs all 16 bits.
int white_of_16_bits(const Manifest& manifest, const std::vector<Planned>& rows, int threads);

}  // namespace evenray
