// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "dataset/store/store.hpp"

namespace evenray {

/// Returns the datasheet of a store (Gebru et al. 2021, "Datasheets for Datasets") in Markdown:
/// sources, licence, size and depth, counts by part, class and origin, annotations, the division
/// into parts, settings, digests, and what the set must not be used for. Covers only `parts`. Equal
/// stores give equal text: it contains no time, host or path.
std::string datasheet(const Store& store, const std::vector<std::string>& parts);

/// Writes the datasheet of a store beside it: set.datasheet.md beside set.h5 or set.h5.d. The store
/// is not changed. Throws 74.
void write_datasheet(const Store& store);

/// Returns the Markdown section on what sets made from radiographs must not be used for.
std::string unfit_uses();

}  // namespace evenray
