// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <map>
#include <optional>

#include "dataset/store/columns.hpp"
#include "dataset/store/seal.hpp"

namespace evenray {

/// The place of a file among the shards of a store; `index` counts from 0.
struct ShardPlace {
  int64_t index = 0, count = 1;
  bool operator==(const ShardPlace&) const = default;
};

/// An open file of a store. Opening checks the structure (every link, type, shape and size), but no
/// values. Thread-safe through hdf5_lock(); inflating runs outside the lock. All faults are Errors
/// (65) with the file's name.
class StoreFile {
 public:
  /// `seal`: the result of vet_store_file(). HDF5 opens the file here, so it must have been vetted,
  /// or written by this process.
  StoreFile(const Path& path, Seal seal);
  ~StoreFile();

  const Path& path() const { return path_; }
  const StoreInfo& info() const { return info_; }
  const std::string& content_digest() const { return content_digest_; }
  const Columns& attributes() const { return attributes_; }
  /// nullopt if the file is a whole store.
  std::optional<ShardPlace> shard() const { return shard_; }
  int64_t rows(size_t part) const { return static_cast<int64_t>(parts_[part].images.shape[0]); }
  size_t row_bytes() const { return row_bytes_; }
  /// Paths of data sets and groups that are not in the schema; they are never opened.
  const std::vector<std::string>& unknown_objects() const { return unknown_objects_; }

  /// Reads all columns of a part; `images` has only its shape.
  Columns read_columns(size_t part) const;
  /// Reads the pixels of one row: row_bytes() bytes.
  void read_row(size_t part, int64_t row, void* out) const;
  /// Reads the row's chunk as stored in the file. Not for files with filters that only HDF5 can
  /// undo (DatasetShape::foreign).
  void read_stored(size_t part, int64_t row, std::string& stored) const;

 private:
  struct ColumnPlace {
    Element type;
    DatasetShape shape;
  };
  struct Part {
    Hdf5Handle group, dataset;
    DatasetShape images;
    std::map<std::string, ColumnPlace> columns;  ///< all except images
  };

  void open();
  void close();
  void open_root();
  void read_shard(hid_t root);
  void open_part(size_t index);
  void open_images(Part& part, const std::string& where);
  void open_meta(Part& part, const std::string& where, bool first);
  void check_shapes(const Part& part, const std::string& where) const;
  ColumnPlace check_column(hid_t group,
                           const std::string& path,
                           const std::string& where,
                           Element type) const;
  void read_through_hdf5(const Part& part, int64_t row, const std::string& where, void* out) const;
  [[noreturn]] void refuse(const std::string& fault) const;

  Path path_;
  uint64_t file_bytes_ = 0;
  size_t row_bytes_ = 0;
  Hdf5Handle file_;
  StoreInfo info_;
  std::string content_digest_;
  Columns attributes_;
  std::optional<ShardPlace> shard_;
  std::array<Part, 3> parts_;
  std::vector<std::string> unknown_objects_;
};

}  // namespace evenray
