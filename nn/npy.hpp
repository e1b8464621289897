// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <torch/types.h>

#include "core/files.hpp"

namespace evenray {

/// A matrix [N,D] of NumPy's .npy format, versions 1 to 3, little-endian f4 or f8 in C order, as
/// kDouble. Throws 66 if it is missing, 65 for anything else and for values that are not finite.
torch::Tensor read_npy_matrix(const Path& path);

}  // namespace evenray
