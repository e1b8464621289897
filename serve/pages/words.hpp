// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace evenray {

enum class Language { english, korean, turkish };
inline constexpr std::array kLanguageCodes{"en", "ko", "tr"};
inline constexpr std::array kLanguageNames{"English", "한국어", "Türkçe"};

/// Returns the language of a code ("ko") or of the header Accept-Language; English for others.
Language language_of(std::string_view codes);

/// Returns a text of the pages. Throws std::out_of_range for an unknown key. `values` replace {1},
/// {2} in it.
std::string word(Language language,
                 std::string_view key,
                 const std::vector<std::string>& values = {});

/// Returns all keys.
std::vector<std::string> word_keys();

}  // namespace evenray
