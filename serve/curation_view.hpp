// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "serve/curation_state.hpp"
#include "serve/site.hpp"

namespace evenray {

/// What the curation pages and files share.

/// Returns the state of the curation pages. Throws 66 if there is no store.
CurationState& state_of(const SiteVisit& visit);
/// Returns the row of a request's address. Throws 66 if there is none.
int64_t row_at(const SiteVisit& visit, const CurationState& state);
/// Returns a whole number of a query or form; `otherwise` if it is missing or none.
int64_t number_in(const HttpFields& fields, const char* name, int64_t otherwise);

}  // namespace evenray
