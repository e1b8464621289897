// SPDX-License-Identifier: Apache-2.0
#pragma once
// Features of the images of a store, computed once. Internal to classifier.
#include <string>
#include <vector>

#include "classifier/classifier.hpp"
#include "classifier/fit.hpp"
#include "classifier/network.hpp"
#include "dataset/store/store.hpp"

namespace evenray {

/// Returns the features [N,D] of all rows of a part, f32 on the CPU. The network is known by the
/// digest of its trunk, and images by that of their pixels: their features are taken from
/// features_folder(store) and from the folders `also`, and only those of unknown images are
/// computed. Then those of the part are written to features_folder(store); if this is not possible,
/// the reason is logged.
torch::Tensor cached_features(const Store& store,
                              const std::string& part,
                              ClassifierNet& network,
                              const Reading& reading,
                              const Compute& compute,
                              const std::vector<Path>& also = {});

}  // namespace evenray
