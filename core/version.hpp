// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace evenray {

/// As in the root's CMakeLists.txt.
inline constexpr const char* kVersion = "0.1.0";

}  // namespace evenray
