// SPDX-License-Identifier: Apache-2.0
#include "classifier/feature_cache.hpp"

#include <torch/types.h>

#include <algorithm>
#include <cstring>
#include <unordered_map>

#include "core/error.hpp"
#include "core/log.hpp"
#include "core/text.hpp"
#include "nn/checkpoint.hpp"
#include "nn/loader.hpp"
#include "nn/weights.hpp"

namespace evenray {
namespace {

constexpr const char* kImages = "images";      // digests, text of kDigestLength characters
constexpr const char* kFeatures = "features";  // [N,D]
constexpr int64_t kDigestLength = 64;
constexpr size_t kNameLength = 16;  // of the network's digest in a file's name

/// Digest of each image -> its features.
using Known = std::unordered_map<std::string, torch::Tensor>;

/// What the features of a file were computed with.
struct Trunk {
  std::string digest;
  int64_t features;
};

Trunk trunk_of(const ClassifierNet& network) {
  std::map<std::string, torch::Tensor> tensors;
  for (const auto& [name, tensor] : tensors_of(*network.trunk))
    if (!name.ends_with("num_batches_tracked")) tensors[name] = tensor;
  return {tensor_digest(tensors), network.trunk->features};
}

std::string file_name(const Trunk& trunk, const std::string& part) {
  return cat(trunk.digest.substr(0, kNameLength), "-", part, ".safetensors");
}

/// Adds the features in a file. A file that cannot be read is not an error: it is written anew.
void read_known(const Path& path, const Trunk& trunk, Known& known) {
  try {
    const TensorFile file = read_safetensors(path);
    const auto& images = file.tensors.at(kImages);
    const auto& features = file.tensors.at(kFeatures);
    if (file.metadata.at("network") != trunk.digest || images.dim() != 2 ||
        images.size(1) != kDigestLength || images.scalar_type() != torch::kByte ||
        features.dim() != 2 || features.scalar_type() != torch::kFloat ||
        features.size(0) != images.size(0) || features.size(1) != trunk.features)
      return;
    const char* text = reinterpret_cast<const char*>(images.data_ptr<uint8_t>());
    for (int64_t i = 0; i < images.size(0); ++i)
      known.emplace(std::string(text + i * kDigestLength, kDigestLength), features[i]);
  } catch (const Error&) {
  } catch (const std::out_of_range&) {
  }
}

Known read_known(const std::vector<Path>& folders, const Trunk& trunk) {
  Known known;
  for (const auto& folder : folders)
    for (const auto& part : kParts)
      if (const Path path = folder / file_name(trunk, part); std::filesystem::exists(path))
        read_known(path, trunk, known);
  return known;
}

/// Digests of the images and of how they are read.
std::vector<std::string> digests_of(const torch::Tensor& images, const Reading& reading) {
  const std::string read_as = cat(images.size(2),
                                  "x",
                                  images.size(3),
                                  " ",
                                  reading.value_max,
                                  " ",
                                  reading.standardise.mean,
                                  " ",
                                  reading.standardise.deviation,
                                  "\n");
  std::vector<std::string> digests;
  const auto bytes = images.cpu().contiguous();
  const size_t each = bytes.nbytes() / static_cast<size_t>(std::max<int64_t>(1, bytes.size(0)));
  const char* data = static_cast<const char*>(bytes.data_ptr());
  for (int64_t i = 0; i < bytes.size(0); ++i) {
    Digest digest;
    digest.add(read_as);
    digest.add(std::string_view(data + static_cast<size_t>(i) * each, each));
    digests.push_back(digest.hex());
  }
  return digests;
}

void write_known(const Path& path,
                 const Trunk& trunk,
                 const std::vector<std::string>& digests,
                 const torch::Tensor& features) {
  auto images = torch::empty({static_cast<int64_t>(digests.size()), kDigestLength}, torch::kByte);
  for (size_t i = 0; i < digests.size(); ++i)
    std::memcpy(images.data_ptr<uint8_t>() + i * kDigestLength, digests[i].data(), kDigestLength);
  try {
    make_folder(path.parent_path());
    write_safetensors(path,
                      {{{kImages, images}, {kFeatures, features}}, {{"network", trunk.digest}}});
  } catch (const Error& error) {
    log_info(cat("features are not kept: ", error.what()));
  }
}

}  // namespace

Path features_folder(const Path& store) { return companion(store, ".features"); }

torch::Tensor cached_features(const Store& store,
                              const std::string& part,
                              ClassifierNet& network,
                              const Reading& reading,
                              const Compute& compute,
                              const std::vector<Path>& also) {
  const Trunk trunk = trunk_of(network);
  std::vector<Path> folders{features_folder(store.path())};
  folders.insert(folders.end(), also.begin(), also.end());
  Known known = read_known(folders, trunk);
  std::vector<std::string> digests;
  bool any_unknown = false;
  // Images are held a few at a time, because a store may be larger than the memory.
  constexpr int64_t kBlocks = 4;
  const auto& info = store.info();
  const int64_t block_rows = kBlocks * images_at_a_time(info.height, info.width);
  read_blocks(store, part, block_rows, torch::kCPU, [&](const torch::Tensor& images) {
    const auto of_block = digests_of(images, reading);
    std::vector<int64_t> unknown;
    for (size_t i = 0; i < of_block.size(); ++i)
      if (known.emplace(of_block[i], torch::Tensor()).second)
        unknown.push_back(static_cast<int64_t>(i));
    digests.insert(digests.end(), of_block.begin(), of_block.end());
    if (unknown.empty()) return;
    any_unknown = true;
    const auto computed =
        features(network, images.index_select(0, torch::tensor(unknown)), reading, compute);
    for (size_t k = 0; k < unknown.size(); ++k)
      known[of_block[static_cast<size_t>(unknown[k])]] = computed[static_cast<int64_t>(k)];
  });
  std::vector<torch::Tensor> rows;
  for (const auto& digest : digests) rows.push_back(known.at(digest));
  const auto all = rows.empty() ? torch::empty({0, trunk.features}) : torch::stack(rows);
  if (any_unknown) write_known(folders.front() / file_name(trunk, part), trunk, digests, all);
  return all;
}

}  // namespace evenray
