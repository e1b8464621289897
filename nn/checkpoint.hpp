// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <torch/nn/module.h>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "nn/weights.hpp"

namespace evenray {

/// Returns a module's parameters, then its buffers, with their names.
std::vector<std::pair<std::string, torch::Tensor>> tensors_of(const torch::nn::Module& module);

/// Adds a module's parameters and buffers to `file` as "prefix.name".
void add_module(TensorFile& file, const std::string& prefix, const torch::nn::Module& module);

/// Copies the tensors "prefix.name" of `file` into the module. Throws 65, naming the tensor, if one
/// is missing or has another shape. `path` is used in messages.
void load_module(const TensorFile& file,
                 const std::string& prefix,
                 torch::nn::Module& module,
                 const Path& path);

/// Copies the tensor `name` of `file` into `tensor`. Throws 65, naming it, if it is missing or has
/// another shape.
void load_tensor(const TensorFile& file,
                 const std::string& name,
                 torch::Tensor& tensor,
                 const Path& path);

/// Returns metadata[key] of `file`. Throws 65 if it is missing.
const std::string& require_metadata(const TensorFile& file,
                                    const std::string& key,
                                    const Path& path);

/// The checkpoints of a run folder: checkpoints/step-00001234.safetensors (step checkpoints) and
/// the files best() and evaluated().
class Checkpoints {
 public:
  /// `every_s`: seconds between step checkpoints. `keep`: number of step checkpoints to keep.
  Checkpoints(const Path& run_folder, double every_s, int64_t keep = 2);

  /// Returns true if `every_s` seconds have passed since the last write().
  bool due() const;
  /// Writes the file of `step` and removes old ones, so that `keep` files remain. Throws like
  /// write_safetensors().
  void write(int64_t step, const TensorFile& file);
  /// Removes the files of later steps, for a run that goes back to `step`. Throws 74.
  void drop_after(int64_t step);
  struct Found {
    Path path;
    TensorFile file;
  };
  /// Returns the newest undamaged step checkpoint; nullopt if there is no step checkpoint. Renames
  /// damaged newer ones to NAME.damaged and logs a warning. Throws 65 if all are damaged, 66 or 74
  /// if one cannot be read.
  std::optional<Found> newest() const;

  /// The checkpoint with the best evaluation.
  Path best() const { return folder_ / "best.safetensors"; }
  /// The complete state at the last evaluation, written by the caller.
  Path evaluated() const { return folder_ / "evaluated.safetensors"; }
  /// Returns the content of evaluated(); nullopt if the file does not exist. Throws like
  /// read_safetensors().
  std::optional<Found> last_evaluated() const;

 private:
  Path folder_;
  double every_s_;
  int64_t keep_;
  std::chrono::steady_clock::time_point written_ = std::chrono::steady_clock::now();
};

/// Returns the checkpoint of a model that the user names: `path` itself if it is a file, else the
/// best (or, without one, the newest) checkpoint of the run folder. Throws 66 if there is none.
Path model_file(const Path& path);

/// Returns the checkpoint to continue training from: `path` itself if it is a file, else the newest
/// step checkpoint of the run folder. Throws 66 if there is none.
Path training_file(const Path& path);

}  // namespace evenray
