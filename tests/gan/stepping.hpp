// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "gan/players.hpp"
#include "nn/checkpoint.hpp"
#include "tests/gan/tiny_gan.hpp"

namespace evenray {

/// Images that differ from step to step, [count,1,height,width] in -1..1.
inline torch::Tensor waves(int64_t count, int64_t height, int64_t width, int64_t step = 0) {
  return wave(count * height * width, static_cast<double>(step)).view({count, 1, height, width});
}

/// The paper's PGGAN with few channels.
inline GanOptions narrow_pggan() {
  GanOptions options;
  options.family = "pggan";
  options.preset = "paper";
  options.apply_preset();
  options.latent = 6;
  options.pggan.fmap_base = 16;
  options.pggan.fmap_max = 6;
  options.pggan.stddev_group = 2;
  return options;
}

inline TensorFile saved(Players& players) {
  TensorFile file;
  players.save(file);
  for (auto& [name, tensor] : file.tensors) tensor = tensor.detach().clone();
  return file;
}

}  // namespace evenray
