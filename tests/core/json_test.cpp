// SPDX-License-Identifier: Apache-2.0
#include "core/json.hpp"

#include <catch2/catch.hpp>
#include <chrono>

#include "tests/fixture.hpp"

using namespace evenray;

TEST_CASE("JSON as Python and Windows write it") {
  const Json json = parse_json(
      "\xEF\xBB\xBF{\"a\": [NaN, -Infinity, Infinity, -1], \"NaN \\\" -Infinity\": NaN}", "a.json");
  CHECK(json["a"] == Json::array({nullptr, nullptr, nullptr, -1}));
  CHECK(json["NaN \" -Infinity"].is_null());
}

TEST_CASE("JSON that cannot be read is told in our words") {
  const auto fault = [](const std::string& text) {
    const Error error = error_of([&] { parse_json(text, "a.json"); });
    CHECK(error.code() == Exit::bad_data);
    return std::string(error.what());
  };
  CHECK(fault("{\"a\": }") == "a.json: not JSON (at byte 7)");
  CHECK(fault("[1e999]") == "a.json: a number is too large");
  CHECK(fault("[Nan]") == "a.json: not JSON (at byte 2)");
  CHECK(fault("\"\\") == "a.json: not JSON (at byte 3)");
  for (const char* one : {"[", "{\"a\":"}) {
    std::string deep;
    for (int i = 0; i < 100'000; ++i) deep += one;
    CHECK(contains(fault(deep), "a.json: nested more than 200 levels deep"));
  }
}

TEST_CASE("the order and the last of equal keys are kept, also among very many") {
  CHECK(parse_json(R"({"b": 1, "a": [{}, {"x": []}], "b": {"c": null}})", "a.json").dump() ==
        R"({"b":{"c":null},"a":[{},{"x":[]}]})");
  CHECK(parse_json(" -2.5e1 ", "a.json") == -25);
  // Time that grew with the square of the keys would be minutes.
  std::string many = "{";
  for (int i = 0; i < 300'000; ++i) many += cat(i == 0 ? "" : ",", "\"k", i, "\":", i);
  const auto begin = std::chrono::steady_clock::now();
  const Json json = parse_json(many + "}", "a.json");
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(20));
  CHECK(json.size() == 300'000);
  CHECK(json.back() == 299'999);
}

TEST_CASE("a field of another type is told by its key") {
  const Json json =
      parse_json(R"({"a": 1, "b": [1, "2"], "c": [1, null], "d": [1, 2.5]})", "a.json");
  const auto fault = [](const std::function<void()>& body) {
    return std::string(error_of(body).what());
  };
  CHECK(json_numbers(json["d"], "d") == std::vector<float>{1, 2.5});
  CHECK(fault([&] { json_field(json, "x"); }) == "'x' is missing");
  CHECK(fault([&] { json_field(json["a"], "x"); }) == "'x' is missing");
  CHECK(fault([&] { json_list(json, "a"); }) == "'a' is missing or is not a list");
  CHECK(fault([&] { json_text_field(json, "a"); }) == "'a' is missing or is not a text");
  for (const char* key : {"b", "c"})
    CHECK(fault([&] { json_numbers(json[key], key); }) ==
          cat("'", key, "' is missing or is not a list of finite numbers"));
}
