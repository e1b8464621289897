// SPDX-License-Identifier: Apache-2.0
#include "dataset/export/names.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "core/error.hpp"
#include "core/files.hpp"
#include "core/text.hpp"

namespace evenray {
namespace {

/// Together with an extension, a number and a temporary suffix, a name then stays below the 255
/// bytes that file systems allow.
constexpr size_t kMostBytes = 120;
constexpr size_t kDigestDigits = 12;
constexpr int64_t kMostWidth = 18;
constexpr std::array<std::string_view, 4> kFields = {"class", "id", "part", "n"};

bool unsafe(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte <= ' ' || byte == 0x7f ||
         std::string_view("/\\:*?\"<>|").find(c) != std::string::npos;
}

/// A field of a pattern, or text between fields.
struct Piece {
  std::string text;  ///< for a field: its name
  bool field = false;
  size_t width = 0;
};

[[noreturn]] void refuse(const std::string& pattern, const std::string& why) {
  throw Error(Exit::usage, cat("--rename '", pattern, "': ", why));
}

Piece parse_field(const std::string& pattern, const std::string& inner) {
  const auto parts = split_text(inner, ':');
  Piece piece{parts[0], true, 0};
  const std::vector<std::string> known(kFields.begin(), kFields.end());
  if (std::find(known.begin(), known.end(), piece.text) == known.end())
    refuse(pattern, unknown_name("field", piece.text, known));
  if (parts.size() == 1) return piece;
  int64_t width = 0;
  if (parts.size() > 2 || piece.text != "n" || !parse_int(parts[1], width) || width < 1 ||
      width > kMostWidth)
    refuse(pattern, cat("'{", inner, "}': only n has a width (1 to 18), as in {n:05}"));
  piece.width = static_cast<size_t>(width);
  return piece;
}

std::vector<Piece> parse(const std::string& pattern) {
  if (pattern.find('/') != std::string::npos)
    refuse(pattern, "must be a file name without `/`, not a path");
  std::vector<Piece> pieces;
  for (size_t at = 0; at < pattern.size();) {
    const size_t brace = std::min(pattern.find_first_of("{}", at), pattern.size());
    if (brace > at) pieces.push_back({pattern.substr(at, brace - at)});
    if (brace == pattern.size()) break;
    const size_t end = pattern.find_first_of("{}", brace + 1);
    if (pattern[brace] == '}' || end == std::string::npos || pattern[end] == '{')
      refuse(pattern, "unbalanced brace");
    pieces.push_back(parse_field(pattern, pattern.substr(brace + 1, end - brace - 1)));
    at = end + 1;
  }
  return pieces;
}

std::string filled(const std::vector<Piece>& pieces, const NamedImage& image) {
  std::string out;
  for (const auto& piece : pieces) {
    if (!piece.field) {
      out += piece.text;
    } else if (piece.text == "n") {
      const std::string digits = cat(image.n);
      out += std::string(piece.width - std::min(piece.width, digits.size()), '0') + digits;
    } else {
      out += piece.text == "class" ? image.class_name : piece.text == "id" ? image.id : image.part;
    }
  }
  return out;
}

/// Returns the start of a UTF-8 text, at most `bytes` long and not cut inside a character.
std::string_view start_of(std::string_view text, size_t bytes) {
  while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xC0) == 0x80) --bytes;
  return text.substr(0, bytes);
}

}  // namespace

std::string safe_name(std::string_view text) {
  std::string out;
  if (text.size() > kMostBytes) {
    out = cat(start_of(text, kMostBytes - kDigestDigits - 1),
              "-",
              sha256_hex(text).substr(0, kDigestDigits));
  } else {
    out = text;
  }
  for (char& c : out)
    if (unsafe(c)) c = '_';
  for (size_t i = 0; i < out.size() && (out[i] == '.' || out[i] == '-'); ++i) out[i] = '_';
  for (size_t i = out.size(); i > 0 && out[i - 1] == '.'; --i) out[i - 1] = '_';
  return out.empty() ? "_" : out;
}

std::vector<std::string> unique_names(const std::vector<std::string>& texts) {
  std::vector<std::string> names(texts.size());
  std::set<std::string> taken;
  std::map<std::string, size_t> numbers;  ///< last number appended to a name
  for (const bool first : {true, false}) {
    for (size_t i = 0; i < texts.size(); ++i) {
      const std::string name = safe_name(texts[i]);
      if ((name == texts[i]) != first) continue;
      names[i] = name;
      for (size_t& n = numbers.try_emplace(lower(name), 1).first->second;
           !taken.insert(lower(names[i])).second;)
        names[i] = cat(name, "-", ++n);
    }
  }
  return names;
}

void check_rename(const std::string& pattern) { parse(pattern); }

std::vector<std::string> file_names(const std::vector<NamedImage>& images,
                                    const std::string& pattern) {
  std::vector<std::string> names;
  names.reserve(images.size());
  if (pattern.empty()) {
    for (const auto& image : images) names.push_back(image.id);
    return unique_names(names);
  }
  const auto pieces = parse(pattern);
  std::map<std::string, size_t> owner;
  for (size_t i = 0; i < images.size(); ++i) {
    names.push_back(safe_name(filled(pieces, images[i])));
    const auto [found, fresh] = owner.try_emplace(lower(names[i]), i);
    if (!fresh)
      refuse(pattern,
             cat("'",
                 images[found->second].id,
                 "' and '",
                 images[i].id,
                 "' would both be named '",
                 names[i],
                 "'; add {n} or {id}"));
  }
  return names;
}

}  // namespace evenray
