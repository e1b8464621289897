// SPDX-License-Identifier: Apache-2.0
#include "metrics/predictions.hpp"

#include <catch2/catch.hpp>

#include "core/rng.hpp"
#include "tests/fixture.hpp"

using namespace evenray;

namespace {

Predictions read_text(const std::string& text) {
  const ScratchFolder folder;
  write_atomic(folder / "p.csv", text);
  return read_predictions(folder / "p.csv");
}

std::string fault_of(const std::string& text) {
  const Error error = error_of([&] { read_text(text); });
  CHECK(error.code() == Exit::bad_data);
  return error.what();
}

}  // namespace

TEST_CASE("predictions are written and read back to the last bit") {
  Predictions predictions;
  predictions.class_names = {"Fractured", "a, \"b\""};
  Rng rng(1);
  for (int i = 0; i < 50; ++i) {
    predictions.ids.push_back(cat("IMG", i));
    predictions.groups.push_back(i % 3 ? cat("g", i / 3) : "");
    predictions.labels.push_back({static_cast<int8_t>(i % 3 - 1), 1});
    predictions.probabilities.push_back({rng.uniform(), i ? rng.uniform() * 1e-12 : 1.0});
  }
  const ScratchFolder folder;
  write_predictions(folder / "p.csv", predictions);
  const auto back = read_predictions(folder / "p.csv");
  CHECK(back.class_names == predictions.class_names);
  CHECK(back.ids == predictions.ids);
  CHECK(back.groups == predictions.groups);
  CHECK(back.labels == predictions.labels);
  CHECK(back.probabilities == predictions.probabilities);
}

TEST_CASE("columns stand in any order, labels may be unknown, more columns do no harm") {
  const auto predictions =
      read_text("p_b,y_a,note,group,p_a,id,y_b\n.1,1,x,g,1,r1,\n0,-1,,,1e-3,r2,0\n");
  CHECK(predictions.class_names == std::vector<std::string>{"a", "b"});
  CHECK(predictions.ids == std::vector<std::string>{"r1", "r2"});
  CHECK(predictions.groups == std::vector<std::string>{"g", ""});
  CHECK(predictions.labels == std::vector<std::vector<int8_t>>{{1, -1}, {-1, 0}});
  CHECK(predictions.probabilities == std::vector<std::vector<double>>{{1, .1}, {1e-3, 0}});
}

TEST_CASE("faulty predictions end with 65 and say where") {
  CHECK(contains(fault_of("id,y_a,p_a\nr,1,1\n"), "missing column 'group'"));
  CHECK(contains(fault_of("group,y_a,p_a\nr,1,1\n"), "missing column 'id'"));
  CHECK(contains(fault_of("id,group,y_a\nr,g,1\n"), "missing column 'p_a'"));
  CHECK(contains(fault_of("id,group,y_a,p_a,p_b\nr,g,1,1,1\n"), "missing column 'y_b'"));
  CHECK(contains(fault_of("id,group\nr,g\n"), "missing column 'y_CLASS'"));
  CHECK(contains(fault_of("id,group,y_a,p_a\n"), "no rows"));
  const std::string head = "id,group,y_a,p_a\nr,g,1,1\n";
  CHECK(contains(fault_of(head + "s,g,0,0\n\nr,g,0,0\n"),
                 "line 5: id 'r' is already used in line 2"));
  for (const std::string wrong : {"1.01", "-0.1", "nan", "inf", "", "x", "0.5x"}) {
    CHECK(contains(fault_of(head + "s,g,0," + wrong + "\n"),
                   "line 3: p_a is '" + wrong + "'; expected a probability"));
  }
  for (const std::string wrong : {"2", ".5", "yes"}) {
    CHECK(contains(fault_of(head + "s,g," + wrong + ",0\n"),
                   "line 3: y_a is '" + wrong + "'; expected 1, 0 or -1"));
  }
  CHECK(error_of([] { read_predictions("/nowhere.csv"); }).code() == Exit::missing_input);
}

TEST_CASE("classes exclude one another where each known row is one-hot") {
  Predictions predictions;
  predictions.class_names = {"a", "b"};
  predictions.labels = {{1, 0}, {0, 1}, {-1, -1}};
  CHECK(predictions.one_hot());
  predictions.labels.push_back({0, 0});
  CHECK_FALSE(predictions.one_hot());
  predictions.labels = {{1, -1}};
  CHECK_FALSE(predictions.one_hot());
  predictions.labels = {{-1, -1}};
  CHECK_FALSE(predictions.one_hot());
  predictions.class_names = {"a"};
  predictions.labels = {{1}};
  CHECK_FALSE(predictions.one_hot());
  CHECK(predictions.class_index("a") == 0);
  CHECK(error_of([&] { predictions.class_index("c"); }).code() == Exit::bad_data);
}
