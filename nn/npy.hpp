// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <torch/types.h>

#include "core/files.hpp"

namespace evenray {

/// Reads a matrix [N,D] from a file in NumPy's .npy format (versions 1 to 3; little-endian f4 or f8
/// in C order), as kDouble. Throws 66 if the file is missing, 65 if it has another format or
/// non-finite values.
torch::Tensor read_npy_matrix(const Path& path);

}  // namespace evenray
