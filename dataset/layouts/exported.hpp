// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "dataset/sample/sample.hpp"

namespace evenray {

/// Returns whether `data export` wrote this folder, in any of its layouts: it has a labels.csv and
/// a provenance.csv.
bool is_exported_layout(const std::string& path);

/// Reads the store's real rows back, with ids, labels (also unknown ones), parts, groups (as
/// patients), metadata and, if the layout has them, boxes; classes have the store's names. Other
/// rows are counted in a `not_real` finding. Throws Exit::bad_data if the tables or annotations are
/// damaged or list an image that is missing.
Manifest read_exported(const std::string& path);

}  // namespace evenray
