// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "study/cells.hpp"

namespace evenray {

/// Reads, audits, splits and packs; leaves data/{audit.json,split.csv,set-fN.h5,facts.json} in the
/// study folder; what is there whole is not made again. Returns facts.json: source, classes, counts
/// by part and class, findings by kind, median box side, metadata baseline, rare class.
Json prepare_data(const Config& config, const StudyFolder& folder);

}  // namespace evenray
