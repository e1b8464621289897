// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "dataset/layouts/listing.hpp"

namespace evenray {

/// A box that one of several readers drew.
struct ReadBox {
  ListedBox listed;
  std::string reader;
};

/// How the boxes of several readers are merged. `keep`: every box stays. `fuse`: boxes of one class
/// that overlap become one (WBF of fusion/fusion.hpp with the score 1 for each box: the mean of
/// each edge, boxes in their order). `majority`: as `fuse`, but only boxes that more than half of
/// the image's readers drew. Boxes without area are not fused; `fuse` keeps them, for the audit.
enum class Merging { keep, fuse, majority };
/// Returns the names of the enumerators.
std::vector<std::string> merging_names();
/// Throws Exit::config for an unknown name.
Merging parse_merging(const std::string& name);

/// Merges the boxes of one image. `readers`: the number of readers who examined the image,
/// including those who drew no box.
std::vector<ListedBox> merge_boxes(const std::vector<ReadBox>& boxes,
                                   size_t readers,
                                   Merging merging);

}  // namespace evenray
