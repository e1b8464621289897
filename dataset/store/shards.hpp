// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>

#include "dataset/store/file.hpp"
#include "dataset/store/vet.hpp"

namespace evenray {

/// A store open for reading: its one file, or its shards, whose rows follow one another. Opening
/// checks the manifest against the files. Thread-safe.
class StoreShards {
 public:
  /// Throws as the constructor of Store.
  StoreShards(const Path& path, SealCheck check);

  const Path& path() const { return path_; }
  const StoreInfo& info() const { return files_[0]->info(); }
  const std::string& content_digest() const { return content_digest_; }
  const Columns& attributes() const { return files_[0]->attributes(); }
  const std::vector<std::unique_ptr<StoreFile>>& files() const { return files_; }
  int64_t rows(size_t part) const { return ends_[part].back(); }
  size_t row_bytes() const { return files_[0]->row_bytes(); }

  Columns read_columns(size_t part) const;
  StorePart read_part(size_t part) const;
  std::vector<int64_t> balanced_index() const;
  /// Reads the pixels of one row: row_bytes() bytes.
  void read_row(size_t part, int64_t row, void* out) const;

 private:
  void open_shards(SealCheck seal_check);
  [[noreturn]] void refuse(const std::string& fault) const;

  Path path_;
  std::string content_digest_;
  std::vector<std::unique_ptr<StoreFile>> files_;
  std::array<std::vector<int64_t>, 3>
      ends_;  ///< per part: number of rows up to the end of each file
};

}  // namespace evenray
