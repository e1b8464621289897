// SPDX-License-Identifier: Apache-2.0
#include "augment/plan.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "core/error.hpp"
#include "core/text.hpp"

namespace evenray {
namespace {

const std::vector<std::string> kStrategies = {
    "auto", "minority", "not minority", "not majority", "all"};

void add_ratio(Plan& plan, double ratio, size_t majority, const std::string& strategy) {
  const auto present =
      std::count_if(plan.before.begin(), plan.before.end(), [](int64_t n) { return n > 0; });
  if (present != 2)
    throw Error(Exit::bad_data,
                cat("strategy ",
                    strategy,
                    ": a ratio needs two classes with rows, but ",
                    present,
                    " have rows; use class=count,... instead"));
  for (size_t c = 0; c < plan.before.size(); ++c) {
    if (c == majority || plan.before[c] == 0) continue;
    const double target = static_cast<double>(plan.before[majority]) * ratio;
    plan.added[c] = static_cast<int64_t>(target - static_cast<double>(plan.before[c]));
    if (plan.added[c] <= 0)
      throw Error(Exit::bad_data,
                  cat("strategy ",
                      strategy,
                      ": the smaller class has ",
                      plan.before[c],
                      " rows and the larger ",
                      plan.before[majority],
                      ", already a ratio of ",
                      fixed(double(plan.before[c]) / double(plan.before[majority]), 3),
                      "; choose a larger ratio, up to 1"));
  }
}

/// Parses "a=3,b=5" into pairs. Throws 2.
std::vector<std::pair<std::string, int64_t>> parse_targets(const std::string& strategy) {
  std::vector<std::pair<std::string, int64_t>> targets;
  for (const std::string& part : split_text(strategy, ',')) {
    const size_t at = part.rfind('=');
    int64_t target = 0;
    if (at == std::string::npos || !parse_int(trim(part.substr(at + 1)), target) || target < 0)
      throw Error(Exit::usage, cat("strategy: '", part, "' is not class=count"));
    targets.emplace_back(trim(part.substr(0, at)), target);
  }
  return targets;
}

void add_targets(Plan& plan,
                 const std::vector<std::string>& class_names,
                 const std::string& strategy) {
  for (const auto& [name, target] : parse_targets(strategy)) {
    const auto found = std::find(class_names.begin(), class_names.end(), name);
    if (found == class_names.end())
      throw Error(Exit::bad_data, "strategy: " + unknown_name("class", name, class_names));
    const auto c = static_cast<size_t>(found - class_names.begin());
    if (target < plan.before[c])
      throw Error(Exit::bad_data,
                  cat("strategy: class '",
                      name,
                      "' has ",
                      plan.before[c],
                      " rows, more than the target ",
                      target,
                      "; balancing only adds rows"));
    plan.added[c] = target - plan.before[c];
  }
}

/// Divides n into whole parts in proportion to the weights, by largest remainders; of equal
/// remainders the first wins.
std::vector<int64_t> deal(int64_t n, const std::vector<double>& weights) {
  const double sum = std::accumulate(weights.begin(), weights.end(), 0.);
  std::vector<int64_t> parts(weights.size());
  if (sum <= 0 || n <= 0) return parts;
  std::vector<std::pair<double, size_t>> remainders;
  int64_t dealt = 0;
  for (size_t i = 0; i < weights.size(); ++i) {
    const double exact = static_cast<double>(n) * weights[i] / sum;
    parts[i] = static_cast<int64_t>(exact + 1e-9);
    dealt += parts[i];
    remainders.emplace_back(static_cast<double>(parts[i]) - exact, i);
  }
  std::sort(remainders.begin(), remainders.end());
  for (size_t i = 0; dealt < n; ++i, ++dealt) ++parts[remainders[i % remainders.size()].second];
  return parts;
}

}  // namespace

void BalanceOptions::fields(Fields& f) {
  f("strategy",
    strategy,
    "target counts: auto, minority, not minority, not majority, all, a ratio, or class=count,...; "
    "for images with several labels also ml-ros=PERCENT or lp-ros=PERCENT");
  f("sources",
    sources,
    "sources of the added rows: copy, augment:POLICY, gan:PATH, each with or without @SHARE");
  f("near_duplicate",
    near_duplicate,
    "reject synthetic images that correlate above this with a training image; 0: off");
  f("memorised",
    memorised,
    "reject synthetic images that are nearer to a training image than 95 % of held-out ones");
  f("decisions",
    decisions,
    "reject the images that people rejected: a CSV file of `serve --store`; empty: none");
  f("max_factor",
    max_factor,
    "maximum number of copies and augmented rows made from one image; 0: no limit");
  f("max_synthetic",
    max_synthetic,
    "maximum number of synthetic images per real image of the class");
  f("allow_resize",
    allow_resize,
    "accept a generator of another size than the store's and resize its images");
  f("allow_weak",
    allow_weak,
    "accept a generator whose verdict is `not usable yet`, or that has no verdict");
}

void BalanceOptions::check() const {
  const auto fail = [](const std::string& what) { throw Error(Exit::config, "balance." + what); };
  if (!(near_duplicate >= 0 && near_duplicate <= 1)) fail("near_duplicate must lie in 0..1");
  if (!(max_factor == 0 || (max_factor >= 1 && max_factor <= 1e9)))
    fail("max_factor must be 0 (no limit) or lie in 1..1e9");
  if (!(max_synthetic >= 0 && max_synthetic <= 1e9)) fail("max_synthetic must lie in 0..1e9");
  if (sources.empty()) fail("sources must name at least one source");
  // Parsed here, before a store is read, so that a study with a wrong word fails at once.
  try {
    source_shares(parse_sources(sources));
    if (strategy.find('=') == std::string::npos || parse_cloning(strategy)) {
      make_plan({1, 1}, {"", ""}, strategy);
    } else {
      parse_targets(strategy);
    }
  } catch (const Error& error) {
    if (error.code() == Exit::usage) throw Error(Exit::config, cat("balance: ", error.what()));
  }
}

std::optional<Cloning> parse_cloning(const std::string& strategy) {
  const size_t at = strategy.find('=');
  Cloning cloning{strategy.substr(0, at)};
  if (cloning.method != "ml-ros" && cloning.method != "lp-ros") return std::nullopt;
  const bool parsed =
      at == std::string::npos || parse_double(strategy.substr(at + 1), cloning.percent);
  if (!parsed || !(cloning.percent > 0 && cloning.percent <= 1000))
    throw Error(Exit::usage,
                cat("strategy ",
                    strategy,
                    ": the rows to add are given in percent of the training rows, above 0 and at "
                    "most 1000: ",
                    cloning.method,
                    "=25"));
  return cloning;
}

Plan make_plan(const std::vector<int64_t>& counts,
               const std::vector<std::string>& class_names,
               const std::string& strategy) {
  Plan plan{counts, std::vector<int64_t>(counts.size()), {}};
  if (const auto cloning = parse_cloning(strategy)) {
    plan.cloning = *cloning;
    return plan;
  }
  if (strategy.find('=') != std::string::npos) {
    add_targets(plan, class_names, strategy);
    return plan;
  }
  double ratio = 0;
  const bool is_ratio = parse_double(strategy, ratio);
  if (is_ratio && !(ratio > 0 && ratio <= 1))
    throw Error(Exit::usage, cat("strategy ", strategy, ": a ratio must be above 0 and at most 1"));
  if (!is_ratio && std::find(kStrategies.begin(), kStrategies.end(), strategy) == kStrategies.end())
    throw Error(Exit::usage,
                unknown_name("strategy", strategy, kStrategies) +
                    ", a ratio, class=count,..., ml-ros or lp-ros");
  // Of classes with equal counts the first one wins, as in imbalanced-learn.
  size_t majority = counts.size(), minority = counts.size();
  for (size_t c = 0; c < counts.size(); ++c) {
    if (counts[c] == 0) continue;
    if (majority == counts.size() || counts[c] > counts[majority]) majority = c;
    if (minority == counts.size() || counts[c] < counts[minority]) minority = c;
  }
  if (majority == counts.size())
    throw Error(Exit::bad_data, "balance: no class has a training row");
  if (is_ratio) {
    add_ratio(plan, ratio, majority, strategy);
    return plan;
  }
  for (size_t c = 0; c < counts.size(); ++c) {
    const bool selected = strategy == "minority"       ? c == minority
                          : strategy == "not minority" ? c != minority
                                                       : true;
    if (selected && counts[c] > 0) plan.added[c] = counts[majority] - counts[c];
  }
  return plan;
}

std::vector<ParsedSource> parse_sources(const std::vector<std::string>& sources) {
  std::vector<ParsedSource> parsed;
  for (const std::string& text : sources) {
    ParsedSource source{text, -1};
    const size_t at = text.rfind('@');
    double share = 0;
    if (at != std::string::npos && parse_double(text.substr(at + 1), share)) {
      if (!(share >= 0 && share <= 1))
        throw Error(Exit::usage, cat("source ", text, ": a share must lie in 0..1"));
      source = {text.substr(0, at), share};
    }
    if (source.name.empty()) throw Error(Exit::usage, cat("source '", text, "' has no name"));
    for (const ParsedSource& other : parsed)
      if (other.name == source.name)
        throw Error(Exit::usage,
                    cat("source ", source.name, " is named twice: it would draw the same images"));
    parsed.push_back(std::move(source));
  }
  return parsed;
}

std::vector<double> source_shares(const std::vector<ParsedSource>& sources) {
  double given = 0;
  int open = 0;
  for (const ParsedSource& source : sources)
    source.share < 0 ? void(++open) : void(given += source.share);
  if (given > 1 + 1e-9 || (open == 0 && given < 1 - 1e-9))
    throw Error(Exit::usage, cat("the sources' shares sum to ", given, ", not to 1"));
  std::vector<double> shares;
  for (const ParsedSource& source : sources)
    shares.push_back(source.share < 0 ? std::max(0., 1 - given) / open : source.share);
  return shares;
}

Allotment allot(int64_t need,
                const std::vector<double>& shares,
                const std::vector<bool>& synthetic,
                int64_t synthetic_cap,
                int64_t derived_cap) {
  std::vector<double> of_synthetic(shares), of_derived(shares);
  bool any_synthetic = false, any_derived = false;
  for (size_t i = 0; i < shares.size(); ++i) {
    (synthetic[i] ? of_derived : of_synthetic)[i] = 0;
    (synthetic[i] ? any_synthetic : any_derived) = true;
  }
  int64_t made = 0;
  const std::vector<int64_t> wished = deal(need, shares);
  for (size_t i = 0; i < shares.size(); ++i) made += synthetic[i] ? wished[i] : 0;
  made = std::min(made, synthetic_cap);
  int64_t derived = need - made;
  if (derived_cap >= 0) derived = std::min(derived, derived_cap);
  if (any_synthetic) made = std::min(need - derived, synthetic_cap);

  // If all sources of a kind have share 0, they divide the rows that moved to their kind equally.
  const auto or_equal = [&](std::vector<double>& weights, bool of) {
    if (std::accumulate(weights.begin(), weights.end(), 0.) > 0) return;
    for (size_t i = 0; i < weights.size(); ++i) weights[i] = synthetic[i] == of ? 1 : 0;
  };
  or_equal(of_synthetic, true);
  or_equal(of_derived, false);
  Allotment out{wished, deal(made, of_synthetic), any_derived ? 0 : derived, need - made - derived};
  const std::vector<int64_t> rest = deal(derived, of_derived);
  for (size_t i = 0; i < rest.size(); ++i) out.from[i] += rest[i];
  return out;
}

}  // namespace evenray
