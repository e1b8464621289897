// SPDX-License-Identifier: Apache-2.0
#include "augment/balance_report.hpp"

#include <algorithm>
#include <numeric>

#include "dataset/summary/imbalance.hpp"

namespace evenray {
namespace {

int64_t total(const BalanceTally::ByOrigin& counts) {
  return std::accumulate(counts.begin(), counts.end(), int64_t{0});
}

Json counts_json(const std::vector<std::string>& class_names,
                 const std::vector<BalanceTally::ByOrigin>& counts) {
  Json out = Json::object();
  for (size_t c = 0; c < class_names.size(); ++c) {
    Json& entry = out[class_names[c]];
    for (size_t origin = 0; origin < counts[c].size(); ++origin)
      entry[origin_name(static_cast<Origin>(origin))] = counts[c][origin];
    entry["total"] = total(counts[c]);
  }
  return out;
}

/// Rows of the largest class divided by rows of the smallest class that is not empty.
double imbalance_ratio(const std::vector<BalanceTally::ByOrigin>& counts) {
  std::vector<int64_t> present;
  for (const auto& by_origin : counts)
    if (total(by_origin) > 0) present.push_back(total(by_origin));
  return imbalance(present).ratio;
}

/// How often each kept real row occurs: once itself, and once per row made from it.
Json multiplicity_json(const BalanceTally& tally) {
  std::map<int64_t, int64_t> histogram;
  const auto used = static_cast<int64_t>(tally.made_from.size());
  if (tally.real_rows > used) histogram[1] = tally.real_rows - used;
  int64_t most = 0;
  for (const auto& [row, made] : tally.made_from) {
    ++histogram[1 + made];
    most = std::max(most, made);
  }
  Json bars = Json::object();
  for (const auto& [times, images] : histogram) bars[std::to_string(times)] = images;
  return {{"histogram", std::move(bars)}, {"max", tally.real_rows > 0 ? 1 + most : 0}};
}

}  // namespace

void BalanceTally::count(std::vector<ByOrigin>& into,
                         const std::vector<int8_t>& labels,
                         Origin origin) const {
  for (size_t c = 0; c < into.size(); ++c)
    if (labels[c] == 1) ++into[c][static_cast<size_t>(origin)];
}

Json balance_json(const BalanceTally& tally) {
  Json rejected = Json::object();
  for (const auto& [gate, reasons] : tally.rejected)
    for (const auto& [reason, images] : reasons) rejected[gate][reason] = images;
  Json drawings = Json::array();
  for (const auto& d : tally.drawings)
    drawings.push_back({{"source", d.source},
                        {"class", d.class_name},
                        {"asked", d.asked},
                        {"tried", d.tried},
                        {"accepted", d.accepted},
                        {"boxes_dropped", d.boxes_dropped}});
  Json missing = Json::object(), replaced = Json::object();
  for (size_t c = 0; c < tally.class_names.size(); ++c) {
    if (tally.missing[c] > 0) missing[tally.class_names[c]] = tally.missing[c];
    if (tally.replaced[c] > 0) replaced[tally.class_names[c]] = tally.replaced[c];
  }
  return {{"schema", "evenray-balance-1"},
          {"before", counts_json(tally.class_names, tally.before)},
          {"after", counts_json(tally.class_names, tally.after)},
          {"rejected", std::move(rejected)},
          {"imbalance",
           {{"before", imbalance_ratio(tally.before)}, {"after", imbalance_ratio(tally.after)}}},
          {"multiplicity", multiplicity_json(tally)},
          {"sources", std::move(drawings)},
          {"missing", std::move(missing)},
          {"replaced", std::move(replaced)}};
}

}  // namespace evenray
