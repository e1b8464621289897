// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

namespace evenray {

/// The style sheet of every page: type, colours of both schemes, tables, image sheets, charts,
/// print. Inside of core only.
std::string page_style();

}  // namespace evenray
