// SPDX-License-Identifier: Apache-2.0
#include "core/number.hpp"

#include <cctype>
#include <cmath>
#include <cstdio>

namespace evenray {
namespace {

constexpr std::string_view kMinus = "\u2212", kNone = "\u2013", kThinSpace = "\u202f";

std::string plain_digits(double magnitude, int digits) {
  char buffer[400];
  std::snprintf(buffer, sizeof buffer, "%.*f", digits, magnitude);
  return buffer;
}

std::string with_thin_spaces(std::string_view digits) {
  std::string out;
  for (size_t i = 0; i < digits.size(); ++i) {
    if (i && (digits.size() - i) % 3 == 0) out += kThinSpace;
    out += digits[i];
  }
  return out;
}

/// Converts "1234.50" to "1 234.50" and "0.5" to ".5".
std::string page_digits(const std::string& plain) {
  const auto point = plain.find('.');
  if (point == std::string::npos) return with_thin_spaces(plain);
  const std::string whole = plain.substr(0, point);
  return (whole == "0" ? "" : with_thin_spaces(whole)) + plain.substr(point);
}

std::string without_trailing_zeros(std::string plain) {
  if (plain.find('.') == std::string::npos) return plain;
  plain.erase(plain.find_last_not_of('0') + 1);
  if (plain.back() == '.') plain.pop_back();
  return plain;
}

bool is_zero(std::string_view digits) {
  return digits.find_first_not_of("0.") == std::string_view::npos;
}

std::string signed_text(bool negative, bool plus, const std::string& magnitude) {
  return std::string(negative ? kMinus : plus ? "+" : "") + magnitude;
}

std::string scientific(double magnitude, int significant) {
  char buffer[64];
  std::snprintf(buffer, sizeof buffer, "%.*e", significant - 1, magnitude);
  const std::string text = buffer;
  const auto e = text.find('e');
  const int exponent = std::stoi(text.substr(e + 1));
  return without_trailing_zeros(text.substr(0, e)) + "e" +
         (exponent < 0 ? std::string(kMinus) : "") + std::to_string(std::abs(exponent));
}

}  // namespace

std::string number_text(double value, int significant) {
  if (!std::isfinite(value)) return std::string(kNone);
  if (value == 0) return "0";
  const double magnitude = std::abs(value);
  if (magnitude < 1e-4 || magnitude >= 1e15) {
    return signed_text(value < 0, false, scientific(magnitude, significant));
  }
  const int exponent = static_cast<int>(std::floor(std::log10(magnitude)));
  const int digits = std::max(0, significant - 1 - exponent);
  return signed_text(
      value < 0, false, page_digits(without_trailing_zeros(plain_digits(magnitude, digits))));
}

std::string decimal_text(double value, int digits, bool plus) {
  if (!std::isfinite(value)) return std::string(kNone);
  const std::string plain = plain_digits(std::abs(value), digits);
  // A value that rounds to zero has no sign.
  if (is_zero(plain)) return page_digits(plain);
  return signed_text(value < 0, plus, page_digits(plain));
}

std::string count_text(int64_t count) {
  const std::string plain = std::to_string(count);
  return count < 0 ? std::string(kMinus) + with_thin_spaces(plain.substr(1))
                   : with_thin_spaces(plain);
}

std::string counted(int64_t count, const std::string& noun) {
  return count_text(count) + " " + noun + (count == 1 ? "" : "s");
}

std::string typeset(std::string_view text) {
  const auto digit_at = [&](size_t i) {
    return i < text.size() && std::isdigit(static_cast<unsigned char>(text[i]));
  };
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool starts_word =
        i == 0 || text[i - 1] == ' ' || text[i - 1] == '(' || text[i - 1] == '[';
    const bool before_number =
        digit_at(i + 1) || (i + 1 < text.size() && text[i + 1] == '.' && digit_at(i + 2));
    if (c == '-' && starts_word && before_number) {
      out += kMinus;
    } else if (c == ' ' && i > 0 && digit_at(i - 1) && i + 1 < text.size() && text[i + 1] == '%') {
      out += kThinSpace;
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace evenray
