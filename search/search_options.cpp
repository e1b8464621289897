// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "core/text.hpp"
#include "search/search.hpp"

namespace evenray {

void SearchOptions::fields(Fields& f) {
  f("trials", trials, "points that a search tries");
  f("sampler", sampler, "random, or tpe (tree-structured Parzen estimator)");
  f("startup", startup, "random points before tpe proposes");
  f("rungs",
    rungs,
    "lengths of a trial (successive halving): all start with the shortest, the best go on; 1: all "
    "trials are whole");
  f("eta", eta, "ratio of one length to the next; one trial in this many goes on");
  f("space",
    space,
    "what is chosen: KEY=LOW..HIGH, with the words log or whole behind it, or KEY=WORD|WORD");
}

void SearchOptions::check() const {
  evenray::check(trials > 0 && trials <= 100000, Exit::config, "tune.trials must be 1 to 100000");
  evenray::check(sampler == "random" || sampler == "tpe",
                 Exit::config,
                 unknown_name("tune.sampler", sampler, {"random", "tpe"}));
  evenray::check(startup > 0, Exit::config, "tune.startup must be above 0");
  evenray::check(rungs > 0 && rungs <= 10, Exit::config, "tune.rungs must be 1 to 10");
  evenray::check(eta >= 2 && eta <= 100, Exit::config, "tune.eta must be 2 to 100");
  evenray::check(!space.empty(), Exit::config, "tune.space must name a setting");
  std::vector<std::string> keys;
  for (const auto& text : space) keys.push_back(parse_dimension(text).key);
  std::sort(keys.begin(), keys.end());
  const auto twice = std::adjacent_find(keys.begin(), keys.end());
  evenray::check(twice == keys.end(),
                 Exit::config,
                 twice == keys.end() ? "" : cat("tune.space names ", *twice, " twice"));
}

double SearchOptions::share(int64_t rung) const {
  return std::pow(eta, static_cast<double>(rung - rungs + 1));
}

double SearchOptions::cost() const {
  double whole = 0, kept = static_cast<double>(trials);
  for (int64_t rung = 0; rung < rungs; ++rung) {
    whole += kept * share(rung);
    kept = std::max(1., std::floor(kept / eta));
  }
  return whole;
}

}  // namespace evenray
