// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <vector>

#include "dataset/audit.hpp"

namespace evenray {

/// Finds properties that predict a class without the picture. Kinds: `metadata_shortcut`, a column
/// of the table (with several sources also the source); `size_shortcut`, size, bits, mode,
/// truncation or file format; `brightness_shortcut`, mean brightness of the picture or of its
/// border. A column is reported if its AUROC is above .7 and three standard errors above chance
/// (texts are scored by the other half of the images); a value if at least 20 images have it and
/// 95 % of them are of one class, with a binomial p below 1e-6. `facts`: one per sample.
std::vector<Finding> find_shortcuts(const Manifest& manifest, const std::vector<ImageFacts>& facts);

}  // namespace evenray
