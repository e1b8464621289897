// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "dataset/store/seal.hpp"

namespace evenray {

/// Of which files all bytes are read for the seal's checksum; of the others their size is compared.
enum class SealCheck { size_only, small_files, all_files };

/// Whether HDF5 may see a file in this process. One with a whole seal is as evenray wrote it (as
/// far as `check` looks). One without is opened and its columns read by a child first, since
/// HDF5 1.10 aborts on, hangs on or writes past its memory in some damaged files. Throws 66 where
/// it is missing, 65 with what the child found or that it did not come back, 75 when stopped.
Seal vet_store_file(const Path& path, SealCheck check);

}  // namespace evenray
