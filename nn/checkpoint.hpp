// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <torch/nn/module.h>

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "nn/weights.hpp"

namespace evenray {

/// Adds a module's parameters and buffers as "prefix.name".
void add_module(TensorFile& file, const std::string& prefix, const torch::nn::Module& module);

/// Copies them back; every tensor must be there with its shape. Throws 65 with the name.
void load_module(const TensorFile& file,
                 const std::string& prefix,
                 torch::nn::Module& module,
                 const Path& path);

/// Copies the tensor of that name back; it must be there with its shape. Throws 65 with the name.
void load_tensor(const TensorFile& file,
                 const std::string& name,
                 torch::Tensor& tensor,
                 const Path& path);

/// metadata[key]; throws 65 where it is missing.
const std::string& require_metadata(const TensorFile& file,
                                    const std::string& key,
                                    const Path& path);

/// checkpoints/step-00001234.safetensors of a run folder.
class Checkpoints {
 public:
  Checkpoints(const Path& run_folder, double every_s, int64_t keep = 2);

  /// Whether it is time for the next one.
  bool due() const;
  /// Writes the step's file and removes the others but for the newest `keep`, it included.
  void write(int64_t step, const TensorFile& file);
  /// Removes the files of later steps, for a run that goes back. Throws 74.
  void drop_after(int64_t step);
  struct Found {
    Path path;
    TensorFile file;
  };
  /// The newest whole one; nullopt where no step was ever written. Damaged newer ones are renamed
  /// to NAME.damaged, with a warning. Throws 65 where none is whole, 66 or 74 where one cannot be
  /// read.
  std::optional<Found> newest() const;

  Path best() const { return folder_ / "best.safetensors"; }
  /// A whole state, kept beside the steps' files by whoever evaluates.
  Path evaluated() const { return folder_ / "evaluated.safetensors"; }
  /// Its content; nullopt where it was never written. Throws as read_safetensors().
  std::optional<Found> last_evaluated() const;

 private:
  Path folder_;
  double every_s_;
  int64_t keep_;
  std::chrono::steady_clock::time_point written_ = std::chrono::steady_clock::now();
};

/// What a user means by a model: a file, or a run folder's best (else newest) checkpoint. Throws 66
/// where there is none.
Path model_file(const Path& path);

/// Likewise what to train on from: a file, or a run folder's newest step checkpoint. Throws 66.
Path training_file(const Path& path);

}  // namespace evenray
