// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <set>

#include "dataset/store/columns.hpp"
#include "dataset/store/file.hpp"

namespace evenray {

/// Writes one file of a store. Failures of HDF5 are thrown as Hdf5Fault; the methods take
/// hdf5_lock() themselves. Not thread-safe.
class StoreFileWriter {
 public:
  StoreFileWriter(const Path& path, const StoreInfo& info, const StoreForm& form);
  /// If finish() was not called, empties the file.
  ~StoreFileWriter();
  StoreFileWriter(const StoreFileWriter&) = delete;
  StoreFileWriter& operator=(const StoreFileWriter&) = delete;

  /// Adds a row. `stored`: the image in the form of its chunk; CRC-32 and digest come from
  /// `prepared`.
  void add(size_t part,
           const StoreRow& row,
           std::string_view stored,
           const PreparedImage& prepared);

  const Path& path() const { return path_; }
  uint64_t pixel_bytes() const { return pixel_bytes_; }  ///< pixels of all rows, as stored
  const StorePart& rows(size_t part) const { return parts_[part].rows; }
  const std::array<std::vector<std::string>, 3>& digests() const { return digests_; }
  const std::array<std::vector<uint32_t>, 3>& checksums() const { return checksums_; }

  /// Returns all data sets of each part: columns_of(), and `images` with only its shape. The meta
  /// columns in `numeric` are numbers.
  std::array<Columns, 3> columns(const std::set<size_t>& numeric) const;
  /// Writes columns and attributes and closes the file.
  void finish(const Columns& attributes,
              const std::array<Columns, 3>& columns,
              const std::string& digest);

 private:
  struct Part {
    StorePart rows;
    Hdf5Handle group, images;
    hsize_t room = 0;  ///< rows that `images` has space for
  };

  void create(const StoreForm& form);
  void write_image(Part& part, std::string_view stored);
  void write_part(Part& part, const Columns& columns);
  void close();
  void abandon();

  Path path_;
  const StoreInfo& info_;
  std::array<Part, 3> parts_;
  std::array<std::vector<std::string>, 3> digests_;  ///< of the pixels of each row
  std::array<std::vector<uint32_t>, 3> checksums_;   ///< CRC-32 of the bytes given to HDF5
  Hdf5Handle file_;
  uint64_t pixel_bytes_ = 0;
  size_t bytes_to_write_out_ = 0;
  bool finished_ = false;
};

}  // namespace evenray
