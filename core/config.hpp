// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/files.hpp"

namespace evenray {

/// A pointer to an option. These are the types that an option may have.
using FieldRef = std::variant<bool*,
                              int64_t*,
                              double*,
                              std::string*,
                              std::vector<int64_t>*,
                              std::vector<double>*,
                              std::vector<std::string>*>;

class Fields;
/// A function that calls fields() of a whole configuration on the visitor.
using Visit = std::function<void(Fields&)>;

/// A list of option structs, `[[study.arm]]` in TOML, as a visitor sees it.
struct FieldList {
  std::function<size_t()> size;        ///< returns the number of structs
  std::function<void(size_t)> resize;  ///< replaces the list by this many structs with defaults
  std::function<Visit(size_t)> item;   ///< returns a visit of one struct, keys without prefix
};

/// Visits the fields of option structs. Each struct has `void fields(Fields& f)` with one line per
/// field, `f("total_kimg", total_kimg, "thousands of real images shown");`, `f.section("optim",
/// optim);` for a nested struct, and `f.list("arm", arms);` for a list of structs. These lines
/// alone serve reading, writing, the commented defaults and the check for unknown keys.
class Fields {
 public:
  virtual ~Fields() = default;

  void operator()(std::string_view key, FieldRef value, std::string_view help) {
    on_field(prefix_ + std::string(key), value, help);
  }
  template <class T>
  void operator()(std::string_view key, T& value, std::string_view help) {
    (*this)(key, FieldRef(&value), help);
  }

  template <class Options>
  void section(std::string_view key, Options& options) {
    const std::string outer = prefix_;
    prefix_ += std::string(key) + ".";
    options.fields(*this);
    prefix_ = outer;
  }

  template <class Options>
  void list(std::string_view key, std::vector<Options>& items) {
    on_list(
        prefix_ + std::string(key),
        {[&items] { return items.size(); },
         [&items](size_t count) { items.assign(count, Options{}); },
         [&items](size_t i) -> Visit { return [&items, i](Fields& f) { items[i].fields(f); }; }});
  }

  /// Declares that `old_key` of this section is still read, as `new_key` of this section.
  void moved(std::string_view old_key, std::string_view new_key) {
    on_moved(prefix_ + std::string(old_key), prefix_ + std::string(new_key));
  }

 protected:
  virtual void on_field(const std::string& dotted_key, FieldRef value, std::string_view help) = 0;
  virtual void on_list(const std::string& /*dotted_key*/, const FieldList&) {}
  virtual void on_moved(const std::string& /*old_key*/, const std::string& /*new_key*/) {}

 private:
  std::string prefix_;
};

/// The values in a configuration file and in --set, parsed once. --set has priority over the file.
class ConfigText {
 public:
  /// `file` may be empty. `sets` are "a.b=c" with c in TOML, or a bare word for text. Throws 66 if
  /// the file is missing, 78 with file and line if it is not TOML, 2 for a set without "=".
  ConfigText(const Path& file, const std::vector<std::string>& sets);
  /// Parses `text` instead of a file. Messages call it `name`.
  static ConfigText parse(std::string_view text, const std::string& name);

  /// Sets the fields of `visit` that the file and --set contain. May be called again for other
  /// structs. Throws 78 for an unknown key (with file, line and the nearest known key) or a wrong
  /// type.
  void apply(const Visit& visit) const;
  /// Returns one line per key that is written with its old name (Fields::moved), with the new name.
  std::vector<std::string> moved_keys(const Visit& visit) const;

 private:
  ConfigText() = default;

  struct Source;
  std::vector<std::shared_ptr<const Source>> sources_;
};

/// Reads a complete text that write_config() made: a list that it does not mention becomes empty.
/// Throws as ConfigText.
void read_config_text(const Visit& visit, std::string_view text, const std::string& name);

/// Sets the field `key` to the words of a command-line flag: one word, or several if the field is a
/// list; none for a switch. Throws 2, naming `flag`, if they do not have the field's type. The key
/// must be known.
void set_field(const Visit& visit,
               const std::string& key,
               const std::vector<std::string>& words,
               const std::string& flag);

/// Returns the help of a key from its line in fields(). The key must be known.
std::string field_help(const Visit& visit, const std::string& key);
/// Returns the kind of flag that sets the key: 0 a switch without a word, 1 a flag with one word, 2
/// a flag with a list of words. The key must be known.
int field_words(const Visit& visit, const std::string& key);

/// Returns all fields as TOML, in order. `comments`: with each key's help above it, and with the
/// fields of an empty list as a comment. `section`: only the keys in it; "": all. Throws 2 for an
/// unknown section.
std::string write_config(const Visit& visit, bool comments = false, std::string_view section = "");

/// Returns dotted key -> value as TOML text; keys in a list are written "study.arm[0].name".
std::map<std::string, std::string> flat_config(const Visit& visit);

}  // namespace evenray
