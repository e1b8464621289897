// SPDX-License-Identifier: Apache-2.0
#include "serve/records/decisions.hpp"

#include <catch2/catch.hpp>
#include <chrono>

#include "serve/records/accounts.hpp"
#include "serve/records/blind_tests.hpp"
#include "tests/fixture.hpp"

using namespace evenray;

namespace {

struct Curators {
  ScratchFolder scratch;
  Database database{scratch.path()};
  Accounts accounts{database};
  Decisions decisions{database, "store-1"}, others{database, "store-2"};
  Actor kim = person("kim"), lee = person("lee");

  Actor person(const std::string& name) {
    accounts.add(name, "a long enough phrase", Role::curator);
    return {name, "127.0.0.1", accounts.sign_in(name, "a long enough phrase")->id};
  }
};

DecisionChange verdict(Verdict value) {
  DecisionChange out;
  out.verdict = value;
  return out;
}

}  // namespace

TEST_CASE("decisions are kept by person and store, and undone step by step", "[records]") {
  Curators curators;
  Decisions& decisions = curators.decisions;
  decisions.decide(curators.kim, {"a", "b"}, verdict(Verdict::reject));
  DecisionChange label;
  label.label = "Fractured";
  label.add_tag = "cast";
  decisions.decide(curators.kim, {"b"}, label);
  decisions.decide(curators.lee, {"b"}, verdict(Verdict::accept));
  const auto kims = decisions.of(curators.kim);
  REQUIRE(kims.size() == 2);
  CHECK(kims.at("b").verdict == Verdict::reject);
  CHECK(kims.at("b").label == "Fractured");
  CHECK(kims.at("b").tags == std::vector<std::string>{"cast"});
  CHECK(decisions.all().size() == 3);
  CHECK(curators.others.all().empty());

  CHECK(decisions.undo(curators.kim) == std::vector<std::string>{"b"});
  CHECK(decisions.of(curators.kim).at("b").label.empty());
  CHECK(decisions.undo(curators.kim) == std::vector<std::string>{"a", "b"});
  CHECK(decisions.of(curators.kim).empty());
  CHECK(decisions.undo(curators.kim).empty());
  CHECK(decisions.of(curators.lee).size() == 1);
  DecisionChange tag;
  tag.add_tag = "two words";
  CHECK(error_of([&] { decisions.decide(curators.kim, {"a"}, tag); }).code() == Exit::bad_data);
}

TEST_CASE("many rows are decided on at once, and all tags are given anew", "[records]") {
  Curators curators;
  std::vector<std::string> rows;
  for (int i = 0; i < 20'000; ++i) rows.push_back(std::to_string(i));
  DecisionChange tags;
  tags.tags = {"old", "cast"};
  const auto begin = std::chrono::steady_clock::now();
  curators.decisions.decide(curators.kim, rows, verdict(Verdict::reject));
  curators.decisions.decide(curators.kim, rows, tags);
  // Time that grew with the square of the rows would be many minutes.
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(30));
  tags.tags = {"new"};
  curators.decisions.decide(curators.kim, {"7"}, tags);
  const auto kims = curators.decisions.of(curators.kim);
  CHECK(kims.at("7").tags == std::vector<std::string>{"new"});
  CHECK(kims.at("8").tags == std::vector<std::string>{"cast", "old"});
  CHECK(kims.at("7").verdict == Verdict::reject);
  tags.verdict = Verdict::accept;
  tags.tags = {"fine", "not fine"};
  CHECK(error_of([&] { curators.decisions.decide(curators.kim, {"7"}, tags); }).code() ==
        Exit::bad_data);
  CHECK(curators.decisions.of(curators.kim).at("7").verdict == Verdict::reject);
}

TEST_CASE("decisions of several people are joined by majority", "[records]") {
  const auto of = [](const std::string& who, Verdict verdict, const std::string& label = "") {
    Decision out;
    out.row = "a";
    out.account = who;
    out.verdict = verdict;
    out.label = label;
    return out;
  };
  JointDecision joint = join_decisions({of("k", Verdict::accept), of("l", Verdict::reject)});
  CHECK(joint.verdict == Verdict::reject);
  CHECK_FALSE(joint.agreed);
  CHECK(joint.people == 2);
  joint = join_decisions(
      {of("k", Verdict::accept), of("l", Verdict::reject), of("m", Verdict::accept)});
  CHECK(joint.verdict == Verdict::accept);
  joint = join_decisions({of("k", Verdict::open, "X"), of("l", Verdict::open, "X")});
  CHECK(joint.verdict == Verdict::open);
  CHECK(joint.label == "X");
  CHECK(joint.agreed);
  joint = join_decisions({of("k", Verdict::open, "X"), of("l", Verdict::open, "Y")});
  CHECK(joint.label.empty());
  CHECK_FALSE(joint.agreed);
}

TEST_CASE("a blind test takes each answer once, in its order", "[records]") {
  Curators curators;
  BlindTests tests(curators.database, "store-1");
  const std::string id = tests.start(curators.kim, {"a", "b"});
  CHECK_FALSE(tests.find(curators.lee, id).has_value());
  tests.answer(curators.kim, id, 1, true);  // not yet
  CHECK(tests.find(curators.kim, id)->said_drawn.empty());
  tests.answer(curators.kim, id, 0, true);
  tests.answer(curators.kim, id, 0, false);  // sent twice
  tests.answer(curators.kim, id, 1, false);
  const BlindTest test = *tests.find(curators.kim, id);
  CHECK(test.ended());
  CHECK(test.said_drawn == std::vector<bool>{true, false});
  REQUIRE(tests.ended().size() == 1);
  CHECK(tests.ended()[0].account == "kim");
  CHECK(error_of([&] { tests.answer(curators.lee, id, 0, true); }).code() == Exit::missing_input);
}
