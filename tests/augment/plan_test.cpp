// SPDX-License-Identifier: Apache-2.0
#include "augment/plan.hpp"

#include <catch2/catch.hpp>
#include <numeric>

#include "tests/fixture.hpp"

using namespace evenray;

TEST_CASE("plans are imbalanced-learn's") {
  const Json golden = golden_json("augment/plans.json");
  for (const Json& entry : golden["cases"]) {
    const auto counts = entry["counts"].get<std::vector<int64_t>>();
    const std::string strategy = entry["strategy"];
    std::vector<std::string> names;
    for (size_t c = 0; c < counts.size(); ++c) names.push_back(cat("c", c));
    INFO(entry.dump());
    if (entry["added"].is_null()) {
      CHECK(error_of([&] { make_plan(counts, names, strategy); }).code() == Exit::bad_data);
    } else {
      CHECK(make_plan(counts, names, strategy).added == entry["added"].get<std::vector<int64_t>>());
    }
  }
}

TEST_CASE("plans name what is wrong") {
  const std::vector<std::string> names = {"Fractured", "Non_fractured"};
  const auto code = [&](const std::string& strategy) {
    return error_of([&] { make_plan({10, 60}, names, strategy); }).code();
  };
  CHECK(code("balanced") == Exit::usage);
  CHECK(code("1.5") == Exit::usage);
  CHECK(code("0") == Exit::usage);
  CHECK(code("-1") == Exit::usage);
  CHECK(code("Fractured=") == Exit::usage);
  CHECK(code("Fractured=5") == Exit::bad_data);
  CHECK(code("Fracture=50") == Exit::bad_data);
  CHECK(contains(error_of([&] { make_plan({10, 60}, names, "Fracture=50"); }).what(), "Fractured"));
  CHECK(contains(error_of([&] {
                   make_plan({10, 60}, names, "minorty");
                 }).what(),
                 "did you mean 'minority'"));
  CHECK(make_plan({10, 60}, names, "Fractured=50,Non_fractured=60").added ==
        std::vector<int64_t>{40, 0});
  // A class without rows: words leave it alone, a target may name it.
  CHECK(make_plan({10, 60, 0}, {"a", "b", "c"}, "all").added == std::vector<int64_t>{50, 0, 0});
  CHECK(make_plan({10, 60, 0}, {"a", "b", "c"}, "c=5").added == std::vector<int64_t>{0, 0, 5});
  CHECK(error_of([] { make_plan({0, 0}, {"a", "b"}, "auto"); }).code() == Exit::bad_data);
}

TEST_CASE("sources and shares") {
  const auto parsed = parse_sources({"gan:out/run@2@.5", "augment:xray", "copy"});
  CHECK(parsed[0].name == "gan:out/run@2");
  CHECK(parsed[0].share == .5);
  CHECK(parsed[1].share == -1);
  const auto shares = source_shares(parsed);
  CHECK(shares == std::vector<double>{.5, .25, .25});
  CHECK(parse_sources({"gan:a@b"})[0].name == "gan:a@b");
  CHECK(error_of([] { parse_sources({"copy@1.5"}); }).code() == Exit::usage);
  CHECK(contains(error_of([] { parse_sources({"copy@.5", "copy@.5"}); }).what(), "named twice"));
  CHECK(error_of([] { parse_sources({"@.5"}); }).code() == Exit::usage);
  CHECK(error_of([] { source_shares(parse_sources({"copy@.5"})); }).code() == Exit::usage);
  CHECK(error_of([] {
          source_shares(parse_sources({"copy@.7", "augment:xray@.7"}));
        }).code() == Exit::usage);
}

TEST_CASE("rows are dealt by share, within the dose and the cap on copies") {
  const auto sum = [](const Allotment& a) {
    return std::accumulate(a.from.begin(), a.from.end(), a.copies + a.missing);
  };
  // gan .5, augment .5
  Allotment a = allot(101, {.5, .5}, {true, false}, 1000, -1);
  CHECK(a.from == std::vector<int64_t>{51, 50});
  a = allot(100, {.5, .5}, {true, false}, 20, -1);
  CHECK(a.from == std::vector<int64_t>{20, 80});
  a = allot(100, {1}, {true}, 20, -1);
  CHECK(a.from == std::vector<int64_t>{20});
  CHECK(a.copies == 80);
  a = allot(100, {.5, .5}, {true, false}, 1000, 10);
  CHECK(a.from == std::vector<int64_t>{90, 10});
  a = allot(100, {.5, .5}, {true, false}, 30, 10);
  CHECK(a.from == std::vector<int64_t>{30, 10});
  CHECK(a.missing == 60);
  a = allot(100, {1}, {false}, 1000, 40);
  CHECK(a.from == std::vector<int64_t>{40});
  CHECK(a.missing == 60);
  a = allot(10, {1. / 3, 1. / 3, 1. / 3}, {false, false, false}, 0, -1);
  CHECK(a.from == std::vector<int64_t>{4, 3, 3});
  for (int64_t need : {0, 1, 7, 99})
    for (int64_t dose : {0, 3, 200})
      CHECK(sum(allot(need, {.3, .3, .4}, {true, false, true}, dose, 20)) == need);
}

TEST_CASE("options out of range are named") {
  BalanceOptions options;
  options.check();
  options.near_duplicate = 1.5;
  CHECK(contains(error_of([&] { options.check(); }).what(), "balance.near_duplicate"));
  options = {};
  for (const double factor : {.5, double{INFINITY}, double{NAN}}) {
    options.max_factor = factor;
    CHECK(error_of([&] { options.check(); }).code() == Exit::config);
  }
  options = {};
  options.max_synthetic = INFINITY;
  CHECK(contains(error_of([&] { options.check(); }).what(), "balance.max_synthetic"));
  for (const char* strategy : {"auto", "not minority", ".5", "1", "Sick=3"}) {
    options = {};
    options.strategy = strategy;
    options.check();
  }
  for (const char* strategy : {"nope", "2", "", "Sick=", "Sick=x", "Sick=3,Sound", "=-1"}) {
    CAPTURE(strategy);
    options = {};
    options.strategy = strategy;
    CHECK(error_of([&] { options.check(); }).code() == Exit::config);
  }
  for (const auto& sources : std::vector<std::vector<std::string>>{
           {"copy@2"}, {"copy@.4", "augment:xray@.4"}, {"copy", "copy"}}) {
    CAPTURE(sources[0]);
    options = {};
    options.sources = sources;
    CHECK(error_of([&] { options.check(); }).code() == Exit::config);
  }
}
