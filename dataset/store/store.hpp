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

// The HDF5 store: packed images with labels, ids, boxes and provenance in the parts train, val and
// test; docs/format.md describes the file. This header is all that other code needs. The headers
// inside, in reading order: hdf5.hpp, chunk.hpp and columns.hpp (HDF5 and the schema); file.hpp and
// file_writer.hpp (one file); manifest.hpp and shards.hpp (several files as one store); seal.hpp,
// vet.hpp and readback.hpp (safety). datasheet.hpp describes a store for people.

/// Properties of a whole store.
struct StoreInfo {
  std::vector<std::string> class_names;
  bool multi_label = false;               ///< false: exactly one class per row
  int height = 0, width = 0;              ///< of every image, px
  int bits = 8;                           ///< 8: u8, 16: u16
  int value_max = 255;                    ///< the pixel value that is white
  std::vector<std::string> meta_columns;  ///< names of the other columns
  std::string config;                     ///< the settings that it was made with, TOML
  std::string source;                     ///< the collection's name
  std::string source_digest;              ///< SHA-256 over ids and source files
  std::string licence;                    ///< may be empty

  /// Returns the index of a class. Throws 65 "this store has no class 'x' (it has: ...)".
  int class_index(std::string_view name) const;
};

/// One row of a part.
struct StoreRow {
  cv::Mat image;               ///< CV_8UC1 or CV_16UC1 of the store's size
  std::vector<int8_t> labels;  ///< one per class: 1 yes, 0 no, -1 unknown
  std::string id, group, source_path;
  std::array<float, 2> scale{1, 1}, offset{0, 0};  ///< x, y: store px = source px * scale + offset
  std::vector<Box> boxes;                          ///< in store pixels
  bool boxes_known = false;                        ///< annotated: no boxes then means no object
  Provenance provenance;
  float weight = 1;               ///< finite, not negative
  std::vector<std::string> meta;  ///< one per meta column; empty = missing
};

/// All of a part except its pixels, in memory; one element per row in each vector.
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
  /// Returns the rows whose label of the class is 1.
  std::vector<int64_t> rows_of(int class_index) const;
};

/// How a store is written to disk. Its content, and so its digest, is the same in every form.
struct StoreForm {
  int gzip_level = -1;     ///< compression of the pixels; -1: none
  bool checksums = false;  ///< HDF5's Fletcher-32 after the pixels of each image
  /// If the pixels take more bytes, they are divided: set.h5 becomes the folder set.h5.d of shards.
  uint64_t shard_bytes = uint64_t{8'000'000'000};
};

/// Pixels in the form in which the store will hold them, with the checksums that verify the file.
struct PreparedImage {
  std::string digest;     ///< SHA-256 of the pixels, in hex
  uint32_t checksum = 0;  ///< CRC-32 of the bytes that go into the file
  std::string stored;     ///< those bytes; empty if they are the pixels themselves
};

class Store;
enum class SealCheck;

/// Writes a store. Within each part the rows are in the order of add(). Nothing appears under the
/// final name before finish() has verified it.
class StoreWriter {
 public:
  /// Throws 74 if `expected_rows` rows would not fit into the free space, 73 if the store cannot be
  /// created, 78 if there would be too many shards.
  StoreWriter(const Path& path, StoreInfo info, int64_t expected_rows, const StoreForm& form = {});
  ~StoreWriter();  ///< without finish(): removes the temporary files
  StoreWriter(const StoreWriter&) = delete;
  StoreWriter& operator=(const StoreWriter&) = delete;

  /// Computes digest, compression and checksum of an image, for worker threads. Thread-safe.
  PreparedImage prepare(const cv::Mat& image) const;
  /// Adds a row to a part. `prepared`: the result of prepare() for the row's image. Throws 2 for a
  /// part other than train, val and test, 1 for a row that does not have the store's shape, 65 for
  /// an id that the store has already, 74 on a full disk. Not thread-safe.
  void add(const std::string& part, const StoreRow& row, const PreparedImage& prepared);
  void add(const std::string& part, const StoreRow& row) { add(part, row, prepare(row.image)); }
  /// Sets the rows to draw for a balanced epoch of train; optional.
  void set_balanced_index(std::vector<int64_t> rows);
  /// Replaces StoreInfo::source_digest, for callers that know it only after all rows were added.
  void set_source_digest(const std::string& digest);
  /// Writes the small columns and attributes, reads everything back and compares, fsyncs and
  /// renames; this replaces a store of that name in either form. Returns the open store; its digest
  /// does not depend on `threads`. Throws 74.
  Store finish(int threads = 1);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Reads a store. Safe on hostile files: refuses links, external storage, virtual layouts, other
/// filters and sizes that cannot be right. The rows of a part are those of its shards in order.
class Store {
 public:
  /// Opens any path that find_store() accepts. Throws 66 if it is missing, 65 with the first fault.
  explicit Store(const Path& path);
  ~Store();
  Store(Store&&) noexcept;

  const Path& path() const;  ///< the file, or the folder of its shards
  const StoreInfo& info() const;
  const std::string& content_digest() const;
  /// Returns a part, reading it on first use. Throws 2 for an unknown part, 65 for invalid values.
  /// Thread-safe.
  const StorePart& part(const std::string& name) const;
  /// Reads one image. Throws 2 for a row that does not exist, 65 if it cannot be read. Thread-safe
  /// (one lock).
  cv::Mat image(const std::string& part, int64_t row) const;
  /// Reads `count` images from row `first` into `out` (count * height * width * bits/8 bytes); the
  /// rest as image().
  void read_images(const std::string& part, int64_t first, int64_t count, void* out) const;
  /// Returns the rows of train to draw for a balanced epoch; empty if the store has none.
  std::vector<int64_t> balanced_index() const;

 private:
  friend class StoreWriter;
  Store(const Path& path, SealCheck check);

  struct State;
  std::unique_ptr<State> state_;
};

/// Checks a whole store: schema, shapes, digest, provenance, that val and test have only real,
/// unaltered images and that no group is in two parts. Returns the first fault, nullopt if there is
/// none. Throws 66 if the store is missing, 75 when stopped.
std::optional<std::string> check_store(const Path& path);

/// Returns the path of a store: the file itself or the folder of its shards; nullopt if there is
/// none. For shards, `path` may be the folder, its manifest, or the file name that they replace
/// (set.h5 if only set.h5.d exists). The content of a file is not checked.
std::optional<Path> find_store(const Path& path);

/// Removes the store that find_store() returns, and no other file of its folder. Throws 74.
void remove_store(const Path& path);

}  // namespace evenray
