// SPDX-License-Identifier: Apache-2.0
#include <toml++/toml.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <sstream>

#include "core/config_fields.hpp"
#include "core/error.hpp"
#include "core/text.hpp"

namespace evenray {
namespace {

class Collector final : public Fields {
 public:
  Known known;

 private:
  void on_field(const std::string& key, FieldRef value, std::string_view help) override {
    known.fields.push_back({key, value, std::string(help)});
  }
  void on_list(const std::string& key, const FieldList& list) override {
    known.lists.emplace_back(key, list);
  }
  void on_moved(const std::string& old_key, const std::string& new_key) override {
    known.moved[old_key] = new_key;
  }
};

using evenray::toml_text;
std::string toml_text(bool value) { return value ? "true" : "false"; }
std::string toml_text(int64_t value) { return std::to_string(value); }
std::string toml_text(double value) {
  // The shortest text that reads back as the same number. It always has a point or an exponent, so
  // that TOML reads a float; the exponent only avoids long rows of zeros.
  const double size = std::abs(value);
  const bool plain = size == 0 || (size >= 1e-5 && size < 1e9);
  char buffer[32];
  const auto end =
      plain ? std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::fixed).ptr
            : std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
  std::string text(buffer, end);
  if (text.find_first_of(".ein") == std::string::npos) text += ".0";
  return text;
}
template <class T>
std::string toml_text(const std::vector<T>& values) {
  std::vector<std::string> parts;
  for (const auto& value : values) parts.push_back(toml_text(value));
  return cat("[", join(parts), "]");
}

std::string toml_text(FieldRef field) {
  return std::visit([](auto* value) { return toml_text(*value); }, field);
}

/// A comment in lines of at most 100 characters.
std::string comment(std::string_view text, const std::string& mark) {
  constexpr size_t kWidth = 100;
  std::string out, line = mark;
  for (const auto& word : split_text(std::string(text), ' ')) {
    if (line != mark && line.size() + 1 + word.size() > kWidth) {
      out += line + "\n";
      line = mark;
    }
    line += " " + word;
  }
  return out + line + "\n";
}

/// Returns the line of a field, with its help as a comment above it.
std::string field_lines(const Known::Field& field, bool comments) {
  const size_t dot = field.key.rfind('.');
  return cat(comments ? comment(field.help, "#") : "",
             dot == std::string::npos ? field.key : field.key.substr(dot + 1),
             " = ",
             toml_text(field.value),
             "\n");
}

/// Returns the structs of a list; if the list is empty, the possible fields of one struct as a
/// comment.
std::string list_text(const std::string& key, const FieldList& list, bool comments) {
  std::string out;
  const size_t count = list.size();
  for (size_t i = 0; i < count; ++i) {
    out += cat(out.empty() ? "" : "\n", "[[", key, "]]\n");
    for (const auto& field : collect(list.item(i)).fields) out += field_lines(field, comments);
  }
  if (count > 0 || !comments) return out;
  list.resize(1);
  out = cat("# [[", key, "]]\n");
  for (const auto& field : collect(list.item(0)).fields)
    out += cat(comment(field.help, "# #"), "# ", field_lines(field, false));
  list.resize(0);
  return out;
}

}  // namespace

Known collect(const Visit& visit) {
  Collector collector;
  visit(collector);
  return std::move(collector.known);
}

std::string toml_text(const std::string& value) {
  std::ostringstream out;
  out << toml::node_view<const toml::node>(toml::value<std::string>(value));
  return out.str();
}

std::string write_config(const Visit& visit, bool comments, std::string_view section) {
  const Known known = collect(visit);
  // TOML allows only one header per table, and keys without a table must come before all tables.
  std::vector<std::pair<std::string, std::string>> tables{{"", ""}};
  const auto wanted = [&](const std::string& table) {
    return section.empty() || table == section || table.starts_with(cat(section, "."));
  };
  for (const auto& field : known.fields) {
    const size_t dot = field.key.rfind('.');
    const std::string table = dot == std::string::npos ? "" : field.key.substr(0, dot);
    if (!wanted(table)) continue;
    auto place = std::find_if(
        tables.begin(), tables.end(), [&](const auto& one) { return one.first == table; });
    if (place == tables.end()) place = tables.insert(place, {table, cat("[", table, "]\n")});
    place->second += field_lines(field, comments);
  }
  for (const auto& [key, list] : known.lists)
    if (wanted(key)) tables.emplace_back(key, list_text(key, list, comments));
  std::string out;
  for (const auto& [table, text] : tables)
    if (!text.empty()) out += cat(out.empty() ? "" : "\n", text);
  check(!out.empty(), Exit::usage, cat("no configuration section '", section, "'"));
  return out;
}

std::map<std::string, std::string> flat_config(const Visit& visit) {
  const Known known = collect(visit);
  std::map<std::string, std::string> out;
  for (const auto& field : known.fields) out[field.key] = toml_text(field.value);
  for (const auto& [key, list] : known.lists)
    for (size_t i = 0; i < list.size(); ++i)
      for (const auto& field : collect(list.item(i)).fields)
        out[cat(key, "[", i, "].", field.key)] = toml_text(field.value);
  return out;
}

}  // namespace evenray
