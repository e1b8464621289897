// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <catch2/catch.hpp>

#include "core/text.hpp"
#include "serve/pages/page.hpp"
#include "tests/fixture.hpp"

using namespace evenray;

TEST_CASE("each text exists in every language, with the same values in it") {
  for (const auto& key : word_keys()) {
    CAPTURE(key);
    const std::string english = word(Language::english, key);
    for (const Language language : {Language::korean, Language::turkish}) {
      const std::string text = word(language, key);
      CHECK_FALSE(text.empty());
      for (const char* value : {"{1}", "{2}"})
        CHECK(contains(text, value) == contains(english, value));
    }
  }
  CHECK(word(Language::turkish, "state.before", {"3"}) == "Önünde 3 görüntü var.");
  CHECK_THROWS(word(Language::english, "no such key"));
}

TEST_CASE("the language follows the browser's list") {
  CHECK(language_of("ko-KR,ko;q=0.9,en;q=0.8") == Language::korean);
  CHECK(language_of("de-DE,tr;q=0.5") == Language::turkish);
  CHECK(language_of("de") == Language::english);
  CHECK(language_of("") == Language::english);
}

TEST_CASE("text and attributes are escaped") {
  const std::string hostile = "<script>\"'&";
  Visitor visitor;
  visitor.account = hostile;
  const std::string page = page_of(visitor, "/", hostile, Html::text(hostile));
  CHECK_FALSE(contains(page, "<script>"));
  CHECK(contains(page, "&lt;script&gt;"));
  const std::string input = labelled_input(hostile, "a", hostile).markup();
  CHECK(std::count(input.begin(), input.end(), '"') == 6);  // of three attributes
}

TEST_CASE("a page has its language, its menu by role, and the token of its forms") {
  Visitor visitor;
  visitor.language = Language::korean;
  visitor.account = "vic";
  visitor.role = Role::viewer;
  visitor.csrf = "token-of-forms";
  const std::string page = page_of(visitor, "/history", "t", {});
  CHECK(contains(page, "<html lang=\"ko\">"));
  CHECK(contains(page, "token-of-forms"));
  CHECK(contains(page, "href=\"/history\" aria-current=\"page\""));
  CHECK_FALSE(contains(page, "href=\"/audit\""));
  visitor.role = Role::admin;
  CHECK(contains(page_of(visitor, "/history", "t", {}), "href=\"/audit\""));
  visitor.signed_in = false;
  CHECK_FALSE(contains(page_of(visitor, "/history", "t", {}), "href=\"/history\""));
}
