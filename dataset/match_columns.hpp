// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

namespace evenray {

/// The metadata columns of region and view by which images are matched unless the user names
/// others: region, view, body_part, view_position, and FracAtlas' hand, leg, hip, shoulder, mixed,
/// frontal, lateral and oblique.
const std::vector<std::string>& default_match_columns();

/// Returns the positions in `columns` of those that images are matched by: those of `asked`; for
/// {"none"}, none; for an empty list, those of default_match_columns() that are there. Throws 78
/// for another name that is not in `columns`.
std::vector<size_t> match_columns(const std::vector<std::string>& columns,
                                  const std::vector<std::string>& asked);

/// Returns the values of these columns as one text; equal for images that match.
std::string match_key(const std::vector<std::string>& meta, const std::vector<size_t>& columns);

}  // namespace evenray
