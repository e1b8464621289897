// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "lesion/source.hpp"

namespace evenray {

struct Compute;

/// Crops, and the group with which each of them is resampled.
struct CropList {
  std::vector<cv::Mat> images;  ///< u8 or u16
  std::vector<std::string> groups;
};

/// The crops that a small network has to tell apart, of one half of the groups.
struct SeamHalf {
  CropList pasted;   ///< around pasted places; the group is the lesion's, else the target's
  CropList before;   ///< the same places before anything was pasted; the group is the target's
  CropList lesions;  ///< real lesions of the class in their own images
};

/// Crops of both halves. No group is in both: neither as the one that a lesion or patch is from,
/// nor as that of a target. All crops have one size: the median side of the pasted patches,
/// enlarged by a half and rounded up to a multiple of 8, 32 to 96 px.
struct SeamCrops {
  SeamHalf seen, held_out;
};

/// The AUROC above which a seam is called visible.
inline constexpr double kVisibleSeam = .6;
/// The training steps of the small network.
inline constexpr int64_t kSeamSteps = 300;

/// Pastes at most `count` images of the class and cuts the crops. Images that fail are left out, as
/// are those whose lesion and target are of different halves, so there may be fewer. `rng` chooses
/// the halves. Deterministic like LesionSource::draw().
SeamCrops seam_crops(
    const Store& store, LesionSource& source, int class_index, int64_t count, const Rng& rng);

/// Trains a small network on the seen half of the crops and returns the AUROC with which it tells
/// pasted ones from others in the held-out half: {"source","class","negatives","lesions",
/// "visible"}, the middle two against SeamHalf::before and ::lesions as origin_auroc() gives them
/// (null: too few images). "negatives" is missing for lesion:identity, "lesions" for
/// lesion:healthy. "visible": whether all of these are above kVisibleSeam; null with too few
/// images. (What is told from places without a lesion only is the lesion; from real lesions only,
/// what surrounds them.) `crops`: pasted images, at most.
Json judge_seam(const Store& store,
                LesionSource& source,
                int class_index,
                int64_t crops,
                uint64_t seed,
                const Compute& compute,
                int64_t steps = kSeamSteps);

}  // namespace evenray
