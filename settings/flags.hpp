// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "settings/config.hpp"

namespace evenray {

/// A flag that sets a key of the configuration. The key's fields() line gives its type and help.
struct FlagKey {
  std::string_view command;  ///< "data pack"; a shared flag: "", asked for by name
  std::string_view flag;     ///< "--bits"
  std::string_view key;      ///< "data.bits"
  size_t words = 0;          ///< of a list that has so many, with commas between; 0: any number
  /// For a spelling of its own: what it sets. Throws 2. nullptr: the words are the value.
  std::vector<FlagValue> (*convert)(const std::vector<std::string>& words) = nullptr;
  std::string_view help = "";  ///< empty: that of the key
};

/// Those of a command.
std::vector<const FlagKey*> flags_of(std::string_view command);
/// A shared one: --seed, --threads, --device, --precision.
const FlagKey& shared_flag(std::string_view flag);

/// What a flag sets.
std::vector<FlagValue> flag_values(const FlagKey& flag, const std::vector<std::string>& words);

/// "80x64" (height x width) or "64" (both). Throws 2, naming --size.
std::vector<int64_t> parse_size(const std::string& text);

}  // namespace evenray
