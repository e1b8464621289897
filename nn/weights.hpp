// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <torch/types.h>

#include <map>
#include <string>

#include "core/files.hpp"

namespace evenray {

/// The content of a safetensors file: tensors and text metadata, both sorted by name.
struct TensorFile {
  std::map<std::string, torch::Tensor> tensors;
  std::map<std::string, std::string> metadata;
};

/// Writes a safetensors file atomically. Adds to the metadata `tensor_digest` (SHA-256 over names,
/// types, shapes and bytes) and `metadata_digest` (SHA-256 over all other metadata). Throws 1 for a
/// tensor with non-finite values (a diverged network must not replace a good checkpoint) or of an
/// unsupported type, 74 if the file cannot be written.
void write_safetensors(const Path& path, const TensorFile& file);

/// Reads a safetensors file into CPU tensors. Checks header bounds, offsets, shapes, and the
/// digests if the file has them. Throws 66 if the file is missing, 65 if it is truncated, damaged,
/// in another format, or has a value that is not finite.
TensorFile read_safetensors(const Path& path);

/// Returns the digest that write_safetensors() computes.
std::string tensor_digest(const std::map<std::string, torch::Tensor>& tensors);

}  // namespace evenray
