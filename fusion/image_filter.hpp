// SPDX-License-Identifier: Apache-2.0
#pragma once
// Weakens the boxes of images that a classifier holds for healthy, as the winners of the
// VinBigData challenge (2021) did: a detector finds something in almost every image.
#include <map>
#include <string>
#include <vector>

#include "core/files.hpp"
#include "fusion/coco_fusion.hpp"

namespace evenray {

/// What happens in an image whose probability is below the threshold. `drop`: its boxes are
/// removed. `multiply`: their scores are multiplied by its probability.
enum class ImageFilter { drop, multiply };
/// Returns the names of the enumerators.
std::vector<std::string> image_filter_names();
/// Throws 78 for an unknown name.
ImageFilter parse_image_filter(const std::string& name);

/// Reads a CSV file with the columns `id` and `column`: a probability from 0 to 1 that the image
/// shows any finding. Other columns are ignored, so that a file of predictions serves too (with the
/// column p_CLASS). Throws 66 if the file is missing; 65 if a column is missing, and, with the
/// line, for an id that occurs twice or another value.
std::map<std::string, double> read_image_probabilities(const Path& path,
                                                       const std::string& column = "p");

/// Filters `boxes`, one list for each image. An image has the probability of its id or, without
/// one, that of its file_stem; images that are not in `detections` do not matter. `threshold`: from
/// 0 to 1; with `multiply`, 1 multiplies all scores (those of a probability of 1 stay).
///
/// Throws 78 for another threshold; 65 for an image without a probability, and for two images that
/// share one, since a file_stem can occur in two folders.
void filter_by_image(const ModelDetections& detections,
                     const std::map<std::string, double>& probabilities,
                     ImageFilter filter,
                     double threshold,
                     std::vector<std::vector<FoundBox>>& boxes);

}  // namespace evenray
