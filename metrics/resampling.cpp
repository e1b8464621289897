// SPDX-License-Identifier: Apache-2.0
#include "metrics/resampling.hpp"

#include <algorithm>
#include <cmath>

#include "core/parallel.hpp"
#include "core/text.hpp"
#include "metrics/stats.hpp"
#include "metrics/text.hpp"

namespace evenray {

Replicates resample(const std::vector<std::string>& groups,
                    const Resampling& options,
                    size_t keys,
                    const std::function<std::vector<double>(std::span<const double>)>& values,
                    const std::vector<std::string>& strata) {
  const GroupBootstrap bootstrap(groups, strata);
  const Rng rng(options.seed);
  const auto draws = static_cast<size_t>(std::max<int64_t>(0, options.draws));
  Replicates replicates(keys, std::vector<double>(draws));
  parallel_for(draws, options.threads, [&](size_t draw) {
    const auto drawn = values(bootstrap.row_weights(rng, draw));
    for (size_t k = 0; k < keys; ++k) replicates[k][draw] = drawn[k];
  });
  return replicates;
}

Json resampling_json(const std::vector<std::string>& groups, const Resampling& options) {
  return {{"draws", options.draws},
          {"groups", GroupBootstrap(groups).groups()},
          {"confidence", options.confidence},
          {"seed", options.seed}};
}

Json number_json(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

Json interval_json(const std::vector<double>& replicates,
                   const Support& support,
                   double confidence) {
  const auto [low, high] = support.interval(replicates, confidence);
  if (!std::isfinite(low)) return nullptr;
  return {low, high};
}

Json difference_json(double first,
                     double second,
                     double difference,
                     const std::vector<double>& replicates,
                     const Support& support,
                     double confidence) {
  const bool drawn = std::isfinite(difference) && !replicates.empty() && support.has_interval();
  return {{"first", number_json(first)},
          {"second", number_json(second)},
          {"difference", number_json(difference)},
          {"ci", drawn ? interval_json(replicates, support, confidence) : Json(nullptr)},
          {"p", drawn ? Json(bootstrap_p(replicates)) : Json(nullptr)}};
}

void Cautions::add(const std::string& name, const Support& support) {
  const std::string caution = support.caution();
  if (caution.empty()) return;
  auto same = std::find_if(
      names_of_.begin(), names_of_.end(), [&](const auto& one) { return one.first == caution; });
  if (same == names_of_.end()) same = names_of_.insert(same, {caution, {}});
  if (std::count(same->second.begin(), same->second.end(), name) == 0) same->second.push_back(name);
}

Json Cautions::json() const {
  Json out = Json::array();
  for (const auto& [caution, names] : names_of_) out.push_back(cat(join(names), ": ", caution));
  return out;
}

std::string resampling_text(const Json& resampling) {
  if (resampling["draws"].get<int64_t>() <= 0) return "";
  return cat("; [",
             short_number(resampling["confidence"].get<double>() * 100),
             " % interval, ",
             resampling["draws"].get<int64_t>(),
             " draws of ",
             resampling["groups"].get<int64_t>(),
             " groups]");
}

std::string cautions_text(const Json& cautions) {
  std::string text;
  for (const auto& caution : cautions) text += cat("caution: ", caution.get<std::string>(), "\n");
  return text;
}

}  // namespace evenray
