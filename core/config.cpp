// SPDX-License-Identifier: Apache-2.0
#include "core/config.hpp"

#include <toml++/toml.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <set>

#include "core/error.hpp"
#include "core/text.hpp"

namespace evenray {
namespace {

constexpr std::string_view kSet = "--set";

/// Runs a function on every field.
class EachField final : public Fields {
 public:
  using Action = std::function<void(const std::string&, FieldRef, std::string_view)>;
  explicit EachField(Action action) : action_(std::move(action)) {}

 private:
  void on_field(const std::string& key, FieldRef value, std::string_view help) override {
    action_(key, value, help);
  }
  Action action_;
};

void each_field(const Visit& visit, EachField::Action action) {
  EachField visitor(std::move(action));
  visit(visitor);
}

std::string type_name(FieldRef field) {
  constexpr const char* names[] = {"true or false",
                                   "a whole number",
                                   "a number",
                                   "a text",
                                   "a list of whole numbers",
                                   "a list of numbers",
                                   "a list of texts"};
  return names[field.index()];
}

template <class T>
bool assign(const toml::node& node, T& out) {
  if constexpr (std::is_same_v<T, double>) {
    if (const auto value = node.value<double>(); value && node.is_number())
      return out = *value, true;
  } else {
    if (const auto value = node.value_exact<T>()) return out = *value, true;
  }
  return false;
}

template <class T>
bool assign(const toml::node& node, std::vector<T>& out) {
  const auto* array = node.as_array();
  if (!array) return false;
  std::vector<T> values;
  for (const auto& item : *array) {
    T value;
    if (!assign(item, value)) return false;
    values.push_back(std::move(value));
  }
  out = std::move(values);
  return true;
}

std::string place(const std::string& name, const toml::source_region& source) {
  return source.begin && name != kSet ? cat(name, " line ", source.begin.line) : name;
}

/// The known key or section that may be meant: one that ends so in another section, else the
/// nearest key. Empty: none.
std::string nearest_key(const std::string& key,
                        const std::vector<std::string>& keys,
                        const std::set<std::string>& sections) {
  for (const auto& section : sections)
    if (section.ends_with("." + key)) return section;
  return nearest_name(key, keys);
}

/// Sets the fields that `table` names; throws for any key that is not a field.
void apply(const Visit& visit, const toml::table& table, const std::string& name) {
  std::map<std::string, FieldRef> known;
  std::vector<std::string> keys;
  std::set<std::string> sections;
  each_field(visit, [&](const std::string& key, FieldRef field, std::string_view) {
    known.emplace(key, field);
    keys.push_back(key);
    for (size_t dot = key.find('.'); dot != std::string::npos; dot = key.find('.', dot + 1)) {
      sections.insert(key.substr(0, dot));
    }
  });
  const std::function<void(const toml::table&, const std::string&)> walk =
      [&](const toml::table& level, const std::string& prefix) {
        for (const auto& entry : level) {
          const toml::node& node = entry.second;
          const std::string key = prefix + std::string(entry.first.str());
          if (const auto found = known.find(key); found != known.end()) {
            if (!std::visit([&](auto* field) { return assign(node, *field); }, found->second)) {
              throw Error(Exit::config,
                          cat(place(name, node.source()),
                              ": ",
                              key,
                              " must be ",
                              type_name(found->second)));
            }
          } else if (node.is_table() && sections.contains(key)) {
            walk(*node.as_table(), key + ".");
          } else {
            const std::string near = nearest_key(key, keys, sections);
            throw Error(Exit::config,
                        cat(place(name, node.source()),
                            ": unknown key '",
                            key,
                            "'",
                            near.empty() ? "; `evenray config` lists all"
                                         : "; did you mean '" + near + "'?"));
          }
        }
      };
  walk(table, "");
}

toml::table parse(std::string_view text, const std::string& name) {
  try {
    return toml::parse(text, name);
  } catch (const toml::parse_error& error) {
    throw Error(Exit::config, cat(place(name, error.source()), ": ", error.description()));
  }
}

std::string toml_text(const std::string& value) {
  std::ostringstream out;
  out << toml::node_view<const toml::node>(toml::value<std::string>(value));
  return out.str();
}
std::string toml_text(bool value) { return value ? "true" : "false"; }
std::string toml_text(int64_t value) { return std::to_string(value); }
std::string toml_text(double value) {
  // The shortest text that reads back as the same number, always with a point or an exponent; the
  // latter only where it spares the reader a row of noughts.
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

/// TOML wants a digit before the point; people write .5, also in a list.
std::string with_leading_zeros(const std::string& value) {
  std::string out;
  for (size_t i = 0; i < value.size(); ++i) {
    const char before = i == 0 ? ' ' : value[i - 1],
               after = i + 1 < value.size() ? value[i + 1] : ' ';
    if (value[i] == '.' && after >= '0' && after <= '9' &&
        std::string_view(" [,+-").find(before) != std::string_view::npos)
      out += '0';
    out += value[i];
  }
  return out;
}

/// "a.b=c" as a table: c is TOML where it parses as such, else text.
toml::table parse_set(const std::string& set) {
  const size_t equals = set.find('=');
  check(equals != std::string::npos && equals > 0,
        Exit::usage,
        cat("--set takes KEY=VALUE, not '", set, "'"));
  const std::string key = trim(set.substr(0, equals)), value = trim(set.substr(equals + 1));
  for (const auto& text : {value, with_leading_zeros(value)}) {
    try {
      return toml::parse(key + " = " + text);
    } catch (const toml::parse_error&) {
      continue;
    }
  }
  return parse(key + " = " + toml_text(value), std::string(kSet));
}

}  // namespace

void read_config_text(const Visit& visit, std::string_view text, const std::string& name) {
  apply(visit, parse(text, name), name);
}

void read_config(const Visit& visit, const Path& file, const std::vector<std::string>& sets) {
  if (!file.empty()) read_config_text(visit, read_file(file, 1 << 20), file.string());
  for (const auto& set : sets) apply(visit, parse_set(set), std::string(kSet));
}

std::string write_config(const Visit& visit, bool comments, std::string_view section) {
  // A table may be opened once only, and keys without one come before all tables.
  std::vector<std::pair<std::string, std::string>> tables{{"", ""}};
  each_field(visit, [&](const std::string& key, FieldRef field, std::string_view help) {
    const size_t dot = key.rfind('.');
    const std::string table = dot == std::string::npos ? "" : key.substr(0, dot);
    if (!section.empty() && table != section && !table.starts_with(cat(section, "."))) return;
    auto place = std::find_if(
        tables.begin(), tables.end(), [&](const auto& one) { return one.first == table; });
    if (place == tables.end()) place = tables.insert(place, {table, cat("[", table, "]\n")});
    if (comments) place->second += cat("# ", help, "\n");
    place->second +=
        cat(dot == std::string::npos ? key : key.substr(dot + 1), " = ", toml_text(field), "\n");
  });
  std::string out;
  for (const auto& [table, text] : tables) out += cat(out.empty() ? "" : "\n", text);
  check(!out.empty(), Exit::usage, cat("no configuration section '", section, "'"));
  return out;
}

std::map<std::string, std::string> flat_config(const Visit& visit) {
  std::map<std::string, std::string> out;
  each_field(visit, [&](const std::string& key, FieldRef field, std::string_view) {
    out[key] = toml_text(field);
  });
  return out;
}

}  // namespace evenray
