// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <ATen/Parallel.h>
#include <cstdlib>

#include "nn/weights.hpp"
#include "tests/fixture.hpp"
#include "tests/torch_catch.hpp"

namespace evenray {

/// Some tests compare bits, which depend on the number of threads.
inline const bool one_thread = (at::set_num_threads(1), true);

/// sin(.37 i + shift) in f32: numbers that the golden scripts make too.
inline torch::Tensor wave(int64_t count, double shift) {
  return (torch::arange(count, torch::kDouble) * .37 + shift).sin().to(torch::kFloat);
}

inline bool same(const torch::Tensor& a, const torch::Tensor& b) {
  return a.scalar_type() == b.scalar_type() && a.sizes() == b.sizes() && torch::equal(a, b);
}

inline double largest_difference(const torch::Tensor& a, const torch::Tensor& b) {
  return (a.to(torch::kDouble) - b.to(torch::kDouble)).abs().max().item<double>();
}

inline torch::Tensor tensor_of(const Json& numbers) {
  return torch::tensor(numbers.get<std::vector<double>>(), torch::kDouble);
}

inline bool same_tensors(const TensorFile& a, const TensorFile& b) {
  if (a.tensors.size() != b.tensors.size()) return false;
  for (const auto& [name, tensor] : a.tensors)
    if (!b.tensors.contains(name) || !torch::equal(tensor, b.tensors.at(name))) return false;
  return true;
}

inline int64_t parameter_count(const torch::nn::Module& module) {
  int64_t count = 0;
  for (const auto& p : module.parameters()) count += p.numel();
  return count;
}

/// "name [shape]" a line, parameters first, then buffers: the keys of a checkpoint.
inline std::string keys_text(const torch::nn::Module& module) {
  std::string text;
  for (const auto& item : module.named_parameters())
    text += cat(item.key(), " ", item.value().sizes(), "\n");
  for (const auto& item : module.named_buffers())
    text += cat(item.key(), " ", item.value().sizes(), "\n");
  return text;
}

/// The bytes of a golden file; with UPDATE_GOLDEN set, writes it first.
inline std::string golden_bytes(const std::string& name, const std::string& found) {
  if (std::getenv("UPDATE_GOLDEN")) write_atomic(golden_path(name), found);
  return read_file(golden_path(name));
}

}  // namespace evenray
