// SPDX-License-Identifier: Apache-2.0
#include "dataset/store/manifest.hpp"

#include <algorithm>
#include <fstream>
#include <set>

#include "core/error.hpp"
#include "core/json.hpp"
#include "core/text.hpp"
#include "dataset/sample/sample.hpp"

namespace evenray {
namespace {

constexpr const char* kManifestSchema = "evenray-shards-1";
/// A manifest of kMaxShards takes a quarter of this.
constexpr uint64_t kMaxManifestBytes = uint64_t{1} << 20;
constexpr size_t kHeadBytes = 256;

[[noreturn]] void refuse(const Path& folder, const std::string& fault) {
  throw Error(Exit::bad_data, cat((folder / kManifestFile).string(), ": ", fault));
}

/// Returns the text of `key`, which is required.
std::string text_of(const Json& object, const char* key, const Path& folder) {
  if (!object.is_object() || !object.contains(key) || !object[key].is_string())
    refuse(folder, cat("'", key, "' is missing or not a text"));
  return object[key].get<std::string>();
}

std::string digest_of(const Json& object, const Path& folder) {
  std::string digest = text_of(object, "content_digest", folder);
  if (digest.size() != 64 || digest.find_first_not_of("0123456789abcdef") != std::string::npos)
    refuse(folder, "a content_digest is not a SHA-256");
  return digest;
}

/// Returns the name of a regular file directly in the folder. Links are refused, since they could
/// lead to any file.
std::string file_of(const Json& shard, const Path& folder) {
  std::string name = text_of(shard, "file", folder);
  const bool plain = !name.empty() && name != "." && name != ".." && is_plain_utf8(name) &&
                     name.find('/') == std::string::npos;
  if (!plain) refuse(folder, "a shard's 'file' must be the plain name of a file in this folder");
  std::error_code error;
  const auto status = std::filesystem::symlink_status(folder / name, error);
  if (!std::filesystem::exists(status)) refuse(folder, cat("shard ", name, " is missing"));
  if (!std::filesystem::is_regular_file(status))
    refuse(folder, cat(name, " is a link or not a file"));
  return name;
}

ShardManifest::Shard shard_of(const Json& json, const Path& folder) {
  ShardManifest::Shard shard{file_of(json, folder), {}, digest_of(json, folder)};
  for (size_t p = 0; p < kParts.size(); ++p) {
    const Json rows =
        json.contains("rows") && json["rows"].is_object() && json["rows"].contains(kParts[p])
            ? json["rows"][kParts[p]]
            : Json();
    if (!rows.is_number_unsigned() || rows.get<uint64_t>() > uint64_t{1} << 40)
      refuse(folder, cat(shard.file, ": rows of ", kParts[p], " is missing or not a number"));
    shard.rows[p] = rows.get<int64_t>();
  }
  return shard;
}

}  // namespace

Path shard_folder(const Path& store) { return companion(store, ".d"); }

std::string shard_name(size_t index) {
  const std::string number = cat(index);
  return cat("shard-", std::string(4 - std::min<size_t>(4, number.size()), '0'), number, ".h5");
}

bool holds_shards(const Path& folder) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(folder / kManifestFile, error)) return false;
  std::ifstream in(folder / kManifestFile, std::ios::binary);
  std::string head(kHeadBytes, '\0');
  in.read(head.data(), static_cast<std::streamsize>(head.size()));
  return head.find("\"evenray-shards-") != std::string::npos;
}

std::string manifest_text(const ShardManifest& manifest) {
  Json shards = Json::array();
  for (const auto& shard : manifest.shards) {
    Json rows;
    for (size_t p = 0; p < kParts.size(); ++p) rows[kParts[p]] = shard.rows[p];
    shards.push_back(
        {{"file", shard.file}, {"rows", rows}, {"content_digest", shard.content_digest}});
  }
  return json_text({{"schema", kManifestSchema},
                    {"content_digest", manifest.content_digest},
                    {"shards", shards}});
}

ShardManifest read_manifest(const Path& folder) {
  const Path file = folder / kManifestFile;
  const Json json = parse_json(read_file(file, kMaxManifestBytes), file.string());
  const std::string schema = text_of(json, "schema", folder);
  if (schema != kManifestSchema)
    refuse(folder, cat("schema is '", schema, "'; this program reads ", kManifestSchema));
  if (!json.contains("shards") || !json["shards"].is_array())
    refuse(folder, "'shards' is missing or not a list");
  ShardManifest manifest{digest_of(json, folder), {}};
  const size_t count = json["shards"].size();
  if (count == 0 || count > kMaxShards)
    refuse(folder, cat(count, " shards; 1 to ", kMaxShards, " are allowed"));
  std::set<std::string> seen;
  for (const auto& shard : json["shards"]) {
    manifest.shards.push_back(shard_of(shard, folder));
    const std::string& name = manifest.shards.back().file;
    if (!seen.insert(name).second) refuse(folder, cat("lists ", name, " twice"));
  }
  return manifest;
}

std::optional<Path> find_store(const Path& path) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (std::filesystem::is_directory(status))
    return holds_shards(path) ? std::optional(path) : std::nullopt;
  const Path folder = path.has_parent_path() ? path.parent_path() : Path(".");
  if (path.filename() == kManifestFile && holds_shards(folder)) return folder;
  if (std::filesystem::exists(status)) return path;
  if (holds_shards(shard_folder(path))) return shard_folder(path);
  return std::nullopt;
}

void remove_store(const Path& path) {
  const auto store = find_store(path);
  if (!store) return;
  std::vector<Path> files{*store};
  if (std::filesystem::is_directory(*store)) {
    // The files are found by name, not from the manifest, which may be damaged or list anything.
    files = {*store / kManifestFile};
    for (size_t i = 0; i < kMaxShards; ++i) files.push_back(*store / shard_name(i));
  }
  std::error_code error, ignored;
  for (const auto& file : files) {
    if (!std::filesystem::remove(file, error) && error)
      throw Error(Exit::io, cat("cannot remove ", file.string(), ": ", error.message()));
  }
  if (files.size() > 1) std::filesystem::remove(*store, ignored);
}

}  // namespace evenray
