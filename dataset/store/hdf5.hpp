// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <hdf5.h>

#include <cstring>
#include <mutex>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "dataset/store/chunk.hpp"

namespace evenray {

// Handles and helpers over HDF5's C API; only the store's own sources include this.

/// A failed HDF5 operation or a fault in a file, without the file's name; the store turns it into
/// an Error.
struct Hdf5Fault : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Throws Hdf5Fault(message) unless `ok`.
inline void must(bool ok, const std::string& message) {
  if (!ok) throw Hdf5Fault(message);
}

/// Must be called on each thread before any other HDF5 function (each thread has its own error
/// stack). Turns off the exit handler (it crashes after a full disk), the printing of errors and
/// filter plug-ins. The caller holds hdf5_lock().
void prepare_hdf5();

/// Must be held while calling HDF5, which would run only one thread at a time without it, too.
/// Holding it guarantees that no other thread is inside HDF5 at a fork.
std::mutex& hdf5_lock();

/// An HDF5 identifier that closes itself.
class Hdf5Handle {
 public:
  Hdf5Handle() = default;
  /// Throws Hdf5Fault("cannot `doing`") for a negative id.
  Hdf5Handle(hid_t id, herr_t (*close)(hid_t), const std::string& doing);
  ~Hdf5Handle() { close(); }
  Hdf5Handle(Hdf5Handle&& other) noexcept
      : id_(std::exchange(other.id_, -1)), close_(other.close_) {}
  Hdf5Handle& operator=(Hdf5Handle&& other) noexcept {
    std::swap(id_, other.id_);
    std::swap(close_, other.close_);
    return *this;
  }
  hid_t get() const { return id_; }
  explicit operator bool() const { return id_ >= 0; }
  /// Returns false if HDF5 could not close it, so data did not reach the disk.
  bool close() noexcept { return id_ < 0 || close_(std::exchange(id_, -1)) >= 0; }

 private:
  hid_t id_ = -1;
  herr_t (*close_)(hid_t) = nullptr;
};

/// The element types that a store holds. `origin` is an enumeration over u8, `text` variable-length
/// UTF-8.
enum class Element { i8, u8, u16, i16, i64, u64, f32, f64, origin, text };
size_t element_bytes(Element element);      ///< 0 for text
const char* element_name(Element element);  ///< numpy's name, or "text"
Hdf5Handle element_type(Element element);   ///< little-endian, in file and memory

/// A data set or attribute in memory: row-major little-endian numbers in `bytes`, or `texts`. An
/// empty shape is a scalar.
struct Column {
  Element type = Element::u8;
  std::vector<hsize_t> shape;
  std::string bytes;
  std::vector<std::string> texts;

  size_t count() const;
  bool operator==(const Column&) const = default;

  template <class T>
  std::vector<T> values() const {
    std::vector<T> out(bytes.size() / sizeof(T));
    if (!out.empty()) std::memcpy(out.data(), bytes.data(), out.size() * sizeof(T));
    return out;
  }
  template <class T>
  static Column of(Element type, std::vector<hsize_t> shape, const std::vector<T>& values) {
    const auto* data = reinterpret_cast<const char*>(values.data());
    return {type, std::move(shape), std::string(data, values.size() * sizeof(T)), {}};
  }
  static Column of(std::vector<std::string> texts);
  static Column scalar(const std::string& text);
  static Column scalar(int64_t number);
  static Column scalar(uint8_t number);
};

/// Write a new attribute or data set. Throw Hdf5Fault.
void write_attribute(hid_t object, const std::string& name, const Column& value);
void write_column(hid_t group, const std::string& name, const Column& value);

/// A hard link in a group.
struct Hdf5Link {
  std::string name;
  bool is_group = false;
};
/// Lists the links of a group, in order of creation if the group tracks it, else by name. Throws
/// Hdf5Fault for a soft, external or user-defined link and for any object that is neither a group
/// nor a data set.
std::vector<Hdf5Link> list_links(hid_t group, const std::string& where);

/// The layout of a data set that passed check_dataset().
struct DatasetShape {
  std::vector<hsize_t> shape, chunk;  ///< chunk empty: contiguous
  bool filtered = false;              ///< has at least one filter
  ChunkForm form;                     ///< the filters, if they are deflate, then fletcher32
  bool foreign = false;               ///< other filters or another order: only HDF5 can undo them
  uint64_t file_bytes = 0;            ///< size of the whole file
};
/// Checks type, storage and size of a data set before anything is allocated for it. Throws
/// Hdf5Fault for another type, external storage, a virtual layout, filters other than deflate,
/// shuffle and fletcher32, and for a shape larger than its storage in a file of `file_bytes` can
/// hold.
DatasetShape check_dataset(hid_t dataset,
                           const std::string& where,
                           Element type,
                           uint64_t file_bytes);

/// Reads a data set that check_dataset() has accepted.
Column read_column(hid_t dataset,
                   const std::string& where,
                   Element type,
                   const DatasetShape& shape);
/// Reads an attribute. Throws Hdf5Fault if it is missing or has another type or rank (0 scalar, 1
/// list).
Column read_attribute(hid_t object, const std::string& name, Element type, int rank);

}  // namespace evenray
