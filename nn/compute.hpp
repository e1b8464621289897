// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <torch/types.h>

#include <cstdint>
#include <string>

#include "core/run_folder.hpp"

namespace evenray {

/// nn contains the network code that GANs, classifiers and detectors share; torch is used only here
/// and in the rooms above. Read this header first, then loader.hpp (images to tensors), blocks.hpp
/// and backbone.hpp (networks), optimizer.hpp, schedule.hpp, ema.hpp and learner.hpp (training
/// steps), weights.hpp and checkpoint.hpp (files), training.hpp, batches.hpp and trainee.hpp
/// (training runs), step_time.hpp and precision.hpp (estimated times and the choice of the
/// precision), task.hpp (the interface to a study), and features.hpp with extractor.hpp, resize.hpp
/// and npy.hpp (feature vectors).

/// Device, precision and threads of network computations.
struct Compute {
  torch::Device device = torch::kCPU;
  bool bf16 = false;  ///< forward passes use bf16 autocast
  int threads = 1;    ///< of torch on the CPU
  /// True if the precision was `auto` and the hardware supports bf16. Code that uses a trained
  /// network then takes the precision of its training, see as_trained(). A training decides
  /// beforehand, see precision.hpp.
  bool auto_bf16 = false;

  /// Returns a copy with the precision of the training if auto_bf16 is set, else an equal copy.
  Compute as_trained(bool trained_in_bf16) const;
};

/// Sets torch's threads (intra-op = threads, inter-op 1) and selects device and precision. `auto`
/// selects CUDA if a GPU is available, and bf16 if the CPU has avx512_bf16 or the GPU is Ampere or
/// newer (auto_bf16). Throws 69 for a GPU that does not exist, 78 like Runtime::check().
///
/// Results depend on the device, its model and the precision; on the CPU, they also depend on the
/// number of threads. On the same CPU, repeated runs are bit-identical. On CUDA, cuDNN uses
/// deterministic kernels and fp32 has full precision (no TF32), but a few of torch's own kernels
/// add in varying order, so the last bits may differ between runs.
Compute make_compute(const Runtime& runtime);

/// Whether this CPU has bf16 instructions (avx512_bf16).
bool cpu_has_bf16();

/// During its lifetime, enables bf16 autocast if compute.bf16 is set and disables autocast
/// otherwise, also inside another Autocast. Run backward passes outside.
class Autocast {
 public:
  explicit Autocast(const Compute& compute);
  ~Autocast();
  Autocast(const Autocast&) = delete;
  Autocast& operator=(const Autocast&) = delete;

 private:
  c10::DeviceType type_;
  bool was_on_;
};

/// Sets torch's threads during its lifetime; the destructor restores the previous number.
class ThreadsGuard {
 public:
  explicit ThreadsGuard(int threads);
  ~ThreadsGuard();
  ThreadsGuard(const ThreadsGuard&) = delete;
  ThreadsGuard& operator=(const ThreadsGuard&) = delete;

 private:
  int before_;
};

/// Seeds torch's own generators, which draw the initial weights.
void seed_torch(uint64_t seed);

/// Returns torch's version, for example "2.13.0" or "2.13.0+cu130".
std::string torch_version();

/// Returns "cuda:0", "cuda:1", ... for all GPUs; empty without CUDA.
std::vector<std::string> gpu_names();

}  // namespace evenray
