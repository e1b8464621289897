// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "dataset/sample/sample.hpp"

namespace evenray {

/// What `data export` writes, in any of its layouts: known by its labels.csv and provenance.csv.
bool is_exported_layout(const std::string& path);

/// The store's real rows as they were, with ids, labels (unknown ones, too), parts, groups (as
/// patients), metadata, and boxes, where the layout has them, by the store's class names. Other
/// rows are counted in a `not_real` finding. Throws 65 where the tables or annotations are damaged
/// or name an image that is not there.
Manifest read_exported(const std::string& path);

}  // namespace evenray
