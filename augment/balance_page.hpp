// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "augment/balance.hpp"

namespace evenray {

/// Returns the HTML page about a balance: training rows before and after by class and origin, why a
/// class did not get the rows by share, how often real images are used, and what the gates
/// rejected, with examples. `request`: the request that `report` is of.
std::string balance_html(const BalanceRequest& request, const BalanceReport& report);

/// Returns where the page of a store lies: set.balance.html beside set.h5.
Path balance_page_path(const Path& store);

}  // namespace evenray
