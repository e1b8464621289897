// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "dataset/layouts/listing.hpp"

namespace evenray {

/// Boxes of one image by several readers.
struct ReadBox {
  ListedBox listed;
  std::string reader;
};

/// How the opinions of several readers become one: `keep` every box; `fuse` those of a class that
/// overlap (weighted boxes fusion, Solovyev et al. 2021, all readers with the same weight: the mean
/// of each edge); `majority` likewise, but only what more than half of the image's readers drew.
enum class Merging { keep, fuse, majority };
std::vector<std::string> merging_names();
/// Throws 78 for an unknown name.
Merging merging_named(const std::string& name);

/// Intersection over union of two boxes; 0 where either has no area.
double box_overlap(const Box& a, const Box& b);

/// `readers`: that looked at the image, also those who drew nothing.
std::vector<ListedBox> merge_boxes(const std::vector<ReadBox>& boxes,
                                   size_t readers,
                                   Merging merging);

}  // namespace evenray
