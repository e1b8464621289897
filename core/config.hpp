// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <functional>
#include <map>
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

/// Visits the fields of option structs. Each struct has `void fields(Fields& f)` with one line a
/// field, `f("total_kimg", total_kimg, "thousands of real images shown");`, and `f.section("optim",
/// optim);` for a struct inside. That list alone serves reading, writing, the commented defaults
/// and the unknown-key check.
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

 protected:
  virtual void on_field(const std::string& dotted_key, FieldRef value, std::string_view help) = 0;

 private:
  std::string prefix_;
};

/// Calls fields() of a whole configuration on the visitor given.
using Visit = std::function<void(Fields&)>;

/// Order: defaults < file < sets. `file` may be empty. `sets` are "a.b=c" with c as TOML, or a bare
/// word for text. Throws 78 with file, line and the nearest known key for an unknown key or a wrong
/// type; 66 if the file is missing.
void read_config(const Visit& visit, const Path& file, const std::vector<std::string>& sets);

/// The same from a text that write_config made (`name` is used in messages).
void read_config_text(const Visit& visit, std::string_view text, const std::string& name);

/// TOML of all fields in order. With comments: each key's meaning above it. `section`: only keys
/// below it ("" for all); throws 2 where there is none of that name.
std::string write_config(const Visit& visit, bool comments = false, std::string_view section = "");

/// Dotted key -> value as TOML text.
std::map<std::string, std::string> flat_config(const Visit& visit);

}  // namespace evenray
