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

/// A pointer to an option of one of the types that a configuration may hold.
using FieldRef = std::variant<bool*,
                              int64_t*,
                              double*,
                              std::string*,
                              std::vector<int64_t>*,
                              std::vector<double>*,
                              std::vector<std::string>*>;

class Fields;
/// Calls fields() of a whole configuration on the visitor given.
using Visit = std::function<void(Fields&)>;

/// A list of option structs, `[[study.arm]]` in TOML, as a visitor sees it.
struct FieldList {
  std::function<size_t()> size;
  std::function<void(size_t)> resize;  ///< to so many structs with their defaults
  std::function<Visit(size_t)> item;   ///< visits the fields of one of them, keys without prefix
};

/// Visits the fields of option structs. Each struct has `void fields(Fields& f)` with one line per
/// field, `f("total_kimg", total_kimg, "thousands of real images shown");`, `f.section("optim",
/// optim);` for a struct inside, and `f.list("arm", arms);` for a list of structs. That list alone
/// serves reading, writing, the commented defaults and the check for unknown keys.
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

  /// `old_key` of this section is still read, as `new_key` of this section.
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

/// What a configuration file and `--set` words say, parsed once. Order: file < sets.
class ConfigText {
 public:
  /// `file` may be empty. `sets` are "a.b=c" with c as TOML, or a bare word for text. Throws 66
  /// where the file is missing, 78 with file and line where it is no TOML, 2 for a set without "=".
  ConfigText(const Path& file, const std::vector<std::string>& sets);
  /// Of a text in place of a file; `name` is used in messages.
  static ConfigText parse(std::string_view text, const std::string& name);

  /// Sets the fields that are named. May be called again on other structs. Throws 78 with file,
  /// line and the nearest known key for an unknown key or a wrong type.
  void apply(const Visit& visit) const;
  /// One line per key that stands at its old place (Fields::moved), naming the new one.
  std::vector<std::string> moved_keys(const Visit& visit) const;

 private:
  ConfigText() = default;

  struct Source;
  std::vector<std::shared_ptr<const Source>> sources_;
};

/// Reads a text that write_config made. Throws as ConfigText does.
void read_config_text(const Visit& visit, std::string_view text, const std::string& name);

/// What a command-line flag sets: `words` (one, or several where the field is a list) as the type
/// of the field wants them. Throws 2 naming the flag for a value of another type.
void set_field(const Visit& visit,
               const std::string& key,
               const std::vector<std::string>& words,
               const std::string& flag);

/// The meaning of a key, from its fields() line; the key must be known.
std::string field_help(const Visit& visit, const std::string& key);
/// How many words a flag for the key takes: 0 a switch, 1 a value, 2 a list.
int field_words(const Visit& visit, const std::string& key);

/// TOML of all fields in order. With comments: each key's meaning above it, and the fields of empty
/// lists as a comment. `section`: only keys below it ("" for all); throws 2 where there is none of
/// that name.
std::string write_config(const Visit& visit, bool comments = false, std::string_view section = "");

/// Dotted key -> value as TOML text; those of a list as "study.arm[0].name".
std::map<std::string, std::string> flat_config(const Visit& visit);

}  // namespace evenray
