// SPDX-License-Identifier: Apache-2.0
#pragma once
// Long JSON lists, read in parts, so that not all of their items are in memory as JSON at once.
#include <functional>
#include <string_view>
#include <vector>

#include "core/json.hpp"

namespace evenray {

/// Some items of a list that stand one after another.
struct ListPart {
  size_t first = 0, items = 0;
  std::string_view text;  ///< with the commas between them
};

/// Divides the text of a list into parts of about `bytes`. Empty for an empty list, and for text
/// whose brackets are not those of one list. Says nothing else about what is inside.
std::vector<ListPart> list_parts(std::string_view text, size_t bytes);

/// Reads a file that must hold a list. Calls read(part, number, item): the items of a part in their
/// order, parts on several threads. `start` gets the number of parts before. Throws as read_json()
/// does, 65 for JSON that is no list, and what `read` throws, of the first item that fails.
void read_json_list(const Path& path,
                    int threads,
                    const std::function<void(size_t parts)>& start,
                    const std::function<void(size_t part, size_t number, const Json& item)>& read);

}  // namespace evenray
