// SPDX-License-Identifier: Apache-2.0
#include "dataset/store/shards.hpp"

#include <algorithm>

#include "core/error.hpp"
#include "core/text.hpp"
#include "dataset/store/manifest.hpp"

namespace evenray {
namespace {

std::unique_ptr<StoreFile> open_file(const Path& path, SealCheck check) {
  return std::make_unique<StoreFile>(path, vet_store_file(path, check));
}

}  // namespace

void StoreShards::refuse(const std::string& fault) const {
  throw Error(Exit::bad_data, cat(path_.string(), ": ", fault));
}

StoreShards::StoreShards(const Path& path, SealCheck check)
    : path_(find_store(path).value_or(path)) {
  if (std::filesystem::is_directory(path_)) {
    open_shards(check);
  } else {
    files_.push_back(open_file(path_, check));
    const auto shard = files_[0]->shard();
    if (shard)
      refuse(cat(
          "this is one of ", shard->count, " shards; give the folder with their manifest.json"));
    content_digest_ = files_[0]->content_digest();
  }
  for (size_t p = 0; p < kParts.size(); ++p) {
    int64_t end = 0;
    for (const auto& file : files_) ends_[p].push_back(end += file->rows(p));
  }
}

void StoreShards::open_shards(SealCheck seal_check) {
  check(
      holds_shards(path_),
      Exit::missing_input,
      cat("cannot read ", path_.string(), ": the folder has no manifest.json of a store's shards"));
  const ShardManifest manifest = read_manifest(path_);
  content_digest_ = manifest.content_digest;
  const auto count = static_cast<int64_t>(manifest.shards.size());
  for (const auto& listed : manifest.shards) {
    const auto& file = *files_.emplace_back(open_file(path_ / listed.file, seal_check));
    const ShardPlace place{static_cast<int64_t>(files_.size()) - 1, count};
    if (file.shard() != place)
      refuse(cat(listed.file, " is not shard ", place.index, " of ", count));
    if (file.content_digest() != listed.content_digest)
      refuse(
          cat(listed.file, " is not the file that the manifest lists: its content_digest differs"));
    for (size_t p = 0; p < kParts.size(); ++p) {
      if (file.rows(p) != listed.rows[p])
        refuse(cat(
            listed.file, " has ", file.rows(p), " rows of ", kParts[p], ", not ", listed.rows[p]));
    }
    if (file.attributes() != attributes() || file.info().meta_columns != info().meta_columns)
      refuse(cat(listed.file,
                 " does not belong to the earlier shards: its attributes or columns differ"));
  }
}

Columns StoreShards::read_columns(size_t part) const {
  std::vector<Columns> columns;
  for (const auto& file : files_) columns.push_back(file->read_columns(part));
  try {
    return joined(std::move(columns));
  } catch (const Hdf5Fault& fault) {
    refuse(cat("/", kParts[part], ": ", fault.what()));
  }
}

StorePart StoreShards::read_part(size_t part) const {
  const Columns columns = read_columns(part);
  try {
    return part_of(kParts[part], columns, info());
  } catch (const Hdf5Fault& fault) {
    refuse(fault.what());
  }
}

std::vector<int64_t> StoreShards::balanced_index() const {
  const Columns columns = read_columns(0);
  const auto found = columns.find("balanced_index");
  if (found == columns.end()) return {};
  auto rows = found->second.values<int64_t>();
  for (const auto row : rows) {
    if (row < 0 || row >= this->rows(0))
      refuse(cat("/train/balanced_index has row ", row, ", which does not exist"));
  }
  return rows;
}

void StoreShards::read_row(size_t part, int64_t row, void* out) const {
  const auto& ends = ends_[part];
  const auto file = std::upper_bound(ends.begin(), ends.end(), row) - ends.begin();
  const int64_t before = file == 0 ? 0 : ends[static_cast<size_t>(file - 1)];
  files_[static_cast<size_t>(file)]->read_row(part, row - before, out);
}

}  // namespace evenray
