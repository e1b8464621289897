// SPDX-License-Identifier: Apache-2.0
#include "core/page/html.hpp"

#include <catch2/catch.hpp>
#include <set>

#include "core/page/chart.hpp"

using namespace evenray;
using Catch::Matchers::Contains;

namespace {

/// Reads tags as a strict parser would: "" where every tag is closed in order and every attribute
/// quoted, else what is wrong.
std::string markup_fault(std::string_view html) {
  const std::set<std::string_view> alone{"!DOCTYPE", "meta", "link", "img"};
  std::vector<std::string_view> open;
  for (size_t at = html.find('<'); at != std::string_view::npos; at = html.find('<', at)) {
    size_t end = at + 1;
    bool quoted = false;
    while (end < html.size() && (quoted || html[end] != '>')) {
      if (html[end] == '"') quoted = !quoted;
      if (html[end] == '<') return "a '<' within a tag";
      ++end;
    }
    if (end == html.size()) return "a tag without end";
    const auto tag = html.substr(at + 1, end - at - 1);
    const auto name = tag.substr(0, tag.find_first_of(" /\n", 1));
    if (name[0] == '/') {
      if (open.empty() || open.back() != name.substr(1)) return "unbalanced " + std::string(name);
      open.pop_back();
    } else if (!alone.contains(name) && tag.back() != '/') {
      open.push_back(name);
    }
    at = end;
  }
  return open.empty() ? "" : "open at the end: " + std::string(open.back());
}

const std::string kHostile = "</p><script>alert(1)</script><a href='x' onclick=\"y\">&\x01";

size_t html_count(std::string_view text, std::string_view part) {
  size_t found = 0;
  for (auto at = text.find(part); at != std::string_view::npos; at = text.find(part, at + 1))
    ++found;
  return found;
}

}  // namespace

TEST_CASE("escaping leaves no markup and no control characters") {
  CHECK(escape_html("a<b> & \"c\" 'd'\n") == "a&lt;b&gt; &amp; &quot;c&quot; &#39;d&#39;\n");
  CHECK(escape_html(std::string("\0\x1b", 2)) == "\ufffd\ufffd");
  CHECK(escape_html("µ − é") == "µ − é");
}

TEST_CASE("base64 follows RFC 4648") {
  CHECK(base64("") == "");
  CHECK(base64("f") == "Zg==");
  CHECK(base64("fo") == "Zm8=");
  CHECK(base64("foo") == "Zm9v");
  CHECK(base64("foobar") == "Zm9vYmFy");
  CHECK(base64("\xff\xfe\xfd") == "//79");
}

TEST_CASE("a page with hostile text everywhere stays well formed and inert") {
  HtmlPage page(kHostile, kHostile, kHostile);
  page.section(kHostile);
  page.paragraph(kHostile);
  page.list({kHostile});
  page.table({kHostile, {kHostile, "n"}, {}, {{kHostile, kHostile}}});
  page.details(kHostile, kHostile);
  const std::string image = png_image("not a png", kHostile, 64, 80);
  page.figure(image, kHostile);
  page.figures({{image, kHostile}, {image, kHostile}});
  page.sheet({{kHostile, {image, image}}}, kHostile);
  page.figure(bar_chart(kHostile, kHostile, {{kHostile, 1, 0}}), kHostile);
  page.figure(forest_plot(kHostile, kHostile, {{kHostile, 1, 0, 2}}), kHostile);
  page.figure(
      line_chart(
          kHostile, {kHostile}, {kHostile}, {{kHostile, {0, 1}, {0, 1}}}, {{kHostile, 0, 0, 1, 1}}),
      kHostile);
  const std::string html = page.text();
  CHECK(markup_fault(html) == "");
  CHECK(html.find("<script") == std::string::npos);
  CHECK(html.find("<a ") == std::string::npos);
  CHECK(html.find("onclick=\"") == std::string::npos);
}

TEST_CASE("a page stands alone and names its parts") {
  HtmlPage page("Balance", "Copies did as well: -.004.", "2 980 radiographs");
  page.section("Which settings");
  page.details("Settings in force", "low = -1\n");
  const std::string html = page.text();
  CHECK_THAT(html, Contains("<html lang=\"en\">") && Contains("<title>Balance</title>"));
  CHECK_THAT(html, Contains("<header>") && Contains("<main>") && Contains("<footer>"));
  CHECK_THAT(html, Contains("Copies did as well: −.004."));
  CHECK_THAT(html, Contains("low = -1\n"));
  CHECK(html_count(html, "not a medical device") == 1);
  CHECK(html_count(html, "<h1>") == 1);
  for (const char* external : {"http://", "https://", "src=\"/", "@import", "url("}) {
    INFO(external);
    CHECK(html.find(external) == std::string::npos);
  }
  CHECK(html.size() < 20000);
}

TEST_CASE("numbers in a column are shifted to stand on one decimal point") {
  HtmlPage page("t", "");
  page.table({"",
              {"arm", "AUROC"},
              {},
              {{"real", ".81"}, {"gan", ".834"}, {"copies", "1"}, {"none", "-"}}});
  const std::string html = page.text();
  CHECK_THAT(html, Contains("<th scope=\"row\">gan</th><td class=\"n\">.834</td>"));
  CHECK_THAT(html, Contains("<td class=\"n\" style=\"--digits:1\">.81</td>"));
  CHECK_THAT(html, Contains("<td class=\"n\" style=\"--digits:3;--point:1\">1</td>"));
  CHECK_THAT(html, Contains("<td class=\"n\">–</td>"));
  CHECK_THAT(html, Contains("tabindex=\"0\" aria-label=\"table\""));
}

TEST_CASE("columns are numeric as said, and rows may be short or empty") {
  HtmlPage page("t", "");
  page.table(
      {"kinds", {"id", "kind", "n"}, {false, false, true}, {{"a", "blank", "3"}, {"b"}, {}}});
  page.table({"nothing", {}, {}, {}});
  const std::string html = page.text();
  CHECK_THAT(html, Contains("<td>blank</td><td class=\"n\">3</td>"));
  CHECK_THAT(html, Contains("<th scope=\"col\">kind</th><th scope=\"col\" class=\"n\">n</th>"));
  CHECK(markup_fault(html) == "");
}

TEST_CASE("an image opens at the size that its own header tells") {
  std::string png("\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x05\x78\0\0\x04\x60", 24);
  const std::string html = png_image(png, "a sheet of 40 radiographs", 700, 560);
  CHECK_THAT(html, Contains("--full:1400px;--aspect:1400/1120"));
  CHECK_THAT(html, Contains("alt=\"a sheet of 40 radiographs\" width=\"700\" height=\"560\""));
  CHECK_THAT(html, Contains("src=\"data:image/png;base64,iVBORw0KGgo"));
  CHECK_THAT(png_image("", "", 0, -1), Contains("--full:1px;--aspect:1/1"));
}
