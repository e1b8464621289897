// SPDX-License-Identifier: Apache-2.0
#pragma once
// Weights of networks that were trained before, as the start of another training.
#include <string>
#include <vector>

#include "nn/backbone.hpp"
#include "nn/loader.hpp"
#include "nn/weights.hpp"

namespace evenray {

/// The kind, in its metadata, of a file with a backbone without a head.
inline constexpr const char* kBackboneKind = "backbone";

/// Weights of a backbone with a head.
struct Pretrained {
  Path path;
  std::string arch;                      ///< of the backbone
  std::string name;                      ///< for people: what it was trained on, or its file
  std::string digest;                    ///< of its tensors
  std::string licence;                   ///< may be empty
  std::vector<std::string> class_names;  ///< of a trained classifier; else empty
  Standardise input;                     ///< of the pixels that it was trained with
  std::map<std::string, torch::Tensor> tensors;  ///< with the names of a Backbone and of its head
  bool partial = false;                          ///< tensors of the backbone may be missing

  /// Copies the tensors into a backbone of this architecture and adds up the kernels of a stem with
  /// three input channels. Throws 65, naming the tensor, if one is missing (unless `partial`), has
  /// another shape or is not finite.
  void load(Backbone& backbone) const;
};

/// Returns the folder of installed weights: EVENRAY_WEIGHTS, else evenray/weights in XDG_DATA_HOME
/// or ~/.local/share.
Path weights_folder();

/// Reads weights. `weights`: a safetensors file of tools/convert-weights, a trained classifier or
/// a run of `classify pretrain` (a run folder, a checkpoint or a packed model), or the name of
/// installed weights (for example imagenet), which are those of `arch`. Throws 66 if there are
/// none, with the command that installs them; 65 for a damaged file, or weights of an architecture
/// other than `arch`.
Pretrained read_pretrained(const std::string& weights, const std::string& arch);

/// Returns the names of installed weights of an architecture.
std::vector<std::string> installed_weights(const std::string& arch);

}  // namespace evenray
