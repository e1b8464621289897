// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <string>
#include <vector>

#include "core/files.hpp"

namespace evenray {

inline constexpr const char* kManifestFile = "manifest.json";
/// The most shards of a store; all of them are open at the same time.
inline constexpr size_t kMaxShards = 512;

/// The content of manifest.json, which lists a folder's shards: docs/format.md, "Shards".
struct ShardManifest {
  struct Shard {
    std::string file;             ///< name in the folder
    std::array<int64_t, 3> rows;  ///< per part, in the order of kParts
    std::string content_digest;   ///< of this shard
  };
  std::string content_digest;  ///< of the whole store
  std::vector<Shard> shards;
};

/// Returns the folder of a store's shards: set.h5 -> set.h5.d.
Path shard_folder(const Path& store);
/// Returns shard-0000.h5, shard-0001.h5, ...
std::string shard_name(size_t index);
/// Whether a folder has a manifest that begins like one of shards.
bool holds_shards(const Path& folder);

/// Returns the text of manifest.json.
std::string manifest_text(const ShardManifest& manifest);
/// Reads a folder's manifest. Throws 66 if it is missing, 65 if it is not valid: a name that is not
/// that of a regular file in the folder, an invalid number or digest, a name listed twice, no
/// shards or more than kMaxShards.
ShardManifest read_manifest(const Path& folder);

}  // namespace evenray
