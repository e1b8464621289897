// SPDX-License-Identifier: Apache-2.0
#include "serve/http/message.hpp"

#include <catch2/catch.hpp>

using namespace evenray;

TEST_CASE("text in addresses is decoded or refused", "[http]") {
  CHECK(decode_url("a%20b+c", false) == "a b+c");
  CHECK(decode_url("a%20b+c", true) == "a b c");
  CHECK(decode_url("%ED%95%9C", false) == "한");
  for (const char* broken : {"%", "%2", "%zz", "%00", "a%1fb", "%ff", "%7f"})
    CHECK_FALSE(decode_url(broken, false).has_value());
  CHECK(encode_url("a b/한&") == "a%20b%2F%ED%95%9C%26");
  CHECK(decode_url(encode_url("50 % ~ü+"), true) == "50 % ~ü+");
}

TEST_CASE("targets are split, and paths that climb are refused", "[http]") {
  std::string path;
  HttpFields query;
  CHECK(parse_target("/patients/ab?text=Kim%20A&from=", path, query));
  CHECK(path == "/patients/ab");
  CHECK(query == HttpFields{{"text", "Kim A"}, {"from", ""}});
  CHECK(parse_target("/", path, query));
  CHECK(parse_target("/a/?x", path, query));
  CHECK(field_of(query, "x", "none").empty());
  for (const char* target : {"",
                             "a",
                             "*",
                             "http://x/",
                             "/a/../b",
                             "/a/%2e%2e/b",
                             "/./a",
                             "//a",
                             "/a//b",
                             "/%",
                             "/a?b=%"})
    CHECK_FALSE(parse_target(target, path, query));
}

TEST_CASE("forms have a bounded number of fields", "[http]") {
  CHECK(parse_fields("a=1&a=2&&b")->size() == 3);
  CHECK(field_of(*parse_fields("a=1&a=2"), "a") == "1");
  std::string many;
  for (int i = 0; i < 201; ++i) many += "a=1&";
  CHECK_FALSE(parse_fields(many).has_value());
}

TEST_CASE("cookies are found by their whole name", "[http]") {
  HttpRequest request;
  request.headers["cookie"] = "xsession=1; session=2;session=3";
  CHECK(request.cookie("session") == "2");
  CHECK(request.cookie("ession").empty());
}

TEST_CASE("forms with files are taken apart without copies", "[http]") {
  const std::string body =
      "--x\r\nContent-Disposition: form-data; name=\"patient\"\r\n\r\n17\r\n"
      "--x\r\ncontent-disposition: form-data; name=\"files\"; filename=\"a \\\"b\\\".png\"\r\n"
      "Content-Type: image/PNG\r\n\r\n\x89PNG\r\n--y\r\n\r\n--x--\r\n";
  const auto parts = parse_form("multipart/form-data; boundary=x", body, 5);
  REQUIRE(parts.has_value());
  REQUIRE(parts->size() == 2);
  CHECK((*parts)[0].name == "patient");
  CHECK((*parts)[0].content == "17");
  CHECK((*parts)[1].filename == "a \"b\".png");
  CHECK((*parts)[1].type == "image/png");
  CHECK((*parts)[1].content == "\x89PNG\r\n--y\r\n");
  CHECK((*parts)[1].content.data() > body.data());
  CHECK(parse_form("multipart/form-data; boundary=\"x\"", body, 2).has_value());
  CHECK_FALSE(parse_form("multipart/form-data; boundary=x", body, 1).has_value());
  CHECK_FALSE(parse_form("multipart/form-data", body, 5).has_value());
  CHECK_FALSE(parse_form("text/plain; boundary=x", body, 5).has_value());
  // Cut anywhere, it is no form.
  for (size_t length = 0; length + 4 < body.size(); ++length)
    CHECK_FALSE(
        parse_form("multipart/form-data; boundary=x", body.substr(0, length), 5).has_value());
}
