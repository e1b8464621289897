// SPDX-License-Identifier: Apache-2.0
#include "nn/weights.hpp"

#include <torch/types.h>

#include <algorithm>
#include <cstring>

#include "core/error.hpp"
#include "core/json.hpp"
#include "core/text.hpp"

namespace evenray {
namespace {

constexpr uint64_t kHeaderLimit = 100 << 20;  // limit of the safetensors format
constexpr const char* kMetadataDigest = "metadata_digest";

struct TypeName {
  const char* name;
  torch::ScalarType type;
};
constexpr std::array kTypes{TypeName{"F32", torch::kFloat},
                            TypeName{"F64", torch::kDouble},
                            TypeName{"F16", torch::kHalf},
                            TypeName{"BF16", torch::kBFloat16},
                            TypeName{"I64", torch::kLong},
                            TypeName{"I32", torch::kInt},
                            TypeName{"U8", torch::kByte}};

const char* type_name(torch::ScalarType type) {
  for (const auto& entry : kTypes) {
    if (entry.type == type) return entry.name;
  }
  throw Error(Exit::failed, cat("cannot store tensors of type ", torch::toString(type)));
}

std::string_view bytes_of(const torch::Tensor& tensor) {
  return {static_cast<const char*>(tensor.data_ptr()), tensor.nbytes()};
}

/// Returns contiguous copies on the CPU, whose bytes are written unchanged.
std::map<std::string, torch::Tensor> on_cpu(const std::map<std::string, torch::Tensor>& tensors) {
  std::map<std::string, torch::Tensor> out;
  for (const auto& [name, tensor] : tensors) out[name] = tensor.detach().cpu().contiguous();
  return out;
}

std::string digest_of(const std::map<std::string, torch::Tensor>& contiguous) {
  Digest digest;
  for (const auto& [name, tensor] : contiguous) {
    digest.add(cat(name, "\n", type_name(tensor.scalar_type()), "\n", tensor.sizes(), "\n"));
    digest.add(bytes_of(tensor));
  }
  return digest.hex();
}

/// Digest over the metadata (including the digest of the tensors), except itself. Lengths are
/// included, so that two different maps cannot give the same text.
std::string metadata_digest(const std::map<std::string, std::string>& metadata) {
  Digest digest;
  for (const auto& [key, value] : metadata) {
    if (key != kMetadataDigest) digest.add(cat(key, "\n", value.size(), "\n", value));
  }
  return digest.hex();
}

[[noreturn]] void damaged(const Path& path, const std::string& why) {
  throw Error(Exit::bad_data, cat(path.string(), ": not a complete safetensors file (", why, ")"));
}

bool whole_numbers(const Json& list) {
  return list.is_array() && std::all_of(list.begin(), list.end(), [](const Json& item) {
           return item.is_number_unsigned();
         });
}

using Extent = std::pair<uint64_t, uint64_t>;  ///< first byte and end (exclusive)

torch::Tensor read_tensor(const Path& path,
                          const std::string& name,
                          const Json& entry,
                          std::string_view data,
                          std::vector<Extent>& extents) {
  if (!entry.is_object() || !entry.contains("dtype") || !entry.contains("shape") ||
      !entry.contains("data_offsets") || !whole_numbers(entry["shape"]) ||
      !whole_numbers(entry["data_offsets"])) {
    damaged(path, "entry '" + name + "' is incomplete");
  }
  const auto type = std::find_if(
      kTypes.begin(), kTypes.end(), [&](const TypeName& t) { return entry["dtype"] == t.name; });
  if (type == kTypes.end()) damaged(path, "entry '" + name + "' has an unknown type");
  const auto shape = entry["shape"].get<std::vector<int64_t>>();
  const auto offsets = entry["data_offsets"].get<std::vector<uint64_t>>();
  // A hostile shape must not overflow the product. An empty tensor is checked with sides of at
  // least 1, so that its other sides are bounded too.
  auto product = static_cast<int64_t>(torch::elementSize(type->type));
  bool empty = false;
  for (const int64_t side : shape) {
    if (side < 0 || __builtin_mul_overflow(product, std::max<int64_t>(side, 1), &product)) {
      damaged(path, "entry '" + name + "' has an impossible shape");
    }
    empty = empty || side == 0;
  }
  const uint64_t bytes = empty ? 0 : static_cast<uint64_t>(product);
  if (offsets.size() != 2 || offsets[0] > offsets[1] || offsets[1] > data.size() ||
      offsets[1] - offsets[0] != bytes) {
    damaged(path, "entry '" + name + "' has data offsets that do not match its shape or the file");
  }
  auto tensor = torch::empty(shape, type->type);
  if (bytes > 0) std::memcpy(tensor.data_ptr(), data.data() + offsets[0], bytes);
  if (tensor.is_floating_point() && !tensor.isfinite().all().item<bool>())
    throw Error(Exit::bad_data,
                cat(path.string(), ": tensor '", name, "' holds values that are not finite"));
  extents.emplace_back(offsets[0], offsets[1]);
  return tensor;
}

Json read_header(const Path& path, std::string_view text) {
  try {
    return parse_json(text, "the header");
  } catch (const Error& error) {
    damaged(path, error.what());
  }
}

}  // namespace

std::string tensor_digest(const std::map<std::string, torch::Tensor>& tensors) {
  return digest_of(on_cpu(tensors));
}

void write_safetensors(const Path& path, const TensorFile& file) {
  const auto tensors = on_cpu(file.tensors);
  Json header;
  auto metadata = file.metadata;
  metadata["tensor_digest"] = digest_of(tensors);
  metadata[kMetadataDigest] = metadata_digest(metadata);
  header["__metadata__"] = metadata;
  uint64_t offset = 0;
  for (const auto& [name, tensor] : tensors) {
    if (tensor.is_floating_point() && !tensor.isfinite().all().item<bool>()) {
      throw Error(Exit::failed,
                  cat(path.string(),
                      " was not written: '",
                      name,
                      "' is not finite because the training diverged"));
    }
    header[name] = {{"dtype", type_name(tensor.scalar_type())},
                    {"shape", tensor.sizes().vec()},
                    {"data_offsets", {offset, offset + tensor.nbytes()}}};
    offset += tensor.nbytes();
  }
  std::string text = header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');  // the format aligns the data to 8 bytes
  uint64_t length = text.size();
  std::string prefix(8, '\0');
  for (char& byte : prefix) {
    byte = static_cast<char>(length & 255);
    length >>= 8;
  }
  std::vector<std::string_view> pieces{prefix, text};
  for (const auto& [name, tensor] : tensors) pieces.push_back(bytes_of(tensor));
  write_atomic(path, pieces);
}

TensorFile read_safetensors(const Path& path) {
  const std::string bytes = read_file(path, uint64_t{16} << 30);
  if (bytes.size() < 8) damaged(path, "shorter than the length of a header");
  uint64_t length = 0;
  for (int i = 7; i >= 0; --i) length = length << 8 | static_cast<unsigned char>(bytes[i]);
  if (length > kHeaderLimit || length > bytes.size() - 8) damaged(path, "the header is truncated");
  const auto data = std::string_view(bytes).substr(8 + length);
  TensorFile file;
  try {
    const Json header = read_header(path, std::string_view(bytes).substr(8, length));
    if (!header.is_object()) damaged(path, "the header is not a JSON object");
    std::vector<Extent> extents;
    for (const auto& [name, entry] : header.items()) {
      if (name == "__metadata__") {
        file.metadata = entry.get<std::map<std::string, std::string>>();
      } else {
        file.tensors[name] = read_tensor(path, name, entry, data, extents);
      }
    }
    std::sort(extents.begin(), extents.end());
    // Sorted extents must follow each other without gap or overlap; otherwise `filled` becomes a
    // value that no file size has.
    uint64_t filled = 0;
    for (const auto& [first, end] : extents) filled = first == filled ? end : data.size() + 1;
    if (filled != data.size()) damaged(path, "tensors overlap or leave gaps");
  } catch (const Json::exception&) {
    damaged(path, "the header has wrong types");
  }
  const auto digest = file.metadata.find("tensor_digest");
  if (digest != file.metadata.end() && digest->second != digest_of(file.tensors))
    damaged(path, "the digest of the tensors does not match");
  const auto stated = file.metadata.find(kMetadataDigest);
  if (stated != file.metadata.end() && stated->second != metadata_digest(file.metadata))
    damaged(path, "the digest of the metadata does not match");
  return file;
}

}  // namespace evenray
