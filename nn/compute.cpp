// SPDX-License-Identifier: Apache-2.0
#include "nn/compute.hpp"

#include <ATen/Parallel.h>
#include <ATen/autocast_mode.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <torch/cuda.h>
#include <torch/types.h>
#include <torch/version.h>

#include <mutex>

#include "core/error.hpp"
#include "core/text.hpp"

namespace evenray {
namespace {

/// `name`: checked by Runtime::check().
torch::Device parse_device(const std::string& name) {
  if (name == "auto")
    return torch::cuda::is_available() ? torch::Device(torch::kCUDA, 0) : torch::kCPU;
  if (name == "cpu") return torch::kCPU;
  int64_t index = 0;
  if (name != "cuda") parse_int(name.substr(5), index);
  const auto count = static_cast<int64_t>(torch::cuda::device_count());
  check(index < count,
        Exit::missing_resource,
        cat("device ",
            name,
            ": this machine has ",
            count,
            " usable GPU(s); use --device auto or cpu"));
  return torch::Device(torch::kCUDA, static_cast<c10::DeviceIndex>(index));
}

/// Whether the device has hardware support for bf16.
bool has_bf16(torch::Device device) {
  if (!device.is_cuda()) return cpu_has_bf16();
  const c10::DeviceGuard guard(device);
  // True for compute capability 8 and higher.
  return at::detail::getCUDAHooks().supportsBFloat16ConvolutionWithCuDNNv8();
}

}  // namespace

Compute Compute::as_trained(bool trained_in_bf16) const {
  Compute out = *this;
  if (auto_bf16) out.bf16 = trained_in_bf16;
  return out;
}

bool cpu_has_bf16() { return __builtin_cpu_supports("avx512bf16"); }

Compute make_compute(const Runtime& runtime) {
  runtime.check();
  Compute compute;
  compute.threads = runtime.thread_count();
  compute.device = parse_device(runtime.device);
  compute.auto_bf16 = runtime.precision == "auto" && has_bf16(compute.device);
  compute.bf16 = runtime.precision == "bf16" || compute.auto_bf16;
  // When a network is almost certain of its output, its gradients become denormal numbers; steps
  // were then up to 20 times slower. Set before torch's threads start, because they inherit it.
  at::globalContext().setFlushDenormal(true);
  at::globalContext().setDeterministicCuDNN(true);
  at::globalContext().setAllowTF32CuDNN(false);
  at::globalContext().setAllowTF32CuBLAS(false);
  at::set_num_threads(compute.threads);
  // torch throws if the number of inter-op threads is set twice.
  static std::once_flag once;
  std::call_once(once, [] { at::set_num_interop_threads(1); });
  return compute;
}

Autocast::Autocast(const Compute& compute)
    : type_(compute.device.type()), was_on_(at::autocast::is_autocast_enabled(type_)) {
  at::autocast::increment_nesting();
  at::autocast::set_autocast_enabled(type_, compute.bf16);
  at::autocast::set_autocast_dtype(type_, at::kBFloat16);
}

Autocast::~Autocast() {
  at::autocast::set_autocast_enabled(type_, was_on_);
  if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
}

ThreadsGuard::ThreadsGuard(int threads) : before_(at::get_num_threads()) {
  at::set_num_threads(threads);
}
ThreadsGuard::~ThreadsGuard() { at::set_num_threads(before_); }

void seed_torch(uint64_t seed) { torch::manual_seed(seed); }

std::string torch_version() { return TORCH_VERSION; }

std::vector<std::string> gpu_names() {
  std::vector<std::string> names;
  for (int i = 0; i < static_cast<int>(torch::cuda::device_count()); ++i)
    names.push_back(cat("cuda:", i));
  return names;
}

}  // namespace evenray
