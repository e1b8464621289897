// SPDX-License-Identifier: Apache-2.0
#pragma once
// Numbers and tables of metrics for the terminal.
#include <string>
#include <vector>

#include "core/json.hpp"

namespace evenray {

/// Returns a number with at most 3 significant digits and no zero before the point: .834, -.012, 1,
/// 2.35; "-" for null.
std::string short_number(const Json& value);
/// Returns " [.8, .9]" for [low,high], " [-]" for null.
std::string interval(const Json& pair);
/// Returns `value`, with the interval metrics["ci"][key] if there is one.
std::string with_interval(const Json& metrics, const std::string& key, const Json& value);
/// Returns lines in which each column is as wide as its widest cell, with two blanks between
/// columns.
std::string aligned_table(const std::vector<std::vector<std::string>>& rows);

}  // namespace evenray
