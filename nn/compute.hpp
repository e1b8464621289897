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
/// newer. Throws 69 for a GPU that is not there, 2 for an unknown device.
Compute make_compute(const Runtime& runtime);

/// Whether this CPU multiplies bf16 in hardware.
bool cpu_has_bf16();

/// bf16 autocast for as long as it lives, where compute.bf16. Backward passes belong outside.
class Autocast {
 public:
  explicit Autocast(const Compute& compute);
  ~Autocast();
  Autocast(const Autocast&) = delete;
  Autocast& operator=(const Autocast&) = delete;

 private:
  c10::DeviceType type_;
  bool on_;
};

/// Seeds torch's own generators (weight initialisation is all that draws from them).
void seed_torch(uint64_t seed);

/// Allocation settings that were measured to speed up training on the CPU by 7-17 %; call first in
/// main.
void tune_allocator();

/// "2.13.0", with "+cu130" and the like where the build says so.
std::string torch_version();

/// Name and memory of each GPU; empty without CUDA.
std::vector<std::string> gpu_names();

}  // namespace evenray
