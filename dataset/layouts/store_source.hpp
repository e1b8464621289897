// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "dataset/sample/sample.hpp"

namespace evenray {

/// Returns whether `path` is an HDF5 file, by its first bytes, or names a folder of shards
/// (find_store).
bool is_store_source(const std::string& path);

/// Reads the real rows of a store as a collection: images, parts, groups (as patients), labels,
/// boxes and metadata. Other rows (copies, augmented, synthetic) are counted in a `not_real`
/// finding. Throws as Store(), and Exit::bad_data if no row is real.
Manifest read_store_source(const std::string& path);

}  // namespace evenray
