// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <span>

#include "serve/pages/words.hpp"

namespace evenray {

/// A text of the pages, in the order of kLanguageCodes.
struct WordEntry {
  const char* key;
  std::array<const char*, kLanguageCodes.size()> texts;
};

std::span<const WordEntry> curation_words();  ///< of the pages of stores and studies

}  // namespace evenray
