// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "dataset/store/seal.hpp"

namespace evenray {

/// Which files are read completely for the seal's checksum; of other files only the size is
/// compared.
enum class SealCheck { size_only, small_files, all_files };

/// Checks that HDF5 can safely open a file in this process. A file with a valid seal is unchanged
/// since evenray wrote it, as far as `check` tests. A file without one is first opened, and its
/// columns read, by a child process, since some damaged files make HDF5 1.10 abort, hang or write
/// past its memory. Throws 66 if the file is missing, 65 with the child's finding or if the child
/// crashed or timed out, 75 when stopped.
Seal vet_store_file(const Path& path, SealCheck check);

}  // namespace evenray
