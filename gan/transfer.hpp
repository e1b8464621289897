// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "gan/gan.hpp"
#include "nn/weights.hpp"

namespace evenray {

/// A trained checkpoint whose networks another training starts from.
struct Parent {
  Path path;
  TensorFile file;
  std::string store;  ///< digest of the store that it was trained on
};

/// Reads the run folder or checkpoint gan.transfer.from. Throws 66 if it does not exist; 65 for a
/// file that is not a training checkpoint, or is of a training that collapsed; 78 for networks
/// whose family, shape, size or list of classes differs from `options`, or that have not grown to
/// the full size.
Parent read_parent(const GanOptions& options,
                   int height,
                   int width,
                   const std::vector<std::string>& classes);

class DiscriminatorNet;
/// Throws 78 if gan.transfer.freeze_d leaves nothing to train.
void check_frozen_layers(const GanOptions& options, const DiscriminatorNet& discriminator);

/// Trains the parent in the folder `run`/parent, or resumes its training, and returns that folder.
/// Throws like train_gan().
Path train_parent(const Store& store,
                  const std::string& class_name,
                  const GanOptions& options,
                  Runtime runtime,
                  const Path& run);

}  // namespace evenray
