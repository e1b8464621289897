// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "augment/balance.hpp"

namespace evenray {

/// Copies of training rows. Image i of a class starts from its row i modulo their number, in an
/// order that is shuffled anew each round, so use counts of two rows differ by at most 1. Real rows
/// only; throws 65 where the class has none. The store must outlive the source.
std::shared_ptr<Source> make_copy_source(const Store& store, int threads);

/// The same rows, each after a draw of the policy; boxes move along. Throws 2 for an unknown
/// policy.
std::shared_ptr<Source> make_augment_source(const Store& store,
                                            const std::string& policy,
                                            int threads);

/// What a source is made for. The store must outlive the source.
struct SourceContext {
  const Store& store;
  int threads = 1;
  bool allow_resize = false;  ///< BalanceOptions::allow_resize
};

/// A kind of source by the word before the colon of its name: "copy", "augment" of
/// "augment:POLICY", "gan" of "gan:PATH".
struct SourceKind {
  std::string name;
  std::string usage;  ///< "augment:POLICY", for messages
  /// Throws 2 for what may not follow the colon ("" where there is none).
  std::function<void(const std::string& rest)> check;
  std::function<std::shared_ptr<Source>(const std::string& rest, const SourceContext&)> make;
};
using SourceKinds = std::vector<SourceKind>;

/// copy and augment:POLICY. The gan room adds its own: source_kinds() is the whole table.
SourceKinds row_source_kinds();

/// Throws 2 for a name that is of none of the kinds, or that its kind refuses.
void check_sources(const std::vector<ParsedSource>& sources, const SourceKinds& kinds);

/// The sources with their shares, in order. Throws as check_sources() and as each kind does.
std::vector<SourceShare> make_sources(const std::vector<ParsedSource>& sources,
                                      const SourceKinds& kinds,
                                      const SourceContext& context);

}  // namespace evenray
