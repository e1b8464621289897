// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "app/command.hpp"
#include "lesion/seam.hpp"

namespace evenray {

struct Compute;

/// Trains a small network on half of the groups and returns the AUROC with which it tells pasted
/// from untouched crops on the others, as origin_auroc() does.
Json seam_auroc(const SeamCrops& crops, uint64_t seed, const Compute& compute);

/// Returns {"source","class","negatives","lesions","visible"}: seam_auroc() of a source for at most
/// `crops` images, against untouched negatives (not for lesion:identity) and against real lesions
/// in their own images (not for lesion:healthy). "visible": whether the last one of these is above
/// kVisibleSeam; null with too few images. `class_name`: empty: the first class that the source
/// draws.
Json seam_json(const Config& config,
               const Store& store,
               LesionSource& source,
               const std::string& class_name,
               int64_t crops);
std::string seam_text(const Json& seam);

}  // namespace evenray
