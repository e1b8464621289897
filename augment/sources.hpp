// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "augment/balance.hpp"

namespace evenray {

/// Returns a source of copies of real training rows. Image i of a class is made from row i modulo
/// the number of its rows, in an order that is shuffled again each round, so the use counts of two
/// rows differ by at most 1. Its draws throw 65 if the class has no real row. The store must
/// outlive it.
std::shared_ptr<Source> make_copy_source(const Store& store, int threads);

/// Returns a source that takes the same rows and applies a random draw of the policy to each; boxes
/// move with the image. Throws 2 for an unknown policy. The store must outlive it.
std::shared_ptr<Source> make_augment_source(const Store& store,
                                            const std::string& policy,
                                            int threads);

/// Which generators a source accepts, by their verdict (gan/verdict.hpp).
enum class Generators {
  usable_or_weak,  ///< refuses one that is not usable yet or has no verdict; warns of a weak one
  any,             ///< accepts all, and warns of those that are not usable
  any_silently     ///< accepts all: the caller reports the verdicts itself
};

/// What a source needs from its user. The store must outlive the source.
struct SourceContext {
  const Store& store;  ///< store to balance
  int threads = 1;
  bool allow_resize = false;  ///< BalanceOptions::allow_resize
  Generators generators = Generators::usable_or_weak;
};

/// A kind of source. The word before the colon of a source's name selects it: "augment:xray" is of
/// kind "augment".
struct SourceKind {
  std::string name;   ///< "copy", "augment", "gan"
  std::string usage;  ///< "copy", "augment:POLICY", "gan:PATH", for messages
  /// Throws 2 if `rest`, the text after the colon ("" without a colon), is not valid.
  std::function<void(const std::string& rest)> check;
  /// Makes the source.
  std::function<std::shared_ptr<Source>(const std::string& rest, const SourceContext&)> make;
};
using SourceKinds = std::vector<SourceKind>;

/// Returns the kinds `copy` and `augment:POLICY`. every_source_kind() of the lesion room returns
/// all kinds.
SourceKinds row_source_kinds();

/// Throws 2 for a source of unknown kind, or with a rest that its kind does not accept.
void check_sources(const std::vector<ParsedSource>& sources, const SourceKinds& kinds);

/// Makes the sources, with their shares, in order. Throws as check_sources(), source_shares() and
/// each kind's `make`.
std::vector<SourceShare> make_sources(const std::vector<ParsedSource>& sources,
                                      const SourceKinds& kinds,
                                      const SourceContext& context);

}  // namespace evenray
