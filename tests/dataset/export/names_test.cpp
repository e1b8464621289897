// SPDX-License-Identifier: Apache-2.0
#include "dataset/export/names.hpp"

#include <catch2/catch.hpp>

#include "tests/fixture.hpp"

using namespace evenray;

namespace {

using Names = std::vector<std::string>;

std::string refusal(const std::vector<NamedImage>& images, const std::string& pattern) {
  const Error error = error_of([&] { file_names(images, pattern); });
  CHECK(error.code() == Exit::usage);
  return error.what();
}

}  // namespace

TEST_CASE("a safe name is one name in a folder") {
  CHECK(safe_name("IMG0001.a-b_c") == "IMG0001.a-b_c");
  CHECK(safe_name("Br\u00fcche") == "Br\u00fcche");
  CHECK(safe_name("../../x") == "___.._x");
  CHECK(safe_name("/etc/passwd") == "_etc_passwd");
  CHECK(safe_name("C:\\x") == "C__x");
  CHECK(safe_name("..") == "__");
  CHECK(safe_name(".hidden") == "_hidden");
  CHECK(safe_name("-rf") == "_rf");
  CHECK(safe_name("a b\n\"c\"...") == "a_b__c____");
  CHECK(safe_name("") == "_");
  const std::string longest(120, 'a');
  CHECK(safe_name(longest) == longest);
  CHECK(safe_name(longest + "b").size() == 120);
  CHECK(safe_name(longest + "b") != safe_name(longest + "c"));
  // No half of a character is left where a long text is cut.
  std::string wide;
  for (int i = 0; i < 100; ++i) wide += "\u00fc";
  CHECK(is_plain_utf8(safe_name(wide)));
  CHECK(is_plain_utf8(safe_name("a" + wide)));
}

TEST_CASE("names differ in more than the case of letters, and safe ones stay") {
  CHECK(unique_names({"a/b", "a_b", "a\\b"}) == Names{"a_b-2", "a_b", "a_b-3"});
  CHECK(unique_names({"img1", "IMG1", "Img1"}) == Names{"img1", "IMG1-2", "Img1-3"});
  CHECK(unique_names({"x", "x-2", "X"}) == Names{"x", "x-2", "X-3"});
  CHECK(unique_names({"", "..", "_"}) == Names{"_-2", "__", "_"});
  CHECK(unique_names({}).empty());
}

TEST_CASE("a pattern names files") {
  const std::vector<NamedImage> images = {{"p1/a", "Fractured", "train", 1},
                                          {"p2/a", "No finding", "train", 2},
                                          {"p3/a", "Fractured", "test", 3}};
  CHECK(file_names(images, "") == Names{"p1_a", "p2_a", "p3_a"});
  CHECK(file_names(images, "{class}_{n:05}") ==
        Names{"Fractured_00001", "No_finding_00002", "Fractured_00003"});
  CHECK(file_names(images, "{n}") == Names{"1", "2", "3"});
  CHECK(file_names(images, "x{part}-{id}") == Names{"xtrain-p1_a", "xtrain-p2_a", "xtest-p3_a"});
  CHECK(file_names({{"a", "b", "c", 123}}, "{n:2}") == Names{"123"});

  CHECK(refusal(images, "{class}") ==
        "--rename '{class}': 'p1/a' and 'p3/a' would both be named 'Fractured'; add {n} or {id}");
  CHECK(contains(refusal({{"A", "", "", 1}, {"a", "", "", 2}}, "{id}"), "would both be named"));
  CHECK(contains(refusal(images, "{clas}"), "unknown field 'clas'"));
  CHECK(contains(refusal(images, "{clas}"), "did you mean 'class'?"));
  CHECK(contains(refusal(images, "{}"), "unknown field"));
  CHECK(contains(refusal(images, "../{n}"), "a file name without `/`, not a path"));
  for (const char* half : {"{n", "n}", "{{n}}", "{n:05}}"})
    CHECK(contains(refusal(images, half), "unbalanced brace"));
  for (const char* wide : {"{n:}", "{n:0}", "{n:x}", "{n:5:5}", "{n:99}", "{id:05}"})
    CHECK(contains(refusal(images, wide), "only n has a width"));
}
