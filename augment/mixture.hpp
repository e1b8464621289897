// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "augment/operation.hpp"

namespace evenray {

/// Operations that are applied to an image in turn, and the weight of the result in a mixture.
struct MixtureChain {
  double weight;
  std::vector<Operation> operations;
};

/// The weighted mean of an image and of what several chains of operations make of it (AugMix,
/// Hendrycks et al. 2020). The weights are from 0 to 1 and sum to 1.
struct Mixture {
  double weight = 1;  ///< of the image itself
  std::vector<MixtureChain> chains;
};

/// Whether a text is of a mixture, not of a list of operations.
bool is_mixture(std::string_view text);
/// Parses "0.4+0.25(Rotate:3,Posterize:4)+0.35(Equalize)": the weight of the image, then the chains
/// with theirs. Throws 2 for weights out of range or whose sum is not 1, or as parse_operations().
Mixture parse_mixture(std::string_view text);
/// Returns a text that parse_mixture() reads back to exactly the same values.
std::string mixture_text(const Mixture& mixture);

/// Applies each chain to the image and returns the mean, computed in f32 and truncated like
/// torchvision's. An object is then visible where it was and, more faintly, where each chain moved
/// it: its box becomes the bounds of all these places, and polygons of all of them are kept. So no
/// box is dropped. Parameters as in apply_operations().
Augmented apply_mixture(const cv::Mat& image,
                        const std::vector<Box>& boxes,
                        const Mixture& mixture,
                        Sampling sampling,
                        const Rng& rng);

}  // namespace evenray
