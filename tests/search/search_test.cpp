// SPDX-License-Identifier: Apache-2.0
#include "search/search.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <map>

#include "core/error.hpp"
#include "core/text.hpp"
#include "tests/fixture.hpp"

using namespace evenray;

namespace {

const Json kAbout{{"store", "a"}};

double setting(const std::vector<std::string>& settings, const std::string& key) {
  for (const auto& one : settings)
    if (one.starts_with(key + "=")) return std::stod(one.substr(key.size() + 1));
  throw std::runtime_error("no setting " + key);
}

/// Best at a rate of .01; longer trials score better.
double score_of(const std::vector<std::string>& settings, double share) {
  return -std::abs(std::log10(setting(settings, "classify.lr")) + 2) + share;
}

SearchOptions options_of(int64_t trials) {
  SearchOptions options;
  options.trials = trials;
  options.startup = 5;
  options.space = {"classify.lr=1e-5..1 log", "classify.mixup=0..1"};
  return options;
}

}  // namespace

TEST_CASE("what may be chosen") {
  const Dimension rate = parse_dimension("classify.lr=1e-4..1e-2 log");
  CHECK(rate.key == "classify.lr");
  CHECK(rate.log);
  CHECK(rate.low == Approx(std::log(1e-4)));
  CHECK(rate.text(std::log(.00123456)) == "0.001235");
  const Dimension count = parse_dimension("classify.minibatch=8..64 log whole");
  CHECK(count.text(std::log(15.7)) == "16");
  CHECK(count.text(count.low) == "8");
  CHECK(count.text(count.high) == "64");
  // Each integer of a range is as likely as the others.
  const Dimension digit = parse_dimension("classify.loss.gamma=-.5..2.2 whole");
  std::map<std::string, int> drawn;
  Rng rng(3);
  for (int i = 0; i < 3000; ++i) ++drawn[digit.text(digit.draw(rng))];
  CHECK(drawn.size() == 3);
  for (const auto& [text, times] : drawn) CHECK(std::abs(times - 1000) < 120);
  const Dimension words = parse_dimension("classify.sampling = natural | balanced");
  CHECK(words.choices == std::vector<std::string>{"natural", "balanced"});
  CHECK(words.text(1) == "balanced");
  for (const char* wrong :
       {"lr", "=1..2", "lr=1", "lr=2..1", "lr=0..1 log", "lr=1..2 linear", "lr=a..2"}) {
    CAPTURE(wrong);
    const Error error = error_of([&] { parse_dimension(wrong); });
    CHECK(error.code() == Exit::config);
    CHECK(contains(error.what(), wrong));
    CHECK(contains(error.what(), "write KEY=LOW..HIGH"));
  }
  SearchOptions twice = options_of(3);
  twice.space.emplace_back("classify.lr=1..2");
  CHECK(contains(error_of([&] { twice.check(); }).what(), "names classify.lr twice"));
}

TEST_CASE("trials that are best on a rung go on to the next") {
  const ScratchFolder folder;
  std::map<std::string, double> shares;
  const SearchOptions options = options_of(18);
  const SearchResult result =
      run_search(options,
                 7,
                 kAbout,
                 folder / "a" / "journal.jsonl",
                 [&](const std::string& name, const auto& settings, double share) {
                   CHECK(shares.emplace(name, share).second);
                   return score_of(settings, share);
                 });
  CHECK(result.trials.size() == 18);
  std::map<size_t, int> reached;
  for (const auto& trial : result.trials) ++reached[trial.scores.size()];
  CHECK(reached[2] + reached[3] >= 6);
  CHECK(reached[3] >= 2);
  CHECK(reached[3] <= 3);
  CHECK(shares.at("0-r0") == Approx(1. / 9));
  CHECK(result.best_trial().scores.size() == 3);
  // No other whole trial is better, and the best of the shortest ones was whole.
  for (const auto& trial : result.trials)
    if (trial.scores.size() == 3) CHECK(trial.scores[2] <= result.best_trial().scores[2]);
  CHECK(std::abs(std::log10(setting(result.best_settings(), "classify.lr")) + 2) < .7);
  CHECK(result.json()["trials"].size() == 18);
  CHECK(options.cost() == Approx(18. / 9 + 6. / 3 + 2));

  SearchOptions whole = options_of(4);
  whole.rungs = 1;
  whole.sampler = "random";
  const SearchResult all = run_search(whole,
                                      7,
                                      kAbout,
                                      folder / "b.jsonl",
                                      [](const std::string&, const auto& settings, double share) {
                                        CHECK(share == 1);
                                        return score_of(settings, share);
                                      });
  for (const auto& trial : all.trials) CHECK(trial.scores.size() == 1);
  // Fewer trials than eta: the best one is whole all the same.
  const SearchResult few = run_search(
      options_of(2),
      7,
      kAbout,
      folder / "c.jsonl",
      [](const std::string&, const auto& settings, double s) { return score_of(settings, s); });
  CHECK(few.best_trial().scores.size() == 3);
}

