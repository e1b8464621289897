// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "core/json.hpp"
#include "dataset/store/store.hpp"

namespace evenray {

/// Returns what a packed model says about the data of its training, for readers of its results:
/// {"source","licence","images":{PART:{"all":n,"classes":{CLASS:n}}},"synthetic":n}. `synthetic`:
/// images of train that a generator drew.
Json model_card(const Store& store);

}  // namespace evenray
