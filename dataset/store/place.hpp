// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "dataset/store/store.hpp"

namespace evenray {

/// Checks, without creating anything, that a store with this many rows can be written to `path`.
/// Throws 73 if something that is no store has its name, or the folder cannot be created or written
/// to; 74 if the disk has too little space.
void check_place(const Path& path,
                 const StoreInfo& info,
                 int64_t expected_rows,
                 const StoreForm& form = {});

}  // namespace evenray
