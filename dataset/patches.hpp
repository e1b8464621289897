// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <opencv2/core.hpp>
#include <optional>
#include <string>
#include <vector>

#include "dataset/pack_plan.hpp"

namespace evenray {

/// The square of an image that a patch shows.
struct Crop {
  double x = .5, y = .5;  ///< centre, in shares of the upright image's width and height
  int side_px = 0;        ///< in pixels of the upright image
};

/// The rows of a store of patches, planned. A patch is a sample of its own, with its boxes in
/// pixels of the whole image. Part, group, patient and metadata are those of its image.
struct PatchPlan {
  Manifest manifest;          ///< the patches, sorted by id, and the rest of the collection
  std::vector<Crop> crops;    ///< one per sample of `manifest`; empty if whole images are packed
  std::vector<Planned> rows;  ///< one per patch, in the same order
  PatchCounts counts;
};

/// Makes the patches of planned rows as PackOptions::patches says; with "none" returns manifest and
/// rows unchanged. A patch shows one box: a square whose centre is the box's and whose side is
/// patch_context times its longer side, at least 16 px, or patch_side_px, at least the box. Its id
/// is ID#b1, ID#b2, .... Its label is the class of the box; if rows can have several labels, also
/// those of other boxes that it shows, and a label without a box in it is 0 if the image's is 0,
/// else unknown. For each box patch_negatives patches are made of images without boxes in the same
/// part, with the same side and the same relative position (Crop). These images have the
/// same values of patch_match if there are such images; they take turns in an order by patch_seed.
/// Their ids are ID#n1, ... and their labels those of the image. Images that were not annotated are
/// left out. Throws 65 for a box outside its image or without area unless PackOptions::keep has the
/// fault, if an image's size cannot be read, or if there is no box.
PatchPlan plan_patches(const Manifest& manifest,
                       const std::vector<Planned>& rows,
                       const PackOptions& options,
                       int threads);

/// Returns the pixels of an image that a crop shows: its square, moved into the image, and clipped
/// to it if it is larger.
cv::Rect patch_rect(const Crop& crop, int width, int height);

/// Returns the id of the image that a patch was cut from: "ID" for "ID#b2" and "ID#n1"; any other
/// id unchanged.
std::string image_of_patch(const std::string& id);

/// Checks that each patch of a store is in the part that its image has in the store `images`, and
/// returns that as a line for people. Real rows count. Throws 65 with the first patch that is not
/// and their number, and if no row's image is in `images`.
std::string check_parts(const Store& patches, const Store& images);

/// Returns the counts as a line for people, "640 patches with a box, ..."; "" without patches.
std::string describe_patches(const PatchCounts& counts);

}  // namespace evenray
