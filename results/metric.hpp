// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

namespace evenray {

/// Returns the name of a value in texts: "AUROC" for "auroc", "AP50" for "ap50". A key that is not
/// known is returned as it is.
std::string metric_title(const std::string& key);

/// Whether differences of this value are compared between arms. Sensitivity and specificity are
/// not: they depend on the threshold, and balanced accuracy stands for both.
bool is_contrasted(const std::string& key);

/// Whether the value is an AUROC of images, as that of the baseline from metadata is.
bool is_image_auroc(const std::string& key);

}  // namespace evenray
