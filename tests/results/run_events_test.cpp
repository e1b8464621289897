// SPDX-License-Identifier: Apache-2.0
#include "results/run_events.hpp"

#include <cmath>

#include "tests/fixture.hpp"
#include "tests/torch_catch.hpp"

using namespace evenray;

namespace {

using Values = std::vector<std::pair<std::string, double>>;

Values values_of(const std::string& line) {
  const auto events = parse_run_events(line + "\n", "run");
  REQUIRE(events.size() == 1);
  CHECK(events[0].step == 5);
  return events[0].values;
}

Error damage(const std::string& text) {
  return error_of([&] { parse_run_events(text, "run/events.jsonl"); });
}

using Names = std::vector<std::string>;

Names names_below(const std::vector<Path>& folders) {
  Names names;
  for (const auto& run : read_logged_runs(folders)) names.push_back(run.name.string());
  return names;
}

}  // namespace

TEST_CASE("numbers of a line are named after its kind") {
  CHECK(values_of(R"({"step":5,"loss_d":1.5,"level":3,"rate":9,"eta_s":0})") ==
        Values{{"train/loss_d", 1.5}, {"train/level", 3}, {"train/rate", 9}, {"train/eta_s", 0}});
  CHECK(values_of(R"({"step":5,"swd":2,"kept":true,"leaks":["a"],"why":"x"})") ==
        Values{{"eval/swd", 2}});
  CHECK(values_of(R"({"step":5,"val_auprc":0.25})") == Values{{"val/auprc", .25}});
  CHECK(values_of(R"({"step":5,"retry":1,"diverged_at":8})") ==
        Values{{"retry/retry", 1}, {"retry/diverged_at", 8}});
  const Values floor = values_of(R"({"step":5,"floor":null})");
  REQUIRE(floor.size() == 1);
  CHECK(floor[0].first == "eval/floor");
  CHECK(std::isnan(floor[0].second));
}

TEST_CASE("a last line that is cut is left out, another damaged line is named") {
  CHECK(parse_run_events("", "run").empty());
  CHECK(parse_run_events("{\"step\":1}", "run").empty());
  CHECK(parse_run_events("{\"step\":1}\n{\"step\":2,\"lo", "run").size() == 1);
  for (const std::string bad : {R"({"step":2,"lo)",
                                R"([2])",
                                R"({"loss":2})",
                                R"({"step":2.5})",
                                R"({"step":-1})",
                                R"({"step":18446744073709551615})",
                                R"({"step":1e999})",
                                ""}) {
    CAPTURE(bad);
    const Error error = damage("{\"step\":1}\n" + bad + "\n{\"step\":3}\n");
    CHECK(error.code() == Exit::bad_data);
    CHECK(contains(error.what(), "run/events.jsonl:2: damaged"));
  }
}

TEST_CASE("runs are named by their path below the folder") {
  const ScratchFolder scratch;
  for (const char* run :
       {"study/cells/b/classifier", "study/cells/a", "one", "one/parent", "x/one"})
    write_text(scratch / run / "events.jsonl", "{\"step\":1,\"loss\":1}\n");
  CHECK(names_below({scratch / "study"}) == Names{"cells/a", "cells/b/classifier"});
  CHECK(names_below({scratch / "study/"}) == Names{"cells/a", "cells/b/classifier"});
  CHECK(names_below({scratch / "one"}) == Names{"one", "one/parent"});
  CHECK(names_below({scratch / "study/cells/../../one/"}) == Names{"one", "one/parent"});
  CHECK(names_below({scratch / "study/cells", scratch / "one"}) ==
        Names{"cells/a", "cells/b/classifier", "one", "one/parent"});
  CHECK(names_below({scratch / "one", scratch / "x/one"}) == Names{"one", "one/parent", "one-2"});
}

TEST_CASE("folders without runs are missing input") {
  const ScratchFolder scratch;
  write_text(scratch / "file", "");
  make_folder(scratch / "empty");
  write_text(scratch / "run/events.jsonl", "");
  CHECK(read_logged_runs({scratch / "run"})[0].events.empty());
  for (const char* name : {"none", "file", "empty"}) {
    CAPTURE(name);
    const Error error = error_of([&] { read_logged_runs({scratch / "run", scratch / name}); });
    CHECK(error.code() == Exit::missing_input);
    CHECK(contains(error.what(), name));
  }
}
