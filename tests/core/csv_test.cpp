// SPDX-License-Identifier: Apache-2.0
#include "core/csv.hpp"

#include <catch2/catch.hpp>

#include "tests/fixture.hpp"

using namespace evenray;

using Row = std::vector<std::string>;

namespace {

CsvTable table_of(const std::string& text) {
  const ScratchFolder folder;
  write_atomic(folder / "t.csv", text);
  return read_csv(folder / "t.csv");
}

std::string fault_of(const std::string& text) {
  const Error error = error_of([&] { table_of(text); });
  CHECK(error.code() == Exit::bad_data);
  return error.what();
}

}  // namespace

TEST_CASE("a table with quotes, a mark, CRLF and no last newline") {
  const auto table =
      table_of("\xEF\xBB\xBFid,text\r\n1,\"a, \"\"b\"\"\"\r\n2,\"two\nlines\"\r\n\r\n3,");
  CHECK(table.columns == Row{"id", "text"});
  REQUIRE(table.rows.size() == 3);
  CHECK(table.rows[0] == Row{"1", "a, \"b\""});
  CHECK(table.rows[1] == Row{"2", "two\nlines"});
  CHECK(table.rows[2] == Row{"3", ""});
  CHECK(table.lines == std::vector<size_t>{2, 4, 6});
  CHECK(table.find("text") == 1);
  CHECK_FALSE(table.find("nothing"));
  CHECK(table.require("id") == 0);
}

TEST_CASE("semicolons divide where the header has no comma") {
  const auto table = table_of("id;size\n1;\"2;5\"\n3;-4,5\na,b;1,2,3\n,5;5,\n");
  CHECK(table.columns == Row{"id", "size"});
  REQUIRE(table.rows.size() == 4);
  CHECK(table.rows[0] == Row{"1", "2;5"});
  CHECK(table.rows[1] == Row{"3", "-4.5"});
  CHECK(table.rows[2] == Row{"a,b", "1,2,3"});
  CHECK(table.rows[3] == Row{",5", "5,"});
  CHECK(table_of("a,b;c\n1,2\n").columns == Row{"a", "b;c"});
}

TEST_CASE("a header alone is a table without rows") { CHECK(table_of("a,b\n").rows.empty()); }

TEST_CASE("a missing column is named with those that are there") {
  const Error error = error_of([] { table_of("id,sex\n").require("age"); });
  CHECK(error.code() == Exit::bad_data);
  CHECK(contains(error.what(), "missing column 'age' (columns: id, sex)"));
}

TEST_CASE("faulty tables end with 65 and the line") {
  CHECK(contains(fault_of("a,b\n\n1,2\n1,2,3\n"), "line 4 has 3 fields, but the header has 2"));
  CHECK(contains(fault_of("a,b\n1\n"), "line 2 has 1 fields, but the header has 2"));
  CHECK(contains(fault_of("a,b\n1,\"x\"y\n"), "line 2 or a line before it has an unmatched"));
  CHECK(contains(fault_of("a,b\n1,\"x\n"), "misplaced quote"));
  CHECK(contains(fault_of(""), "the header line is missing"));
  CHECK(contains(fault_of("a,b\n1,2\nM\xFCller,2\n"), "line 3 is not UTF-8"));
  CHECK(contains(fault_of(std::string("a,b\n1,\0\n", 8)), "line 2 is not UTF-8"));
  CHECK(error_of([] { read_csv("/nowhere/t.csv"); }).code() == Exit::missing_input);
}

TEST_CASE("a table of very many columns, or a very long row, is refused soon") {
  std::string columns = "c", long_row = "a,b\n1,";
  for (int i = 0; i < 1'000'000; ++i) columns += ",c";
  CHECK(contains(fault_of(columns + "\n"), "line 1 has more than 10000 fields"));
  long_row += std::string(20 << 20, 'x');
  CHECK(contains(fault_of(long_row), "line 2 ends a row of more than 16 MiB"));
  const std::string quoted = "a\n\"" + std::string(20 << 20, '\n');
  CHECK(contains(fault_of(quoted), "a row of more than 16 MiB"));
}

TEST_CASE("a spreadsheet runs no cell as a formula, and all cells read back") {
  const Row cells{"=1+1",
                  "+cmd|x",
                  "-a",
                  "@SUM(A1)",
                  "'=1",
                  "''-1",
                  "'-5",
                  "-4.5",
                  "+3e2",
                  "-",
                  "+",
                  "'",
                  "'quoted'",
                  "\t=x",
                  "=\"a,b\""};
  const std::string text = csv_line(Row(cells.size(), "x")) + csv_line(cells);
  REQUIRE(table_of(text).rows.size() == 1);
  CHECK(table_of(text).rows[0] == cells);
  CHECK(csv_line({"=1", "-4.5", "+3e2", "+", "'=1", "'-5"}) == "'=1,-4.5,+3e2,+,''=1,'-5\n");
}

TEST_CASE("what is written reads back") {
  const std::vector<Row> rows{{"plain", "with, comma"},
                              {"a \"quote\"", "two\r\nlines"},
                              {" blanks ", "\ttab"},
                              {"", "\xc3\xa4"}};
  std::string text = csv_line({"x", "y"});
  for (const auto& row : rows) text += csv_line(row);
  CHECK(table_of(text).rows == rows);
  CHECK(csv_line({"a", "b c", ""}) == "a,b c,\n");
  CHECK(table_of(csv_line({"x"}) + csv_line({""}) + csv_line({"1"})).rows ==
        std::vector<Row>{{""}, {"1"}});
}
