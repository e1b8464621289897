// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <string>
#include <vector>

#include "core/files.hpp"

namespace evenray {

inline constexpr const char* kManifestFile = "manifest.json";
/// All are open at a time.
inline constexpr size_t kMaxShards = 512;

/// What manifest.json says of a folder of shards: docs/format.md, "Shards".
struct ShardManifest {
  struct Shard {
    std::string file;             ///< name in the folder
    std::array<int64_t, 3> rows;  ///< in the order of kParts
    std::string content_digest;
  };
  std::string content_digest;  ///< of the whole store
  std::vector<Shard> shards;
};

/// set.h5 -> set.h5.d.
Path shard_folder(const Path& store);
/// shard-0000.h5, shard-0001.h5, ...
std::string shard_name(size_t index);
/// Whether a folder holds a manifest that claims to be of shards.
bool holds_shards(const Path& folder);

std::string manifest_text(const ShardManifest& manifest);
/// Throws 66 where it is missing, 65 where it is no such manifest: a name that leads out of the
/// folder or is no plain file's, a number or digest that is none, more than kMaxShards.
ShardManifest read_manifest(const Path& folder);

}  // namespace evenray
