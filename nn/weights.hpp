// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <torch/types.h>

#include <map>
#include <string>

#include "core/files.hpp"

namespace evenray {

/// Named tensors in the order of their names, with text metadata.
struct TensorFile {
  std::map<std::string, torch::Tensor> tensors;
  std::map<std::string, std::string> metadata;
};

/// Writes a safetensors file atomically; metadata gets `tensor_digest`, the SHA-256 over names,
/// types, shapes and bytes, and `metadata_digest` over all else that it holds. Throws 1 for a
/// tensor that is not finite (a diverged network must not replace a good checkpoint).
void write_safetensors(const Path& path, const TensorFile& file);

/// Reads one into CPU tensors. Everything is checked before it is used: header bounds, offsets,
/// shapes, the digests where the file has them. Throws 66 if missing, 65 for a file that is cut
/// short, damaged or foreign.
TensorFile read_safetensors(const Path& path);

/// The digest as write_safetensors computes it.
std::string tensor_digest(const std::map<std::string, torch::Tensor>& tensors);

}  // namespace evenray
