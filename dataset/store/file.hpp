// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <map>
#include <optional>

#include "dataset/store/columns.hpp"
#include "dataset/store/seal.hpp"

namespace evenray {

/// Which of how many files of a store; from 0.
struct ShardPlace {
  int64_t index = 0, count = 1;
  bool operator==(const ShardPlace&) const = default;
};

/// An open file of a store whose structure has been checked: every link, type, shape and size, no
/// value yet. Thread-safe behind HDF5's lock; inflating goes on outside it. All faults are Errors
/// with the file's name.
class StoreFile {
 public:
  /// `seal`: what vet_store_file() found. HDF5 sees the file here, so it must be vetted, or written
  /// by this process.
  StoreFile(const Path& path, Seal seal);
  ~StoreFile();

  const Path& path() const { return path_; }
  const StoreInfo& info() const { return info_; }
  const std::string& content_digest() const { return content_digest_; }
  const Columns& attributes() const { return attributes_; }
  /// nullopt: the file is a store of its own.
  std::optional<ShardPlace> shard() const { return shard_; }
  int64_t rows(size_t part) const { return static_cast<int64_t>(parts_[part].images.shape[0]); }
  size_t row_bytes() const { return row_bytes_; }
  /// Data sets and groups that the schema does not know; they are never opened.
  const std::vector<std::string>& strangers() const { return strangers_; }

  /// All columns of a part; `images` with its shape alone.
  Columns read_columns(size_t part) const;
  /// Pixels of one row: row_bytes() bytes.
  void read_row(size_t part, int64_t row, void* out) const;
  /// The row's chunk as it lies in the file into `stored`. Not for files whose filters only HDF5
  /// itself can undo.
  void read_stored(size_t part, int64_t row, std::string& stored) const;

 private:
  struct ColumnPlace {
    Element type;
    DatasetShape shape;
  };
  struct Part {
    Hdf5Handle group, dataset;
    DatasetShape images;
    std::map<std::string, ColumnPlace> columns;  ///< all but images
  };

  void open();
  void close();
  void open_root();
  void read_shard(hid_t root);
  void open_part(size_t index);
  void open_images(Part& part, const std::string& where);
  void open_meta(Part& part, const std::string& where, bool first);
  void check_shapes(const Part& part, const std::string& where) const;
  ColumnPlace look_at(hid_t group,
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
  std::vector<std::string> strangers_;
};

}  // namespace evenray
