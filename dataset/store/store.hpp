// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <memory>
#include <opencv2/core.hpp>
#include <optional>
#include <string>
#include <vector>

#include "core/json.hpp"
#include "dataset/sample/sample.hpp"

namespace evenray {

// The HDF5 store: docs/format.md says what is in the file.

struct StoreInfo {
  std::vector<std::string> class_names;
  bool multi_label = false;   ///< false: exactly one class a row
  int height = 0, width = 0;  ///< of every image, px
  int bits = 8;               ///< 8: u8, 16: u16
  int value_max = 255;        ///< the pixel value that is white
  std::vector<std::string> meta_columns;
  std::string config;         ///< TOML
  std::string source;         ///< the collection's name
  std::string source_digest;  ///< SHA-256 over ids and source files
  std::string licence;        ///< may be empty

  /// Index of a class; throws 65 "this store has no class 'x' (it has: ...)".
  int class_index(std::string_view name) const;
};

/// One row; the image is CV_8UC1 or CV_16UC1 of the store's size.
struct StoreRow {
  cv::Mat image;
  std::vector<int8_t> labels;  ///< one a class: 1 yes, 0 no, -1 unknown
  std::string id, group, source_path;
  std::array<float, 2> scale{1, 1}, offset{0, 0};  ///< x, y: store px = source px * scale + offset
  std::vector<Box> boxes;                          ///< in store pixels
  bool boxes_known = false;
  Provenance provenance;
  float weight = 1;
  std::vector<std::string> meta;  ///< one a meta column; empty = missing
};

/// Everything of a part but its pixels, in memory.
struct StorePart {
  std::string name;
  std::vector<std::vector<int8_t>> labels;
  std::vector<std::string> ids, groups, source_paths;
  std::vector<std::array<float, 2>> scales, offsets;
  std::vector<std::vector<Box>> boxes;
  std::vector<uint8_t> boxes_known;
  std::vector<Provenance> provenance;
  std::vector<float> weights;
  std::vector<std::vector<std::string>> meta;  ///< [row][column] as text
  int64_t size() const { return static_cast<int64_t>(ids.size()); }
  /// Rows whose label of the class is 1.
  std::vector<int64_t> rows_of(int class_index) const;
};

/// How a store lies on the disk. Its content, and so its digest, is the same in every form.
struct StoreForm {
  int gzip_level = -1;     ///< of the pixels; -1: none
  bool checksums = false;  ///< HDF5's Fletcher-32 behind the pixels of each image
  /// Pixels that take more are divided: set.h5 becomes the folder set.h5.d of shards.
  uint64_t shard_bytes = uint64_t{8'000'000'000};
};

/// Pixels as the store will hold them, with what tells whether they were written whole.
struct PreparedImage {
  std::string digest;     ///< SHA-256 of the pixels, in hex
  uint32_t checksum = 0;  ///< CRC-32 of what goes into the file
  std::string stored;     ///< empty where the pixels go there as they are
};

class Store;
enum class SealCheck;

/// Writes a store: rows in the order of add() within each part; nothing under the final name before
/// finish() has checked it.
class StoreWriter {
 public:
  /// expected_rows: for the check of free space (74 where it would not fit). Throws 73 where it
  /// cannot write, 78 where there would be too many shards.
  StoreWriter(const Path& path, StoreInfo info, int64_t expected_rows, const StoreForm& form = {});
  ~StoreWriter();  ///< without finish(): removes the temporary files
  StoreWriter(const StoreWriter&) = delete;
  StoreWriter& operator=(const StoreWriter&) = delete;

  /// The work on the pixels (digest, compression, checksum), for workers. Thread-safe.
  PreparedImage prepare(const cv::Mat& image) const;
  /// part: "train", "val" or "test" (else 2). `prepared`: of the row's image. Not thread-safe.
  /// Throws 1 for a row of another shape than the store's, 65 for an id that it has already, 74 on
  /// a full disk.
  void add(const std::string& part, const StoreRow& row, const PreparedImage& prepared);
  void add(const std::string& part, const StoreRow& row) { add(part, row, prepare(row.image)); }
  /// Rows to draw for a balanced epoch of train; optional.
  void set_balanced_index(std::vector<int64_t> rows);
  /// Instead of what StoreInfo had, for those who know it only when all rows have been added.
  void set_source_digest(const std::string& digest);
  /// Writes the small columns and attributes, reads all back and compares, fsyncs, renames; a store
  /// that had the name, in either form, is gone then. Returns the store, open; its digest does not
  /// depend on `threads`. Throws 74.
  Store finish(int threads = 1);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Reads a store. Hostile-safe: refuses links, external storage, virtual layouts, foreign filters
/// and sizes that do not fit. Rows of a part are those of its shards one after the other.
class Store {
 public:
  /// Any name that find_store() takes. Throws 66 if missing, 65 with the first fault.
  explicit Store(const Path& path);
  ~Store();
  Store(Store&&) noexcept;

  const Path& path() const;  ///< of the file, or of the folder of its shards
  const StoreInfo& info() const;
  const std::string& content_digest() const;
  /// Read on first use, thread-safe. Throws 2 for an unknown part, 65 for values that make no
  /// sense.
  const StorePart& part(const std::string& name) const;
  /// One image, thread-safe (one lock). Throws 2 for a row that is not there, 65 where it cannot be
  /// read.
  cv::Mat image(const std::string& part, int64_t row) const;
  /// The same for `count` images from `first`, into `out` (count * height * width * bits/8 bytes).
  void read_images(const std::string& part, int64_t first, int64_t count, void* out) const;
  /// Rows of train to draw for a balanced epoch; empty where no plan made one.
  std::vector<int64_t> balanced_index() const;

 private:
  friend class StoreWriter;
  Store(const Path& path, SealCheck check);

  struct State;
  std::unique_ptr<State> state_;
};

/// Full check of a store: schema, shapes, digest, provenance, real and unaltered val/test, no group
/// in two of train, val, test. nullopt where all is well, else the first fault. Throws 66 if it is
/// missing, 75 when stopped.
std::optional<std::string> check_store(const Path& path);

/// Where a store lies: the file itself, or the folder of its shards, of which `path` may be the
/// name, the manifest, or the name of the file that they stand for (set.h5 where only set.h5.d is
/// there). nullopt: nowhere. Of a file the content is not looked at.
std::optional<Path> find_store(const Path& path);

/// Removes the store that find_store() finds and nothing else of its folder. Throws 74.
void remove_store(const Path& path);

}  // namespace evenray
