// SPDX-License-Identifier: Apache-2.0
#include "core/text.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "tests/fixture.hpp"

using namespace evenray;

using Texts = std::vector<std::string>;

TEST_CASE("cat, join, split, lower and trim") {
  CHECK(cat("row ", 3, " of ", 1.5) == "row 3 of 1.5");
  CHECK(join({"a", "b", ""}) == "a, b, ");
  CHECK(join({}) == "");
  CHECK(join({"a", "b"}, "/") == "a/b");
  CHECK(split_text("a,,b,", ',') == Texts{"a", "", "b", ""});
  CHECK(split_text("", ',') == Texts{""});
  CHECK(lower("AbC-\xc3\x84") == "abc-\xc3\x84");
  CHECK(trim(" \t a b\r\n") == "a b");
  CHECK(trim(" \n") == "");
}

TEST_CASE("numbers for people") {
  CHECK(fixed(.8337142, 3) == "0.834");
  CHECK(fixed(2, 0) == "2");
  CHECK(fixed(-.0004, 2) == "0.00");
  CHECK(fixed(-.006, 2) == "-0.01");
  CHECK(fixed(std::nan(""), 2) == "-");
  CHECK(fixed(INFINITY, 2) == "-");
}

TEST_CASE("durations for people") {
  CHECK(bytes_text(0) == "1 MB");
  CHECK(bytes_text(12'400'000) == "13 MB");
  CHECK(bytes_text(3'400'000'000) == "3.4 GB");
  CHECK(bytes_text(52'000'000'000) == "52 GB");
  CHECK(duration_text(0) == "0 s");
  CHECK(duration_text(41.2) == "41 s");
  CHECK(duration_text(59.6) == "1 min 00 s");
  CHECK(duration_text(185) == "3 min 05 s");
  CHECK(duration_text(7800) == "2 h 10 min");
  CHECK(duration_text(172799) == "47 h 59 min");
  CHECK(duration_text(446400) == "5 d 04 h");
  CHECK(duration_text(-1) == "-");
  CHECK(duration_text(INFINITY) == "-");
}

TEST_CASE("a number is the whole text or none") {
  double value = 0;
  CHECK(parse_double("1.5e3", value));
  CHECK(value == 1500);
  CHECK(parse_double("-.25", value));
  CHECK(value == -.25);
  for (const char* wrong : {"", " 1", "1 ", "1,5", "1.5x", "x", "+1", "nan", "inf", "-inf"}) {
    CHECK_FALSE(parse_double(wrong, value));
  }
  int64_t whole = 0;
  CHECK(parse_int("-12", whole));
  CHECK(whole == -12);
  for (const char* wrong : {"", "1.0", "99999999999999999999", "0x10"}) {
    CHECK_FALSE(parse_int(wrong, whole));
  }
}

TEST_CASE("UTF-8 is told from other bytes") {
  for (const char* text : {"", "a b", "M\u00fcller", "\u20ac", "\U0001F600"})
    CHECK(is_plain_utf8(text));
  for (const char* bytes :
       {"M\xFCller", "\xC3", "\xC0\x80", "\xE2\x82", "\xED\xA0\x80", "\xF5", "\x80"})
    CHECK_FALSE(is_plain_utf8(bytes));
  CHECK_FALSE(is_plain_utf8(std::string_view("a\0b", 3)));
}

TEST_CASE("exact doubles read back as themselves") {
  for (double value : {.1, 1.0 / 3, 0.0, 1.0, 1e-300, 5e-324, 0.30000000000000004, 1e22}) {
    double back = -1;
    CHECK(parse_double(exact(value), back));
    CHECK(back == value);
  }
  CHECK(exact(.1) == "0.1");
  CHECK(exact(1) == "1");
}

TEST_CASE("the nearest name") {
  const Texts known{"pggan", "dcgan", "total_kimg"};
  CHECK(nearest_name("dcgn", known) == "dcgan");
  CHECK(nearest_name("total_kimgs", known) == "total_kimg");
  CHECK(nearest_name("learning", known) == "");
  CHECK(nearest_name("x", {}) == "");
}

TEST_CASE("an unknown name is answered with the known ones") {
  CHECK(unknown_name("family", "dcgn", {"dcgan", "pggan"}) ==
        "unknown family 'dcgn' (known: dcgan, pggan); did you mean 'dcgan'?");
  CHECK(unknown_name("family", "styletransfer", {"dcgan"}) ==
        "unknown family 'styletransfer' (known: dcgan)");
}

TEST_CASE("text of strangers is one line, of a terminal and of Markdown") {
  CHECK(one_line("a\nb\x1b[31m\tc\x7f \xED\x95\x9C") == "a\\nb\\x1b[31m\\tc\\x7f \xED\x95\x9C");
  CHECK(one_line("\xC2\x9B\x31m \xC2\xA0") == "\\xc2\\x9b1m \xC2\xA0");
  CHECK(one_line("\x9B\x31m") == "\\x9b1m");
  CHECK(markdown_line("a|b <i> *x* [l](u) `c` snake_case _e_ \\") ==
        "a\\|b \\<i> \\*x\\* \\[l](u) \\`c\\` snake_case \\_e\\_ \\\\");
  CHECK(markdown_line("-0.02\nnext") == "-0.02 next");
}
