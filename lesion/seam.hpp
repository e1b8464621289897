// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "lesion/source.hpp"

namespace evenray {

struct Compute;

/// Crops that a small network has to tell apart: around pasted places, and around places
/// of images that were left alone. No group is in both lists. All crops have one size: the median
/// side of the pasted patches, enlarged by a half and rounded up to a multiple of 8, 32 to 96 px.
struct SeamCrops {
  std::vector<cv::Mat> untouched, pasted;  ///< u8 or u16
  std::vector<std::string> untouched_groups, pasted_groups;
};

/// What the pasted crops are compared with.
enum class SeamControl {
  negatives,  ///< targets that were chosen as the pasted ones were, at the place that was found,
              ///< before anything is pasted
  lesions     ///< real lesions in their own images
};

/// The AUROC above which a seam is called visible.
inline constexpr double kVisibleSeam = .6;

/// Pastes at most `count` images of the class and cuts the crops. Images that fail are left out, so
/// there may be fewer. Pasted images are taken from one half of the groups, untouched ones from the
/// other; the halves are chosen by `rng`. Deterministic like LesionSource::draw().
SeamCrops seam_crops(const Store& store,
                     LesionSource& source,
                     int class_index,
                     SeamControl control,
                     int64_t count,
                     const Rng& rng);

/// Trains a small network on half of the groups and returns the AUROC with which it tells pasted
/// from untouched crops on the others: {"source","class","negatives","lesions","visible"}, the
/// middle two as origin_auroc() gives them (null: too few images). "negatives" is missing for
/// lesion:identity, "lesions" for lesion:healthy. "visible": whether the last one of these is above
/// kVisibleSeam; null with too few images. `crops`: pasted images, at most.
Json judge_seam(const Store& store,
                LesionSource& source,
                int class_index,
                int64_t crops,
                uint64_t seed,
                const Compute& compute);

}  // namespace evenray