TEST_CASE("a search that was stopped goes on as if it had not been") {
  const ScratchFolder folder;
  const auto evaluate = [](const std::string&, const auto& settings, double share) {
    return score_of(settings, share);
  };
  const SearchOptions options = options_of(15);
  const Json whole = run_search(options, 3, kAbout, folder / "whole.jsonl", evaluate).json();
  const Path journal = folder / "stopped.jsonl";
  for (int stop : {1, 4, 6, 5}) {
    int calls = 0;
    const Error stopped = error_of([&] {
      run_search(
          options, 3, kAbout, journal, [&](const std::string& n, const auto& s, double share) {
            if (++calls > stop) throw Error(Exit::stopped, "stopped");
            return evaluate(n, s, share);
          });
    });
    CHECK(stopped.code() == Exit::stopped);
  }
  // The program was killed while it wrote a line.
  write_text(journal, read_file(journal) + "{\"trial\":");
  int again = 0;
  const Json resumed = run_search(options,
                                  3,
                                  kAbout,
                                  journal,
                                  [&](const std::string& n, const auto& s, double share) {
                                    ++again;
                                    return evaluate(n, s, share);
                                  })
                           .json();
  CHECK(resumed == whole);
  CHECK(again > 0);
  CHECK(read_file(journal) == read_file(folder / "whole.jsonl"));
  CHECK(run_search(options,
                   3,
                   kAbout,
                   journal,
                   [](const std::string&, const auto&, double) -> double {
                     throw std::runtime_error("finished searches try nothing");
                   })
            .json() == whole);

  CHECK(error_of([&] { run_search(options, 4, kAbout, journal, evaluate); }).code() ==
        Exit::config);
  CHECK(error_of([&] { run_search(options_of(16), 3, kAbout, journal, evaluate); }).code() ==
        Exit::config);
  CHECK(error_of([&] {
          run_search(options, 3, Json{{"store", "b"}}, journal, evaluate);
        }).code() == Exit::config);
  const Path empty = folder / "empty.jsonl";
  write_text(empty, "");
  CHECK(run_search(options, 3, kAbout, empty, evaluate).json() == whole);
  CHECK(read_file(empty) == read_file(folder / "whole.jsonl"));
  write_text(journal, read_file(journal) + "{\"trial\":99,\"rung\":0,\"score\":1}\n");
  const Error damaged = error_of([&] { run_search(options, 3, kAbout, journal, evaluate); });
  CHECK(damaged.code() == Exit::bad_data);
  CHECK(contains(damaged.what(), "stopped.jsonl line "));
}

TEST_CASE("trials that fail are the worst") {
  const ScratchFolder folder;
  const SearchResult result =
      run_search(options_of(12),
                 5,
                 kAbout,
                 folder / "some.jsonl",
                 [](const std::string&, const auto& settings, double share) {
                   const bool fails = setting(settings, "classify.lr") > 1e-3;
                   return fails ? NAN : score_of(settings, share);
                 });
  CHECK(setting(result.best_settings(), "classify.lr") <= 1e-3);
  CHECK(result.json().dump().find("null") != std::string::npos);
  const Error error = error_of([&] {
    run_search(options_of(3),
               5,
               kAbout,
               folder / "all.jsonl",
               [](const std::string&, const auto&, double) { return NAN; });
  });
  CHECK(error.code() == Exit::bad_data);
  CHECK(contains(error.what(), "all trials failed"));
}
