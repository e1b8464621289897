// SPDX-License-Identifier: Apache-2.0
#pragma once
// Inside core/config*.cpp only.
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/config.hpp"

namespace evenray {

/// All that a configuration has, in the order of its fields() lines.
struct Known {
  struct Field {
    std::string key;
    FieldRef value;
    std::string help;
  };
  std::vector<Field> fields;
  std::vector<std::pair<std::string, FieldList>> lists;
  std::map<std::string, std::string> moved;  ///< old key -> new key

  const Field* find(const std::string& key) const {
    for (const Field& field : fields)
      if (field.key == key) return &field;
    return nullptr;
  }
};

Known collect(const Visit& visit);

/// A text in TOML's quotes.
std::string toml_text(const std::string& value);

}  // namespace evenray
