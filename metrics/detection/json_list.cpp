// SPDX-License-Identifier: Apache-2.0
#include "metrics/detection/json_list.hpp"

#include <atomic>
#include <exception>

#include "core/error.hpp"
#include "core/parallel.hpp"
#include "core/text.hpp"

namespace evenray {
namespace {

constexpr size_t kPartBytes = size_t{1} << 20;
constexpr std::string_view kBlanks = " \t\r\n";

/// Null if the part does not hold what its brackets say.
Json part_items(const ListPart& part, const std::string& name) {
  try {
    Json items = parse_json(cat("[", part.text, "]"), name);
    if (items.size() == part.items) return items;
  } catch (const Error&) {  // its place in the file is not known here
  }
  return nullptr;
}

}  // namespace

std::vector<ListPart> list_parts(std::string_view text, size_t bytes) {
  constexpr std::string_view kMark = "\xEF\xBB\xBF";
  const size_t open = text.find_first_not_of(kBlanks, text.starts_with(kMark) ? kMark.size() : 0);
  if (open == text.npos || text[open] != '[') return {};
  std::vector<ListPart> parts;
  size_t level = 0, start = open + 1, first = 0, items = 0;
  const auto end_part = [&](size_t at) {
    parts.push_back({first, items, text.substr(start, at - start)});
    start = at + 1;
    first += items;
    items = 0;
  };
  for (size_t at = open; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '"') {
      for (++at; at < text.size() && text[at] != '"'; ++at) at += text[at] == '\\';
    } else if (c == '[' || c == '{') {
      ++level;
    } else if (c == ',' && level == 1) {
      ++items;
      if (at - start >= bytes) end_part(at);
    } else if (c == ']' || c == '}') {
      if (--level > 0) continue;
      if (text.find_first_not_of(kBlanks, at + 1) != text.npos) return {};
      const bool empty = text.substr(start, at - start).find_first_not_of(kBlanks) == text.npos;
      if (empty && parts.empty() && items == 0) return {};
      ++items;
      end_part(at);
      return parts;
    }
  }
  return {};
}

void read_json_list(const Path& path,
                    int threads,
                    const std::function<void(size_t)>& start,
                    const std::function<void(size_t, size_t, const Json&)>& read) {
  const std::string text = read_file(path, uint64_t{1} << 30), name = path.string();
  const std::vector<ListPart> parts = list_parts(text, kPartBytes);
  if (parts.empty() && !parse_json(text, name).is_array())
    throw Error(Exit::bad_data, cat(name, ": detections must be a list of boxes"));
  start(parts.size());
  // The first item that fails is reported, whichever thread is faster.
  std::vector<std::exception_ptr> faults(parts.size());
  std::atomic<bool> broken = false;
  parallel_for(parts.size(), threads, [&](size_t p) {
    if (broken) return;
    try {
      const Json items = part_items(parts[p], name);
      if (items.is_null()) broken = true;
      for (size_t i = 0; i < items.size(); ++i) read(p, parts[p].first + i, items[i]);
    } catch (const Error&) {
      faults[p] = std::current_exception();
    }
  });
  if (broken) {
    parse_json(text, name);  // throws with the place
    throw Error(Exit::bad_data, cat(name, ": not JSON"));
  }
  for (const auto& fault : faults)
    if (fault) std::rethrow_exception(fault);
}

}  // namespace evenray
