// SPDX-License-Identifier: Apache-2.0
#include "augment/balance_report.hpp"

#include <algorithm>
#include <numeric>

#include "core/text.hpp"
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

/// Returns how often a row is used: the median and the maximum of times -> rows; 0 without rows.
std::pair<int64_t, int64_t> median_and_most(const std::map<int64_t, int64_t>& times) {
  int64_t rows = 0, seen = 0;
  for (const auto& [count, images] : times) rows += images;
  for (const auto& [count, images] : times) {
    seen += images;
    if (2 * seen >= rows) return {count, times.rbegin()->first};
  }
  return {0, 0};
}

/// How often each kept real row occurs: once itself, and once per row made from it.
Json multiplicity_json(const BalanceTally& tally) {
  Json bars = Json::object(), classes = Json::object();
  for (const auto& [times, images] : tally.times) bars[std::to_string(times)] = images;
  for (size_t c = 0; c < tally.class_names.size(); ++c) {
    const auto [median, most] = median_and_most(tally.class_times[c]);
    classes[tally.class_names[c]] = {{"median", median}, {"max", most}};
  }
  return {{"histogram", std::move(bars)},
          {"max", median_and_most(tally.times).second},
          {"classes", std::move(classes)}};
}

std::vector<int64_t> totals(const std::vector<BalanceTally::ByOrigin>& counts) {
  std::vector<int64_t> out;
  for (const auto& by_origin : counts) out.push_back(total(by_origin));
  return out;
}

/// How labels occur together before and after, and the rows that concurrence adds to a class beyond
/// its target; null if classes exclude each other.
Json labels_json(const BalanceTally& tally) {
  if (tally.labels_before.empty()) return nullptr;
  const Imbalance before = imbalance(totals(tally.before)), after = imbalance(totals(tally.after));
  const auto measures = [](const Imbalance& of, const std::vector<std::vector<int8_t>>& labels) {
    return Json{{"mean_ir", of.mean_ir}, {"scumble", concurrence(labels, of.irlbl).scumble}};
  };
  Json classes = Json::object();
  for (size_t c = 0; c < tally.class_names.size(); ++c) {
    Json& entry = classes[tally.class_names[c]] = {{"irlbl_before", before.irlbl[c]},
                                                   {"irlbl_after", after.irlbl[c]}};
    if (tally.targets.empty()) continue;
    entry["target"] = tally.targets[c];
    entry["beyond"] = std::max<int64_t>(0, total(tally.after[c]) - tally.targets[c]);
  }
  return {{"before", measures(before, tally.labels_before)},
          {"after", measures(after, tally.labels_after)},
          {"classes", std::move(classes)}};
}

Json rejected_json(const std::map<std::string, std::map<std::string, int64_t>>& rejected) {
  Json out = Json::object();
  for (const auto& [gate, reasons] : rejected)
    for (const auto& [reason, images] : reasons) out[gate][reason] = images;
  return out;
}

std::string labels_text(const Json& labels) {
  std::string out = cat("MeanIR: ",
                        fixed(labels.at("before").at("mean_ir"), 2),
                        " before, ",
                        fixed(labels.at("after").at("mean_ir"), 2),
                        " after; SCUMBLE: ",
                        fixed(labels.at("before").at("scumble"), 3),
                        " before, ",
                        fixed(labels.at("after").at("scumble"), 3),
                        " after\n");
  std::vector<std::string> beyond;
  for (const auto& [name, entry] : labels.at("classes").items())
    if (const auto rows = entry.value("beyond", int64_t{0}); rows > 0)
      beyond.push_back(cat(name, " by ", rows));
  if (!beyond.empty())
    out += cat(
        "above their targets, because images of rarer classes show them too: ", join(beyond), "\n");
  return out;
}

}  // namespace

void BalanceTally::count(std::vector<ByOrigin>& into,
                         const std::vector<int8_t>& labels,
                         Origin origin) const {
  for (size_t c = 0; c < into.size(); ++c)
    if (labels[c] == 1) ++into[c][static_cast<size_t>(origin)];
}

void BalanceTally::add(const std::vector<int8_t>& labels, Origin origin) {
  count(after, labels, origin);
  if (!labels_before.empty()) labels_after.push_back(labels);
}

void BalanceTally::end(const RowUse& use) {
  times = use.times(-1);
  for (size_t c = 0; c < class_names.size(); ++c)
    class_times.push_back(use.times(static_cast<int>(c)));
}

