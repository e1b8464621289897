// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "augment/balance.hpp"

namespace evenray {

/// Copies of training rows. Image i of a class starts from its row i modulo their number, in an
/// order that is shuffled anew each round, so that no row is used more than once oftener than
/// another. Real rows only; throws 65 where the class has none. The store must outlive the source.
std::shared_ptr<Source> make_copy_source(const Store& store, int threads);

/// The same rows, each after a draw of the policy; boxes move along. Throws 2 for an unknown
/// policy.
std::shared_ptr<Source> make_augment_source(const Store& store,
                                            const std::string& policy,
                                            int threads);

/// Throws 2 for a name that make_source() does not know, its policy included.
void check_source(const std::string& name);

/// "copy" or "augment:POLICY"; nullptr for a name of another room ("gan:..."); throws 2 for
/// anything else.
std::shared_ptr<Source> make_source(const std::string& name, const Store& store, int threads);

}  // namespace evenray
