// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <torch/types.h>

#include <cstdint>
#include <string>

#include "core/run_folder.hpp"

namespace evenray {

/// Where and how a network is computed.
struct Compute {
  torch::Device device = torch::kCPU;
  bool bf16 = false;  ///< forward passes under bf16 autocast
  int threads = 1;
};

/// Sets torch's threads (intra-op = threads, inter-op 1) and chooses device and precision. `auto`
/// takes CUDA where there is one, and bf16 where the CPU has avx512_bf16 or the GPU is Ampere or
/// newer. Throws 69 for a GPU that is not there, 78 as Runtime::check() does.
///
/// What is computed depends on the device, its make and the precision, on the CPU also on the
/// threads. On one CPU it comes out the same to the last bit each time. On CUDA, cuDNN is held to
/// its deterministic kernels and fp32 to full precision (no TF32); a few of torch's own kernels
/// still add in any order, so the last bits may differ from run to run.
Compute make_compute(const Runtime& runtime);

/// Whether this CPU multiplies bf16 in hardware.
bool cpu_has_bf16();

/// bf16 autocast for as long as it lives, or none where not compute.bf16, also inside another one.
/// Backward passes belong outside.
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

/// Seeds torch's own generators: weights are drawn from them.
void seed_torch(uint64_t seed);

/// "2.13.0", with "+cu130" and the like where the build says so.
std::string torch_version();

/// "cuda:0" and so on, one a GPU; empty without CUDA.
std::vector<std::string> gpu_names();

}  // namespace evenray
