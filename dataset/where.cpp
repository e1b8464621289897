// SPDX-License-Identifier: Apache-2.0
#include "dataset/where.hpp"

#include <algorithm>

#include "core/error.hpp"
#include "core/text.hpp"

namespace evenray {
namespace {

constexpr std::string_view kSigns = "=!<>", kBlanks = " \t\r\n";

/// Reads words, signs and quoted texts from the front of a text.
class Reader {
 public:
  explicit Reader(const std::string& text) : text_(text) {}

  bool ended() {
    at_ = std::min(text_.find_first_not_of(kBlanks, at_), text_.size());
    return at_ == text_.size();
  }
  std::string sign() {
    if (ended()) return "";
    const size_t end = std::min(text_.find_first_not_of(kSigns, at_), text_.size());
    return take(end - at_);
  }
  std::string word() {
    if (ended()) return "";
    const char quote = text_[at_];
    if (quote != '"' && quote != '\'')
      return take(std::min(text_.find_first_of(" \t\r\n=!<>", at_), text_.size()) - at_);
    const size_t end = text_.find(quote, at_ + 1);
    if (end == std::string::npos) return "";
    std::string inside = text_.substr(at_ + 1, end - at_ - 1);
    at_ = end + 1;
    return inside;
  }

 private:
  std::string take(size_t count) {
    std::string taken = text_.substr(at_, count);
    at_ += count;
    return taken;
  }

  const std::string& text_;
  size_t at_ = 0;
};

bool is_order(const std::string& sign) { return sign[0] == '<' || sign[0] == '>'; }

bool fulfils(const std::string& value, const std::string& sign, const std::string& wanted) {
  if (value.empty()) return false;
  double a = 0, b = 0;
  const bool numbers = parse_double(value, a) && parse_double(wanted, b);
  if (!is_order(sign)) return (numbers ? a == b : value == wanted) == (sign == "=");
  if (!numbers) return false;
  if (sign == "<") return a < b;
  if (sign == "<=") return a <= b;
  return sign == ">" ? a > b : a >= b;
}

}  // namespace

size_t column_index(const std::vector<std::string>& columns,
                    const std::string& name,
                    const std::string& source) {
  const auto found = std::find(columns.begin(), columns.end(), name);
  check(found != columns.end(),
        Exit::bad_data,
        columns.empty() ? cat(source, " has no metadata, so it has no column '", name, "'")
                        : cat(source, ": ", unknown_name("column", name, columns)));
  return static_cast<size_t>(found - columns.begin());
}

Where Where::parse(const std::string& text) {
  Where where;
  Reader reader(text);
  if (reader.ended()) return where;
  const auto refuse = [&] {
    throw Error(Exit::config,
                cat("'",
                    text,
                    "' is not a condition; write COLUMN=VALUE (also !=, <, <=, > or >=), and join "
                    "several with `and` or `or`, as in \"sex=F and age>60\""));
  };
  where.any_.emplace_back();
  while (true) {
    Comparison next;
    next.column = reader.word();
    next.sign = reader.sign();
    next.value = reader.word();
    const std::vector<std::string> signs{"=", "!=", "<", "<=", ">", ">="};
    double number = 0;
    if (next.column.empty() || next.value.empty() ||
        std::count(signs.begin(), signs.end(), next.sign) == 0 ||
        (is_order(next.sign) && !parse_double(next.value, number)))
      refuse();
    where.any_.back().push_back(next);
    if (reader.ended()) return where;
    const std::string between = lower(reader.word());
    if (between == "or") {
      where.any_.emplace_back();
    } else if (between != "and") {
      refuse();
    }
  }
}

Where Where::on(const std::vector<std::string>& columns, const std::string& source) const {
  Where out = *this;
  for (auto& all : out.any_) {
    for (auto& comparison : all)
      comparison.index = column_index(columns, comparison.column, source);
  }
  return out;
}

bool Where::holds(const std::vector<std::string>& meta) const {
  const auto fulfilled = [&](const Comparison& c) {
    return fulfils(meta[c.index], c.sign, c.value);
  };
  return any_.empty() || std::any_of(any_.begin(), any_.end(), [&](const auto& all) {
           return std::all_of(all.begin(), all.end(), fulfilled);
         });
}

std::vector<int64_t> Where::filter(const StoreInfo& info,
                                   const StorePart& part,
                                   const std::vector<int64_t>& rows) const {
  const Where condition = on(info.meta_columns, "this store");
  std::vector<int64_t> out;
  for (const int64_t row : rows)
    if (condition.holds(part.meta[static_cast<size_t>(row)])) out.push_back(row);
  return out;
}

}  // namespace evenray
