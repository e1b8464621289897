// SPDX-License-Identifier: Apache-2.0
#include "dataset/where.hpp"

#include <catch2/catch.hpp>

#include "tests/fixture.hpp"

using namespace evenray;

TEST_CASE("rows by a metadata column") {
  StoreInfo info;
  info.meta_columns = {"sex", "age"};
  StorePart part;
  part.meta = {{"F", "60"}, {"M", "60.0"}, {"", ""}, {"F", "7"}};
  const std::vector<int64_t> all{0, 1, 2, 3};
  const auto rows = [&](const std::string& text) {
    return Where::parse(text).filter(info, part, all);
  };
  CHECK(rows("") == all);
  CHECK(rows("sex=F") == std::vector<int64_t>{0, 3});
  CHECK(rows(" age = 60 ") == std::vector<int64_t>{0, 1});
  CHECK(rows("sex=X").empty());
  CHECK(rows("age>7 and sex=F") == std::vector<int64_t>{0});
  CHECK(rows("age <= 7 OR sex = 'M'") == std::vector<int64_t>{1, 3});
  CHECK(rows("sex=F and age<10 or sex=M and age>=60") == std::vector<int64_t>{1, 3});
  CHECK(rows("sex!=M") == std::vector<int64_t>{0, 3});
  CHECK(rows("age!=60") == std::vector<int64_t>{3});
  part.meta[2] = {"not told", "old"};
  CHECK(rows("sex=\"not told\"") == std::vector<int64_t>{2});
  CHECK(rows("age<100") == std::vector<int64_t>{0, 1, 3});
  CHECK(Where::parse("sex=F").filter(info, part, {1, 3}) == std::vector<int64_t>{3});
  const Error unknown = error_of([&] { rows("sax=F"); });
  CHECK(unknown.code() == Exit::bad_data);
  CHECK(contains(unknown.what(), "unknown column 'sax' (known: sex, age)"));
  info.meta_columns.clear();
  CHECK(contains(error_of([&] { rows("sex=F"); }).what(), "this store has no metadata"));
}

TEST_CASE("text that is no condition is refused") {
  for (const std::string text :
       {"sex", "=F", "sex=", "sex==F", "age>old", "sex=F age=6", "sex=F and", "and", "sex='F"}) {
    INFO(text);
    const Error error = error_of([&] { Where::parse(text); });
    CHECK(error.code() == Exit::config);
    CHECK(contains(error.what(), "write COLUMN=VALUE"));
  }
}
