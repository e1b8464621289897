// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "dataset/store/store.hpp"

namespace evenray {

/// What those who pass a set on should know of it (Gebru et al. 2021, "Datasheets for Datasets"),
/// in Markdown: sources, licence, size and depth, counts by part, class and origin, annotations,
/// how it was divided, settings, digests, and what it must not be used for. Of `parts` only. Equal
/// stores give equal text: no time, host or path stands in it.
std::string datasheet(const Store& store, const std::vector<std::string>& parts);

/// Writes the datasheet of a store beside it, set.datasheet.md beside set.h5 or set.h5.d, and
/// leaves the store as it is. Throws 74.
void write_datasheet(const Store& store);

/// Text as one line of Markdown, for a table's cell too.
std::string markdown_line(const std::string& text);

/// What sets made from radiographs must not be used for, as Markdown's list.
std::string unfit_uses();

}  // namespace evenray
