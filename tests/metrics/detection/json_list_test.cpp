// SPDX-License-Identifier: Apache-2.0
#include "metrics/detection/json_list.hpp"

#include <catch2/catch.hpp>

#include "tests/fixture.hpp"

using namespace evenray;

namespace {

std::vector<Json> listed(const std::string& text, int threads) {
  const ScratchFolder folder;
  write_text(folder / "l.json", text);
  std::vector<std::vector<Json>> parts;
  read_json_list(
      folder / "l.json",
      threads,
      [&](size_t count) { parts.resize(count); },
      [&](size_t part, size_t number, const Json& item) {
        check(item != "bad", Exit::bad_data, cat("item ", number, " is bad"));
        parts[part].push_back(item);
      });
  std::vector<Json> all;
  for (const auto& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

std::string list_fault(const std::string& text) {
  const Error error = error_of([&] { listed(text, 2); });
  CHECK(error.code() == Exit::bad_data);
  return error.what();
}

}  // namespace

TEST_CASE("a list is divided at the commas between its items") {
  const auto parts = list_parts(R"( [{"a":[1,2],"b":"],\",["}, [3,4] ,5] )", 1);
  REQUIRE(parts.size() == 3);
  CHECK(parts[0].text == R"({"a":[1,2],"b":"],\",["})");
  CHECK(parts[1].text == " [3,4] ");
  CHECK(parts[2].first == 2);
  CHECK(list_parts("[1,2,3]", 100).size() == 1);
  CHECK(list_parts("[1,2,3]", 100)[0].items == 3);
  for (const char* none : {"", " ", "[]", "[ ]", "{}", "[1", "[1]]", "[1] 2", "\"[1]\""}) {
    CAPTURE(none);
    CHECK(list_parts(none, 1).empty());
  }
}

TEST_CASE("long lists are read in parts") {
  std::string text = "[";
  std::vector<Json> expected;
  for (int i = 0; i < 60000; ++i) {
    expected.push_back({{"number", i}, {"text", "[,]{\"\\"}, {"list", {i, "x"}}});
    text += (i == 0 ? "" : ",") + expected.back().dump();
  }
  CHECK(list_parts(text + "]", 1 << 20).size() > 1);
  for (const int threads : {1, 2}) CHECK(listed(text + "]", threads) == expected);
  CHECK(listed("[]", 1).empty());
  CHECK(listed("\xEF\xBB\xBF[7]", 1) == std::vector<Json>{7});
  CHECK(listed("[NaN]", 1)[0].is_null());
  // The first fault is reported, also if parts run at once.
  for (int times = 0; times < 20; ++times)
    CHECK(list_fault(text + ",\"bad\"," + text.substr(1) + ",\"bad\"]") == "item 60000 is bad");
  CHECK(contains(list_fault("[1,,2]"), "l.json: not JSON (at byte 4)"));
  CHECK(contains(list_fault("[1,2,]"), "l.json: not JSON (at byte 6)"));
  CHECK(contains(list_fault(text + ",]"), "not JSON (at byte"));
  CHECK(contains(list_fault("[1,{]}"), "not JSON"));
  CHECK(contains(list_fault("[1] [2]"), "not JSON"));
  CHECK(contains(list_fault("[1,2"), "not JSON"));
  CHECK(contains(list_fault("{\"a\":1}"), "must be a list of boxes"));
  CHECK(contains(list_fault(std::string(300, '[') + std::string(300, ']')), "nested more than"));
}
