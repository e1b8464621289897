// SPDX-License-Identifier: Apache-2.0
#include "study/compare.hpp"

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "core/parallel.hpp"
#include "core/text.hpp"
#include "metrics/stats.hpp"
#include "settings/arms.hpp"

namespace evenray {
namespace {

using Values = std::vector<double>;

/// Returns, for each arm, the means over the seeds. `times`: how often each seed was drawn. The
/// variance of the mean of S seeds drawn from S with replacement is too small by the factor
/// (S - 1) / S. Its difference from the mean of all seeds is therefore multiplied by the square
/// root of S / (S - 1).
std::vector<Values> means(const std::vector<ArmRuns>& arms,
                          const std::vector<double>& weights,
                          const std::vector<int64_t>& times) {
  const auto seeds = static_cast<double>(times.size());
  const double widen = seeds > 1 ? std::sqrt(seeds / (seeds - 1)) : 1;
  std::vector<Values> out;
  for (const auto& arm : arms) {
    const size_t keys = arm.seeds[0].keys.size();
    Values all(keys), drawn(keys);
    for (size_t seed = 0; seed < arm.seeds.size(); ++seed) {
      const Values values = arm.seeds[seed].values(weights);
      for (size_t m = 0; m < values.size(); ++m) {
        all[m] += values[m] / seeds;
        drawn[m] += values[m] * static_cast<double>(times[seed]) / seeds;
      }
    }
    Values& mean = out.emplace_back(keys);
    for (size_t m = 0; m < mean.size(); ++m) mean[m] = all[m] + widen * (drawn[m] - all[m]);
  }
  return out;
}

/// Removes the draws whose value is undefined, for example because they have no positives.
std::vector<double> finite(std::vector<double> draws) {
  std::erase_if(draws, [](double value) { return !std::isfinite(value); });
  return draws;
}

std::vector<double> column(const std::vector<std::vector<Values>>& draws,
                           size_t arm,
                           size_t metric) {
  std::vector<double> out;
  for (const auto& draw : draws) out.push_back(draw[arm][metric]);
  return out;
}

/// Returns [low,high]; null if there is no interval.
Json interval_json(const Support& support, const std::vector<double>& draws) {
  const Interval interval = support.interval(draws);
  if (!std::isfinite(interval.low)) return nullptr;
  return {interval.low, interval.high};
}

/// The interval of a rate, clipped to 0..1, because the factor in means() may move it outside.
Json rate_interval_json(const Support& support, const std::vector<double>& draws) {
  Json interval = interval_json(support, draws);
  for (auto& bound : interval) bound = std::clamp(bound.get<double>(), 0., 1.);
  return interval;
}

struct Pair {
  size_t first, second;
  bool primary;
};

/// The contrast first, then every arm against oversample and against real.
std::vector<Pair> pairs(const ComparisonInput& input) {
  const auto index = [&](const std::string& name) {
    const auto found = std::find_if(
        input.arms.begin(), input.arms.end(), [&](const ArmRuns& arm) { return arm.arm == name; });
    return static_cast<size_t>(found - input.arms.begin());
  };
  const size_t none = input.arms.size();
  std::vector<Pair> out;
  const auto add = [&](size_t first, size_t second, bool primary) {
    const bool known = std::any_of(out.begin(), out.end(), [&](const Pair& pair) {
      return (pair.first == first && pair.second == second) ||
             (pair.first == second && pair.second == first);
    });
    if (first != second && first < none && second < none && !known)
      out.push_back({first, second, primary});
  };
  const auto [named_first, named_second] = parse_contrast(input.contrast);
  add(index(named_first), index(named_second), true);
  for (const char* reference : {"oversample", "real"}) {
    for (size_t arm = 0; arm < none; ++arm) add(arm, index(reference), false);
  }
  return out;
}

Json differences_json(const ComparisonInput& input,
                      const std::vector<Values>& values,
                      const std::vector<std::vector<Values>>& draws) {
  const auto& keys = input.arms[0].seeds[0].keys;
  const auto& supports = input.arms[0].seeds[0].supports;
  const auto compared = pairs(input);
  Json out = Json::array();
  for (const auto& pair : compared) {
    out.push_back({{"first", input.arms[pair.first].arm},
                   {"second", input.arms[pair.second].arm},
                   {"primary", pair.primary},
                   {"metrics", Json::object()}});
  }
  for (size_t m = 0; m < keys.size(); ++m) {
    const Support& support = supports[m];
    std::vector<double> exploratory;
    for (size_t i = 0; i < compared.size(); ++i) {
      auto difference = column(draws, compared[i].first, m);
      const auto second = column(draws, compared[i].second, m);
      for (size_t k = 0; k < difference.size(); ++k) difference[k] -= second[k];
      const double p = support.has_interval() ? bootstrap_p(difference) : NAN;
      if (!compared[i].primary) exploratory.push_back(p);
      out[i]["metrics"][keys[m]] = {
          {"value", values[compared[i].first][m] - values[compared[i].second][m]},
          {"ci", interval_json(support, difference)},
          {"standard_error", standard_deviation(finite(difference))},
          {"p", p}};
    }
    const auto adjusted = holm(exploratory);
    size_t next = 0;
    for (size_t i = 0; i < compared.size(); ++i) {
      if (!compared[i].primary) out[i]["metrics"][keys[m]]["p_holm"] = adjusted[next++];
    }
  }
  return out;
}

}  // namespace

Json compare_arms(const ComparisonInput& input, int threads) {
  if (input.arms.empty()) {
    return {{"metrics", Json::array()},
            {"arms", Json::array()},
            {"differences", Json::array()},
            {"detectable", nullptr}};
  }
  const Scored& any = input.arms[0].seeds[0];
  for (const auto& arm : input.arms)
    for (const auto& scored : arm.seeds)
      check(scored.rows == any.rows, Exit::bad_data, "cells were measured on different test rows");
  const auto& keys = any.keys;
  const size_t seeds = input.arms[0].seeds.size();
  const auto values = means(input.arms, {}, std::vector<int64_t>(seeds, 1));

  const GroupBootstrap bootstrap(any.groups, any.strata);
  const Rng rng(input.seed);
  std::vector<std::vector<Values>> draws(static_cast<size_t>(input.draws));
  parallel_for(draws.size(), threads, [&](size_t k) {
    Rng pick = rng.fork("seeds", k);
    std::vector<int64_t> times(seeds, 0);
    for (size_t s = 0; s < seeds; ++s) ++times[pick.below(seeds)];
    draws[k] = means(input.arms, bootstrap.row_weights(rng.fork("groups"), k), times);
  });

  Json arms = Json::array();
  for (size_t a = 0; a < input.arms.size(); ++a) {
    Json metrics;
    for (size_t m = 0; m < keys.size(); ++m) {
      Json by_seed = Json::array();
      for (const auto& scored : input.arms[a].seeds) by_seed.push_back(scored.values({})[m]);
      metrics[keys[m]] = {{"value", values[a][m]},
                          {"ci", rate_interval_json(any.supports[m], column(draws, a, m))},
                          {"seeds", by_seed}};
    }
    arms.push_back({{"arm", input.arms[a].arm}, {"metrics", metrics}});
  }
  Json out{{"metrics", keys},
           {"arms", arms},
           {"differences", differences_json(input, values, draws)},
           {"groups", bootstrap.groups()},
           {"draws", input.draws},
           {"caution", any.supports[0].caution()}};
  Json detectable;
  if (any.supports[0].has_interval() && !out["differences"].empty() &&
      out["differences"][0]["primary"]) {
    for (const auto& metric : keys) {
      detectable[metric] =
          kPower80 * out["differences"][0]["metrics"][metric]["standard_error"].get<double>();
    }
  }
  out["detectable"] = detectable;
  return out;
}

}  // namespace evenray
