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

/// HDF5's C API under small handles; only the store's own sources include this.

/// What HDF5 refused to do, without the file's name; the store turns it into an Error.
struct Hdf5Fault : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Throws Hdf5Fault(message) unless ok.
inline void must(bool ok, const std::string& message) {
  if (!ok) throw Hdf5Fault(message);
}

/// To be called before any other call of HDF5 on a thread (its error stack is one a thread): no
/// exit handler (it crashes after a full disk), no printing of errors, no filter plug-ins. The
/// caller holds hdf5_lock().
void prepare_hdf5();

/// Held by whoever is inside HDF5, which serves one thread at a time anyway: so a process can be
/// forked while none is.
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
  /// False where HDF5 could not close it (data that did not reach the disk).
  bool close() noexcept { return id_ < 0 || close_(std::exchange(id_, -1)) >= 0; }

 private:
  hid_t id_ = -1;
  herr_t (*close_)(hid_t) = nullptr;
};

/// The element types that a store holds. `origin` is an enumeration over u8, `text` variable-length
/// UTF-8.
enum class Element { i8, u8, u16, i16, i64, u64, f32, f64, origin, text };
size_t element_bytes(Element element);      ///< 0 for text
const char* element_name(Element element);  ///< as numpy spells it; "text"
Hdf5Handle element_type(Element element);   ///< little-endian, in file and memory

/// A data set or attribute in memory: row-major little-endian numbers, or texts. An empty shape is
/// a scalar.
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

void write_attribute(hid_t object, const std::string& name, const Column& value);
void write_column(hid_t group, const std::string& name, const Column& value);

/// A link of a group that is known to be hard.
struct Hdf5Link {
  std::string name;
  bool is_group = false;
};
/// In order of creation where the group tracks it, else by name. Throws Hdf5Fault for a soft,
/// external or user-defined link and for anything but groups and data sets.
std::vector<Hdf5Link> list_links(hid_t group, const std::string& where);

/// How a data set that passed the checks is laid out.
struct DatasetShape {
  std::vector<hsize_t> shape, chunk;  ///< chunk empty: contiguous
  bool filtered = false;
  /// What chunks are behind, where the filters are those of a store in their order: deflate, then
  /// fletcher32. Where not, `foreign`: HDF5 alone can undo them.
  ChunkForm form;
  bool foreign = false;
  uint64_t file_bytes = 0;
};
/// Type, storage and size of a data set, before anything is allocated for it: throws Hdf5Fault for
/// a foreign type, external storage, a virtual layout, filters but deflate, shuffle and fletcher32,
/// and for a shape that its own storage in a file of `file_bytes` cannot hold.
DatasetShape check_dataset(hid_t dataset,
                           const std::string& where,
                           Element type,
                           uint64_t file_bytes);

/// A data set that check_dataset has passed.
Column read_column(hid_t dataset,
                   const std::string& where,
                   Element type,
                   const DatasetShape& shape);
/// Throws Hdf5Fault where it is missing or of another type or rank (0 scalar, 1 list).
Column read_attribute(hid_t object, const std::string& name, Element type, int rank);

}  // namespace evenray
