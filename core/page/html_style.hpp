// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

namespace evenray {

/// Returns the style sheet of every page: fonts, colours of both schemes, tables, image sheets,
/// charts, print. Internal to core/page.
std::string page_style();

}  // namespace evenray
