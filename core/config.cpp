// SPDX-License-Identifier: Apache-2.0
#include "core/config_fields.hpp"

#include <toml++/toml.h>

#include <algorithm>
#include <set>

#include "core/error.hpp"
#include "core/text.hpp"

namespace evenray {
namespace {

constexpr std::string_view kSet = "--set";

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

/// Returns the known key or section that the user may have meant: a section whose last part is
/// `key`, else the nearest key; "" if there is none.
std::string nearest_key(const std::string& key,
                        const std::vector<std::string>& keys,
                        const std::set<std::string>& sections) {
  for (const auto& section : sections)
    if (section.ends_with("." + key)) return section;
  return nearest_name(key, keys);
}

/// Applies a parsed table to the known keys.
class Reader {
 public:
  Reader(const Visit& visit, std::string name) : known_(collect(visit)), name_(std::move(name)) {
    for (const auto& field : known_.fields) {
      keys_.push_back(field.key);
      add_sections(field.key);
    }
    for (const auto& [key, list] : known_.lists) add_sections(key);
  }

  /// Sets the fields that `table` names; throws 78 for any key that is not a field.
  void apply(const toml::table& table) { walk(table, "", /*assigning=*/true); }
  /// Returns one line per key that is written with its old name.
  std::vector<std::string> moved(const toml::table& table) {
    walk(table, "", /*assigning=*/false);
    return std::move(moved_);
  }

 private:
  void add_sections(const std::string& key) {
    for (size_t dot = key.find('.'); dot != std::string::npos; dot = key.find('.', dot + 1))
      sections_.insert(key.substr(0, dot));
  }

  void walk(const toml::table& level, const std::string& prefix, bool assigning) {
    for (const auto& entry : level) {
      const toml::node& node = entry.second;
      const std::string key = prefix + std::string(entry.first.str());
      const auto moved = known_.moved.find(key);
      const bool is_moved = moved != known_.moved.end() && !node.is_table();
      if (const auto* field = known_.find(is_moved ? moved->second : key)) {
        if (is_moved)
          moved_.push_back(cat(place(name_, node.source()), ": ", key, " is now ", moved->second));
        if (assigning) set(*field, node);
      } else if (const auto list = list_named(key)) {
        if (assigning) fill(*list, key, node);
      } else if (node.is_table() && sections_.contains(key)) {
        walk(*node.as_table(), key + ".", assigning);
      } else if (assigning) {
        unknown(key, node);
      }
    }
  }

  const FieldList* list_named(const std::string& key) const {
    for (const auto& [name, list] : known_.lists)
      if (name == key) return &list;
    return nullptr;
  }

  void set(const Known::Field& field, const toml::node& node) const {
    if (!std::visit([&](auto* value) { return assign(node, *value); }, field.value))
      throw Error(
          Exit::config,
          cat(place(name_, node.source()), ": ", field.key, " must be ", type_name(field.value)));
  }

  void fill(const FieldList& list, const std::string& key, const toml::node& node) const {
    const auto* array = node.as_array();
    if (!array || !array->is_homogeneous(toml::node_type::table))
      throw Error(
          Exit::config,
          cat(place(name_, node.source()), ": ", key, " must be a list of tables, [[", key, "]]"));
    list.resize(array->size());
    for (size_t i = 0; i < array->size(); ++i)
      Reader(list.item(i), cat(name_, ": ", key, " number ", i + 1)).apply(*(*array)[i].as_table());
  }

  [[noreturn]] void unknown(const std::string& key, const toml::node& node) const {
    const std::string near = nearest_key(key, keys_, sections_);
    throw Error(
        Exit::config,
        cat(place(name_, node.source()),
            ": unknown key '",
            key,
            "'",
            near.empty() ? "; `evenray config` lists all" : "; did you mean '" + near + "'?"));
  }

