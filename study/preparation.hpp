// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "study/cells.hpp"

namespace evenray {

/// Reads, audits, splits and packs the data. Writes
/// data/{audit.json,split.csv,set-fN.h5,facts.json} into the study folder, unless facts.json is
/// there already. Returns the content of facts.json: source, classes, counts per part and class,
/// findings per kind, median box side, metadata baseline, rare class. Throws 2 without data.path,
/// 65 for data with several labels per image, without training images, or with an empty val or test
/// part.
Json prepare_data(const Config& config, const StudyFolder& folder);

}  // namespace evenray
