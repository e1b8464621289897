// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "augment/gates.hpp"
#include "augment/sources.hpp"
#include "tests/augment/little_store.hpp"

namespace evenray {

/// The request to balance a little store; sources: copy, augment:..., gan:fake. Without gates if
/// `gated` is false.
inline BalanceRequest little_request(const Store& in,
                                     const Path& out,
                                     const std::vector<std::string>& names,
                                     const BalanceOptions& options = {},
                                     int threads = 2,
                                     FakeGenerator::Picture picture = {},
                                     std::vector<int64_t> replaced = {},
                                     bool gated = true) {
  SourceKinds kinds = row_source_kinds();
  kinds.push_back({"gan",
                   "gan:PATH",
                   [](const std::string&) {},
                   [picture](const std::string&, const SourceContext&) {
                     return std::make_shared<FakeGenerator>(picture);
                   }});
  Plan plan = make_plan(class_counts(in), in.info().class_names, options.strategy);
  plan.replaced = std::move(replaced);
  return {.in = in,
          .plan = plan,
          .sources = make_sources(parse_sources(names), kinds, {in, threads}),
          .gates = gated ? make_gates(in, options, threads) : std::vector<std::shared_ptr<Gate>>{},
          .options = options,
          .seed = 11,
          .threads = threads,
          .settings = "seed = 11\n",
          .out = out};
}

/// Balances a little store.
inline BalanceReport balance_little(const Store& in,
                                    const Path& out,
                                    const std::vector<std::string>& names,
                                    const BalanceOptions& options = {},
                                    int threads = 2,
                                    FakeGenerator::Picture picture = {},
                                    std::vector<int64_t> replaced = {}) {
  return run_balance(
      little_request(in, out, names, options, threads, std::move(picture), std::move(replaced)));
}

}  // namespace evenray