  Known known_;
  std::string name_;
  std::vector<std::string> keys_, moved_;
  std::set<std::string> sections_;
};

/// Settings are nested at most this deep. toml++ destroys tables recursively, so that a key of
/// 50,000 parts would exhaust the stack.
constexpr size_t kMostKeyParts = 64;

/// Returns the position after the TOML string that begins at `start`.
size_t end_of_string(std::string_view text, size_t start) {
  const std::string_view quote = text.substr(start, 1);
  const std::string three = cat(quote, quote, quote);
  const size_t width = text.substr(start).starts_with(three) ? 3 : 1;
  const std::string_view end = width == 3 ? std::string_view(three) : quote;
  size_t at = start + width;
  while (at < text.size() && !text.substr(at).starts_with(end))
    at += quote == "\"" && text[at] == '\\' ? 2 : 1;
  return std::min(text.size(), at + width);
}

/// Throws Exit::config if a key has too many parts.
void check_key_parts(std::string_view text, const std::string& name) {
  size_t parts = 1;
  for (size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '"' || c == '\'') {
      at = end_of_string(text, at) - 1;
    } else if (c == '#') {
      at = std::min(text.find('\n', at), text.size()) - 1;
    } else if (c == '.' && ++parts > kMostKeyParts) {
      const auto line = 1 + std::count(text.begin(), text.begin() + static_cast<int64_t>(at), '\n');
      throw Error(Exit::config,
                  cat(name,
                      name == kSet ? "" : cat(" line ", line),
                      ": a key has more than ",
                      kMostKeyParts,
                      " parts; no setting is nested that deep"));
    } else if (std::string_view("\n=,{[").find(c) != std::string_view::npos) {
      parts = 1;
    }
  }
}

toml::table parse_toml(std::string_view text, const std::string& name) {
  check_key_parts(text, name);
  try {
    return toml::parse(text, name);
  } catch (const toml::parse_error& error) {
    throw Error(Exit::config, cat(place(name, error.source()), ": ", error.description()));
  }
}

/// Adds the zero that TOML requires before a decimal point; users write .5, also in lists.
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

/// Parses "a.b=c" into a table. If c is not valid TOML, it is taken as text.
toml::table parse_set(const std::string& set) {
  const size_t equals = set.find('=');
  check(equals != std::string::npos && equals > 0,
        Exit::usage,
        cat("--set takes KEY=VALUE, not '", set, "'"));
  const std::string key = trim(set.substr(0, equals)), value = trim(set.substr(equals + 1));
  for (const auto& text : {value, with_leading_zeros(value)}) {
    check_key_parts(key + " = " + text, std::string(kSet));
    try {
      return toml::parse(key + " = " + text);
    } catch (const toml::parse_error&) {
      continue;
    }
  }
  return parse_toml(key + " = " + toml_text(value), std::string(kSet));
}

/// Converts the words of a flag to the type of a field. Returns false if they do not have that
/// type.
bool assign_words(const std::vector<std::string>& words, bool& out) {
  out = words.empty() || words[0] == "true";
  return true;
}
bool assign_word(const std::string& word, std::string& out) {
  out = word;
  return true;
}
bool assign_word(const std::string& word, int64_t& out) { return parse_int(word, out); }
bool assign_word(const std::string& word, double& out) { return parse_double(word, out); }
template <class T>
bool assign_words(const std::vector<std::string>& words, T& out) {
  return words.size() == 1 && assign_word(words[0], out);
}
template <class T>
bool assign_words(const std::vector<std::string>& words, std::vector<T>& out) {
  std::vector<T> values;
  for (const auto& word : words) {
    T value;
    if (!assign_word(word, value)) return false;
    values.push_back(std::move(value));
  }
  out = std::move(values);
  return true;
}

const Known::Field& field_named(const Known& known, const std::string& key) {
  const auto* field = known.find(key);
  check(field != nullptr, Exit::failed, "no configuration key '" + key + "'");
  return *field;
}

}  // namespace

struct ConfigText::Source {
  std::string name;
  toml::table table;
};

ConfigText::ConfigText(const Path& file, const std::vector<std::string>& sets) {
  const auto add = [&](const std::string& name, toml::table table) {
    sources_.push_back(std::make_shared<Source>(Source{name, std::move(table)}));
  };
  if (!file.empty()) add(file.string(), parse_toml(read_file(file, 1 << 20), file.string()));
  for (const auto& set : sets) add(std::string(kSet), parse_set(set));
}

ConfigText ConfigText::parse(std::string_view text, const std::string& name) {
  ConfigText out;
  out.sources_.push_back(std::make_shared<Source>(Source{name, parse_toml(text, name)}));
  return out;
}

void ConfigText::apply(const Visit& visit) const {
  for (const auto& source : sources_) Reader(visit, source->name).apply(source->table);
}

std::vector<std::string> ConfigText::moved_keys(const Visit& visit) const {
  std::vector<std::string> out;
  for (const auto& source : sources_)
    for (const auto& line : Reader(visit, source->name).moved(source->table)) out.push_back(line);
  return out;
}

void read_config_text(const Visit& visit, std::string_view text, const std::string& name) {
  // Such a text is complete, so a list that it does not mention is empty.
  for (const auto& [key, list] : collect(visit).lists) list.resize(0);
  ConfigText::parse(text, name).apply(visit);
}

void set_field(const Visit& visit,
               const std::string& key,
               const std::vector<std::string>& words,
               const std::string& flag) {
  const Known known = collect(visit);
  const FieldRef field = field_named(known, key).value;
  if (!std::visit([&](auto* value) { return assign_words(words, *value); }, field))
    throw Error(Exit::usage, cat(flag, " takes ", type_name(field), ", not '", join(words), "'"));
}

std::string field_help(const Visit& visit, const std::string& key) {
  return field_named(collect(visit), key).help;
}

int field_words(const Visit& visit, const std::string& key) {
  const Known known = collect(visit);
  const size_t type = field_named(known, key).value.index();
  constexpr size_t kFirstList = 4;  // of the types of FieldRef
  return type == 0 ? 0 : type < kFirstList ? 1 : 2;
}

}  // namespace evenray
