// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "gan/gan.hpp"
#include "nn/weights.hpp"

namespace evenray {

/// A training's networks to begin another one with.
struct Parent {
  Path path;
  TensorFile file;
  std::string store;  ///< digest of the one that it was trained on
};

/// Reads gan.transfer.from, a run folder or checkpoint. Throws 66, 65 for a file that is no
/// training's checkpoint, or one of a training that collapsed, 78 for networks of another family,
/// shape, size or list of classes than `options` wants, and for ones that have not grown to the
/// full size.
Parent read_parent(const GanOptions& options,
                   int height,
                   int width,
                   const std::vector<std::string>& classes);

class DiscriminatorNet;
/// Throws 78 where gan.transfer.freeze_d leaves nothing to train.
void check_frozen_layers(const GanOptions& options, const DiscriminatorNet& discriminator);

/// What it is trained with.
GanOptions parent_options(GanOptions options);
/// Trains it in RUN/parent, which it gives back, or goes on there. Throws as train_gan().
Path train_parent(const Store& store,
                  const std::string& class_name,
                  const GanOptions& options,
                  Runtime runtime,
                  const Path& run);

}  // namespace evenray
