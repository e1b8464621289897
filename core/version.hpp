// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace evenray {

/// Must equal the version in the CMakeLists.txt of the root folder.
inline constexpr const char* kVersion = "0.1.0";

}  // namespace evenray