Json balance_json(const BalanceTally& tally) {
  std::map<std::string, std::map<std::string, int64_t>> rejected;
  Json drawings = Json::array(), limits = Json::array(), cautions = Json::array();
  for (const auto& d : tally.drawings) {
    for (const auto& [gate, reasons] : d.rejected)
      for (const auto& [reason, images] : reasons) rejected[gate][reason] += images;
    drawings.push_back({{"source", d.source},
                        {"class", d.class_name},
                        {"share", d.share},
                        {"by_share", d.by_share},
                        {"asked", d.asked},
                        {"tried", d.tried},
                        {"accepted", d.accepted},
                        {"boxes_dropped", d.boxes_dropped},
                        {"rejected", rejected_json(d.rejected)}});
  }
  for (const auto& limit : tally.limits)
    limits.push_back({{"class", limit.class_name}, {"limit", limit.name}, {"text", limit.text}});
  for (const auto& [source, text] : tally.cautions)
    cautions.push_back({{"source", source}, {"text", text}});
  Json missing = Json::object(), replaced = Json::object();
  for (size_t c = 0; c < tally.class_names.size(); ++c) {
    if (tally.missing[c] > 0) missing[tally.class_names[c]] = tally.missing[c];
    if (tally.replaced[c] > 0) replaced[tally.class_names[c]] = tally.replaced[c];
  }
  Json out{{"schema", "evenray-balance-1"},
           {"before", counts_json(tally.class_names, tally.before)},
           {"after", counts_json(tally.class_names, tally.after)},
           {"rejected", rejected_json(rejected)},
           {"imbalance",
            {{"before", imbalance_ratio(tally.before)}, {"after", imbalance_ratio(tally.after)}}},
           {"multiplicity", multiplicity_json(tally)},
           {"sources", std::move(drawings)},
           {"limits", std::move(limits)},
           {"cautions", std::move(cautions)},
           {"missing", std::move(missing)},
           {"replaced", std::move(replaced)}};
  if (Json labels = labels_json(tally); !labels.is_null()) out["labels"] = std::move(labels);
  return out;
}

Json forecast_json(const BalanceTally& tally, const Plan& plan) {
  Json out = balance_json(tally);
  out["schema"] = "evenray-balance-plan-1";
  out.erase("rejected");
  for (Json& source : out["sources"])
    for (const char* key : {"tried", "boxes_dropped", "rejected"}) source.erase(key);
  for (size_t c = 0; c < tally.class_names.size(); ++c)
    out["classes"][tally.class_names[c]] = {{"before", plan.before[c]}, {"added", plan.added[c]}};
  return out;
}

int64_t rows_for_others(const Json& balance, const std::string& class_name) {
  int64_t rows = balance.at("after").at(class_name).at("total").get<int64_t>() -
                 balance.at("before").at(class_name).at("total").get<int64_t>() +
                 balance.at("replaced").value(class_name, int64_t{0});
  for (const Json& source : balance.at("sources"))
    if (source.at("class") == class_name) rows -= source.at("accepted").get<int64_t>();
  return rows;
}

std::string balance_text(const Json& balance) {
  std::string out;
  for (const auto& [name, before] : balance.at("before").items()) {
    const int64_t from = before.at("total"), to = balance.at("after").at(name).at("total");
    int64_t drawn = 0;
    for (const Json& source : balance.at("sources"))
      if (source.at("class") == name) drawn += source.at("accepted").get<int64_t>();
    out += cat(name, ": ", from, " + ", to - from, " = ", to, "\n");
    for (const Json& source : balance.at("sources")) {
      if (source.at("class") != name) continue;
      const int64_t rows = source.at("accepted");
      out += cat("  ", name, ": ", rows, " from ", source.at("source").get<std::string>());
      const double share = source.at("share");
      if (share > 0 && share < 1)
        out += cat(" (",
                   share_text(double(rows) / double(drawn)),
                   " of the added rows; asked: ",
                   share_text(share),
                   ")");
      out += "\n";
    }
    if (const int64_t more = rows_for_others(balance, name); more > 0)
      out += cat("  ", name, ": ", more, " as a further label of rows for other classes\n");
  }
  const Json& imbalance = balance.at("imbalance");
  out += cat("imbalance: ",
             fixed(imbalance.at("before"), 2),
             " before, ",
             fixed(imbalance.at("after"), 2),
             " after\n");
  if (balance.contains("labels")) out += labels_text(balance.at("labels"));
  std::vector<std::string> uses;
  for (const auto& [name, use] : balance.at("multiplicity").at("classes").items())
    if (use.at("max") > 0)
      uses.push_back(cat(name, " ", use.at("median"), " (at most ", use.at("max"), ")"));
  out += cat("uses of one real image (itself and rows made from it), median: ", join(uses), "\n");
  for (const Json& limit : balance.at("limits"))
    out +=
        cat(limit.at("class").get<std::string>(), ": ", limit.at("text").get<std::string>(), "\n");
  if (!balance.contains("rejected")) return out;
  for (const auto& [gate, reasons] : balance.at("rejected").items())
    for (const auto& [reason, count] : reasons.items())
      out += cat("rejected by ", gate, ", ", reason, ": ", count, "\n");
  return out;
}

}  // namespace evenray
