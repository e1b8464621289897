// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "dataset/audit.hpp"

namespace evenray {

/// `data inspect --json` (cli.md): images, classes, sizes, bits, imbalance_ratio, irlbl, mean_ir,
/// metadata.
Json inspect_json(const Manifest& manifest, const std::vector<ImageFacts>& facts);
/// The same for people.
std::string inspect_text(const Json& inspect);
std::string inspect_html(const Manifest& manifest, const Json& inspect);

/// Counts a class -> imbalance ratio (largest / smallest), IRLbl per class (Charte et al. 2015; 0
/// where absent) and their mean.
struct Imbalance {
  double ratio = 0, mean_ir = 0;
  std::vector<double> irlbl;
};
Imbalance imbalance(const std::vector<int64_t>& class_counts);

}  // namespace evenray
