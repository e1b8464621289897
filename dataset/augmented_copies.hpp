// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <vector>

#include "dataset/image_facts.hpp"

namespace evenray {

/// Returns the groups (two rows or more each) that show one picture in altered form: mirrored,
/// turned, sheared, scaled, cropped, brightened. `duplicates`: the groups of
/// near_duplicate_groups(); a group that holds no more than one of these is not returned again. Two
/// rows are linked if
/// - one is the other turned by quarters or mirrored, with a thumbnail correlation above .98 (the
///   search is exact), or
/// - their landmarks align them and their details then agree: above .8, or above .6 if their names
///   also say that they are copies of one picture (original_name()). Pictures below 128 px do not
///   tell one chest from another: they are linked only if their names say so, above .8.
/// Decodes the rows of promising pairs again. Throws Exit::stopped if the run is stopped.
std::vector<std::vector<size_t>> augmented_copies(
    const Manifest& manifest,
    const std::vector<ImageFacts>& facts,
    const std::vector<std::vector<size_t>>& duplicates,
    int threads);

/// The rows of a collection that show the same picture, found once for split and audit.
struct PictureGroups {
  std::vector<std::vector<size_t>> duplicates;  ///< of near_duplicate_groups()
  std::vector<std::vector<size_t>> copies;      ///< of augmented_copies()
};
PictureGroups group_pictures(const Manifest& manifest,
                             const std::vector<ImageFacts>& facts,
                             int threads);

}  // namespace evenray
