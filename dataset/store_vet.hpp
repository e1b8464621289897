// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "dataset/store_seal.hpp"

namespace evenray {

/// Whether HDF5 may see a file in this process. One with a whole seal is as evenray wrote it (the
/// checksum is read where the file is small, or with `whole`). One without is opened and its
/// columns read by a child first, since HDF5 1.10 aborts on, hangs on or writes past its memory in
/// some damaged files. Throws 66 where it is missing, 65 with what the child found or that it did
/// not come back, 75 when stopped.
Seal vet_store_file(const Path& path, bool whole);

}  // namespace evenray
