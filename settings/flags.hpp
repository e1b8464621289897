// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "settings/config.hpp"

namespace evenray {

/// A flag that sets a key of the configuration. Type and help come from the key's line in fields().
struct FlagKey {
  std::string_view command;  ///< "data pack"; "": a flag that commands share
  std::string_view flag;     ///< "--bits"
  std::string_view key;      ///< "data.bits"
  size_t words = 0;  ///< a list with exactly this many words, split at commas; 0: any number
  /// Converts the words of a flag that is not written like its key's value. Throws 2. nullptr: the
  /// words are the value.
  std::vector<FlagValue> (*convert)(const std::vector<std::string>& words) = nullptr;
  std::string_view help = "";  ///< empty: the key's help
};

/// Returns the flags of a command, without the shared ones.
std::vector<const FlagKey*> flags_of(std::string_view command);
/// Returns a shared flag: --seed, --threads, --memory, --device or --precision.
const FlagKey& shared_flag(std::string_view flag);

/// Returns the keys that a flag with these words sets, and their values. Throws 2.
std::vector<FlagValue> flag_values(const FlagKey& flag, const std::vector<std::string>& words);

/// Parses "80x64" (height x width) or "64" (both sides) into {height, width}. Throws 2, naming
/// --size.
std::vector<int64_t> parse_size(const std::string& text);

}  // namespace evenray
