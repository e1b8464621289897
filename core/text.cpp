// SPDX-License-Identifier: Apache-2.0
#include "core/text.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <numeric>

namespace evenray {

std::string join(const std::vector<std::string>& parts, std::string_view between) {
  std::string out;
  for (size_t i = 0; i < parts.size(); ++i) {
    if (i) out += between;
    out += parts[i];
  }
  return out;
}

std::vector<std::string> split_text(std::string_view text, char at) {
  std::vector<std::string> parts;
  size_t start = 0;
  for (size_t i = 0; i <= text.size(); ++i) {
    if (i == text.size() || text[i] == at) {
      parts.emplace_back(text.substr(start, i - start));
      start = i + 1;
    }
  }
  return parts;
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

std::string trim(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return "";
  const auto last = text.find_last_not_of(" \t\r\n");
  return std::string(text.substr(first, last - first + 1));
}

std::string fixed(double value, int digits) {
  if (!std::isfinite(value)) return "-";
  char buffer[64];
  std::snprintf(buffer, sizeof buffer, "%.*f", digits, value);
  const std::string_view text(buffer);
  return std::string(text.find_first_not_of("-0.") == std::string_view::npos && text[0] == '-'
                         ? text.substr(1)
                         : text);
}

std::string exact(double value) {
  char buffer[32];
  const auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, value);
  return std::string(buffer, error == std::errc() ? end : buffer);
}

std::string bytes_text(int64_t bytes) {
  const double mb = std::ceil(static_cast<double>(bytes) / 1e6);
  if (mb < 1000) return cat(fixed(std::max(1., mb), 0), " MB");
  return cat(fixed(mb / 1000, mb < 10000 ? 1 : 0), " GB");
}

std::string duration_text(double seconds) {
  if (!std::isfinite(seconds) || seconds < 0) return "-";
  const int64_t whole = std::lround(seconds);
  char buffer[64];
  if (whole < 60) {
    std::snprintf(buffer, sizeof buffer, "%ld s", whole);
  } else if (whole < 3600) {
    std::snprintf(buffer, sizeof buffer, "%ld min %02ld s", whole / 60, whole % 60);
  } else if (whole < 48 * 3600) {
    std::snprintf(buffer, sizeof buffer, "%ld h %02ld min", whole / 3600, whole % 3600 / 60);
  } else {
    std::snprintf(buffer, sizeof buffer, "%ld d %02ld h", whole / 86400, whole % 86400 / 3600);
  }
  return buffer;
}

bool parse_double(std::string_view text, double& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && std::isfinite(value);
}

bool parse_int(std::string_view text, int64_t& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

std::string markdown_line(std::string_view text) {
  const auto in_word = [&](size_t at) {
    const auto letter = [&](size_t i) {
      return i < text.size() && std::isalnum(static_cast<unsigned char>(text[i])) != 0;
    };
    return at > 0 && letter(at - 1) && letter(at + 1);
  };
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool mark =
        std::string_view("|\\`<[*").find(c) != std::string_view::npos || (c == '_' && !in_word(i));
    const bool control = static_cast<unsigned char>(c) < ' ' || c == 0x7f;
    if (mark) out += '\\';
    out += control ? ' ' : c;
  }
  return out;
}

std::string one_line(std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  const bool utf8 = is_plain_utf8(text);
  std::string out;
  const auto escape = [&](unsigned char byte) {
    out += cat("\\x", digits[byte >> 4], digits[byte & 15]);
  };
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const auto next = static_cast<unsigned char>(i + 1 < text.size() ? text[i + 1] : 0);
    if (byte == '\n') {
      out += "\\n";
    } else if (byte == '\t') {
      out += "\\t";
    } else if (byte < 0x20 || byte == 0x7f || (!utf8 && byte >= 0x80)) {
      escape(byte);
    } else if (byte == 0xc2 && next < 0xa0) {  // U+0080 to U+009F command some terminals too
      escape(byte);
      escape(next);
      ++i;
    } else {
      out += text[i];
    }
  }
  return out;
}

bool is_plain_utf8(std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    const auto byte = [&](size_t at) { return static_cast<unsigned char>(text[at]); };
    const unsigned first = byte(i++);
    if (first == 0) return false;
    if (first < 0x80) continue;
    const int more = first >= 0xF0 ? 3 : first >= 0xE0 ? 2 : 1;
    if (first < 0xC2 || first > 0xF4 || i + more > text.size()) return false;
    uint32_t code = first & (0x3Fu >> more);
    for (int k = 0; k < more; ++k, ++i) {
      if ((byte(i) & 0xC0) != 0x80) return false;
      code = code << 6 | (byte(i) & 0x3F);
    }
    // Smallest code point that needs this number of continuation bytes.
    constexpr uint32_t shortest[] = {0, 0x80, 0x800, 0x10000};
    if (code < shortest[more] || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) return false;
  }
  return true;
}

namespace {

/// Levenshtein distance, with one row of the table in memory.
size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0);
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t substitute = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, substitute});
    }
  }
  return row.back();
}

}  // namespace

std::string nearest_name(std::string_view name, const std::vector<std::string>& known) {
  std::string best;
  size_t best_distance = name.size() / 3 + 2;
  for (const auto& candidate : known) {
    const size_t distance = edit_distance(name, candidate);
    if (distance < best_distance) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

std::string unknown_name(std::string_view kind,
                         std::string_view name,
                         const std::vector<std::string>& known) {
  const std::string near = nearest_name(name, known);
  return cat("unknown ",
             kind,
             " '",
             name,
             "' (known: ",
             join(known),
             ")",
             near.empty() ? "" : "; did you mean '" + near + "'?");
}

}  // namespace evenray
