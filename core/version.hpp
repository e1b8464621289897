// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace evenray {

/// This program's version, as stores, checkpoints and reports state it.
constexpr const char* version() { return "0.1.0"; }

}  // namespace evenray
