// SPDX-License-Identifier: Apache-2.0
#include "dataset/store/hdf5.hpp"

#include <algorithm>
#include <bit>
#include <memory>
#include <mutex>

#include "core/deflate.hpp"
#include "core/text.hpp"

namespace evenray {
namespace {

static_assert(std::endian::native == std::endian::little,
              "a store is written in the memory's byte order");

constexpr hsize_t kMaxAttributeElements = 1 << 16;
constexpr size_t kMaxLinks = 1 << 14;
constexpr uint64_t kMaxChunkElements = uint64_t{1} << 28;

Hdf5Handle space_of(const std::vector<hsize_t>& shape) {
  const hid_t id = shape.empty()
                       ? H5Screate(H5S_SCALAR)
                       : H5Screate_simple(static_cast<int>(shape.size()), shape.data(), nullptr);
  return {id, H5Sclose, "create a data space"};
}

std::vector<hsize_t> shape_of(hid_t space) {
  const int rank = H5Sget_simple_extent_ndims(space);
  must(rank >= 0 && H5Sget_simple_extent_type(space) != H5S_NULL, "a data space has no shape");
  std::vector<hsize_t> shape(static_cast<size_t>(rank));
  if (rank > 0) H5Sget_simple_extent_dims(space, shape.data(), nullptr);
  return shape;
}

/// Calls `transfer(pointer)` with the values in the form that HDF5 writes: numbers, or pointers to
/// texts.
template <class Transfer>
bool write_values(const Column& value, const std::string& name, const Transfer& transfer) {
  if (value.type != Element::text) return transfer(value.bytes.data()) >= 0;
  std::vector<const char*> pointers;
  for (const auto& text : value.texts) {
    must(text.find('\0') == std::string::npos, cat("'", name, "' has a text with a zero byte"));
    pointers.push_back(text.c_str());
  }
  return transfer(pointers.data()) >= 0;
}

/// Calls `transfer(pointer)` with memory that HDF5 fills; texts are copied from the pointers that
/// HDF5 returns.
template <class Transfer>
void read_values(Column& value, const std::string& where, const Transfer& transfer) {
  const size_t count = value.count();
  if (count == 0) return;
  if (value.type != Element::text) {
    value.bytes.resize(count * element_bytes(value.type));
    must(transfer(value.bytes.data()) >= 0, "cannot read " + where);
    return;
  }
  std::vector<char*> pointers(count, nullptr);
  must(transfer(pointers.data()) >= 0, "cannot read " + where);
  value.texts.reserve(count);
  for (const char* text : pointers) value.texts.emplace_back(text ? text : "");
}

/// Allocates memory for HDF5's texts up to a limit, since many rows of a hostile file may point to
/// the same long text.
struct TextMemory {
  uint64_t left;
  std::vector<std::unique_ptr<char[]>> pieces;

  static void* allocate(size_t bytes, void* self) {
    auto& memory = *static_cast<TextMemory*>(self);
    if (bytes > memory.left) return nullptr;
    memory.left -= bytes;
    return memory.pieces.emplace_back(std::make_unique<char[]>(bytes)).get();
  }
  static void release(void*, void*) {}
};

/// Whether no dimension is above 2^40 and their product is at most `limit`; avoids overflow.
bool fits(const std::vector<hsize_t>& shape, uint64_t limit) {
  if (std::any_of(shape.begin(), shape.end(), [](auto side) { return side > uint64_t{1} << 40; }))
    return false;
  if (std::find(shape.begin(), shape.end(), 0) != shape.end()) return true;
  uint64_t count = 1;
  for (const auto side : shape) {
    if (count > limit / side) return false;
    count *= side;
  }
  return true;
}

/// Whether a type in a file is the type that a store uses for `element`.
bool same_type(hid_t type, Element element) {
  if (element == Element::text) {
    return H5Tget_class(type) == H5T_STRING && H5Tis_variable_str(type) > 0;
  }
  return H5Tequal(type, element_type(element).get()) > 0;
}

herr_t add_link(hid_t, const char* name, const H5L_info_t* info, void* data) {
  auto& links = *static_cast<std::vector<std::pair<std::string, bool>>*>(data);
  links.emplace_back(name, info->type == H5L_TYPE_HARD);
  return links.size() > kMaxLinks ? -1 : 0;
}

}  // namespace

void prepare_hdf5() {
  static std::once_flag once;
  std::call_once(once, [] {
    H5dont_atexit();
    H5open();
    H5PLset_loading_state(0);
  });
  thread_local const bool quiet = H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr) >= 0;
  static_cast<void>(quiet);
}

std::mutex& hdf5_lock() {
  static std::mutex lock;
  return lock;
}

Hdf5Handle::Hdf5Handle(hid_t id, herr_t (*close)(hid_t), const std::string& doing)
    : id_(id), close_(close) {
  must(id >= 0, "cannot " + doing);
}

size_t element_bytes(Element element) {
  switch (element) {
    case Element::i8:
    case Element::u8:
    case Element::origin:
      return 1;
    case Element::u16:
    case Element::i16:
      return 2;
    case Element::f32:
      return 4;
    case Element::i64:
    case Element::u64:
    case Element::f64:
      return 8;
    case Element::text:
      break;
  }
  return 0;
}

const char* element_name(Element element) {
  constexpr const char* names[] = {
      "int8", "uint8", "uint16", "int16", "int64", "uint64", "float32", "float64", "uint8", "text"};
  return names[static_cast<size_t>(element)];
}

Hdf5Handle element_type(Element element) {
  if (element == Element::text) {
    Hdf5Handle type(H5Tcopy(H5T_C_S1), H5Tclose, "create a text type");
    H5Tset_size(type.get(), H5T_VARIABLE);
    H5Tset_cset(type.get(), H5T_CSET_UTF8);
    return type;
  }
  if (element == Element::origin) {
    Hdf5Handle type(H5Tenum_create(H5T_STD_U8LE), H5Tclose, "create an enumeration");
    uint8_t value = 0;
    for (const char* name : {"real", "copy", "augmented", "synthetic"}) {
      H5Tenum_insert(type.get(), name, &value);
      ++value;
    }
    return type;
  }
  const hid_t standard[] = {H5T_STD_I8LE,
                            H5T_STD_U8LE,
                            H5T_STD_U16LE,
                            H5T_STD_I16LE,
                            H5T_STD_I64LE,
                            H5T_STD_U64LE,
                            H5T_IEEE_F32LE,
                            H5T_IEEE_F64LE};
  return {H5Tcopy(standard[static_cast<size_t>(element)]), H5Tclose, "create a number type"};
}

size_t Column::count() const {
  size_t count = 1;
  for (const auto side : shape) count *= side;
  return count;
}

Column Column::of(std::vector<std::string> texts) {
  return {Element::text, {texts.size()}, "", std::move(texts)};
}
Column Column::scalar(const std::string& text) { return {Element::text, {}, "", {text}}; }
Column Column::scalar(int64_t number) { return of(Element::i64, {}, std::vector<int64_t>{number}); }
Column Column::scalar(uint8_t number) { return of(Element::u8, {}, std::vector<uint8_t>{number}); }

void write_attribute(hid_t object, const std::string& name, const Column& value) {
  const auto type = element_type(value.type);
  const auto space = space_of(value.shape);
  const Hdf5Handle attribute(
      H5Acreate2(object, name.c_str(), type.get(), space.get(), H5P_DEFAULT, H5P_DEFAULT),
      H5Aclose,
      "create attribute " + name);
  const bool written = write_values(
      value, name, [&](const void* data) { return H5Awrite(attribute.get(), type.get(), data); });
  must(written, "cannot write attribute " + name);
}

void write_column(hid_t group, const std::string& name, const Column& value) {
  const auto type = element_type(value.type);
  const auto space = space_of(value.shape);
  const Hdf5Handle create(H5Pcreate(H5P_DATASET_CREATE), H5Pclose, "create properties");
  H5Pset_obj_track_times(create.get(), false);
  Hdf5Handle dataset(
      H5Dcreate2(
          group, name.c_str(), type.get(), space.get(), H5P_DEFAULT, create.get(), H5P_DEFAULT),
      H5Dclose,
      "create data set " + name);
  const bool written =
      value.count() == 0 || write_values(value, name, [&](const void* data) {
        return H5Dwrite(dataset.get(), type.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, data);
      });
  must(written && dataset.close(), "cannot write data set " + name);
}

std::vector<Hdf5Link> list_links(hid_t group, const std::string& where) {
  std::vector<std::pair<std::string, bool>> found;
  hsize_t position = 0;
  const Hdf5Handle create(H5Gget_create_plist(group), H5Pclose, "read the properties of " + where);
  unsigned order = 0;
  H5Pget_link_creation_order(create.get(), &order);
  const bool tracked = (order & H5P_CRT_ORDER_INDEXED) != 0;
  must(H5Literate(group,
                  tracked ? H5_INDEX_CRT_ORDER : H5_INDEX_NAME,
                  H5_ITER_INC,
                  &position,
                  add_link,
                  &found) >= 0,
       "cannot list " + where);
  std::vector<Hdf5Link> links;
  for (const auto& [name, hard] : found) {
    const std::string path = where + (where.ends_with('/') ? "" : "/") + name;
    must(hard, path + " is a soft or external link, which a store must not have");
    H5O_info_t info;
    must(H5Oget_info_by_name2(group, name.c_str(), &info, H5O_INFO_BASIC, H5P_DEFAULT) >= 0,
         "cannot read the type of " + path);
    must(info.type == H5O_TYPE_GROUP || info.type == H5O_TYPE_DATASET,
         path + " is neither group nor data set");
    links.push_back({name, info.type == H5O_TYPE_GROUP});
  }
  return links;
}

DatasetShape check_dataset(hid_t dataset,
                           const std::string& where,
                           Element type,
                           uint64_t file_bytes) {
  const Hdf5Handle file_type(H5Dget_type(dataset), H5Tclose, "read the type of " + where);
  must(same_type(file_type.get(), type), cat(where, " is not of type ", element_name(type)));
  const Hdf5Handle create(
      H5Dget_create_plist(dataset), H5Pclose, "read the properties of " + where);
  must(H5Pget_external_count(create.get()) == 0,
       where + " has its data in another file, which a store must not have");
  const auto layout = H5Pget_layout(create.get());
  must(layout == H5D_CHUNKED || layout == H5D_CONTIGUOUS || layout == H5D_COMPACT,
       where + " has a virtual layout, which a store must not have");
  DatasetShape out;
  out.file_bytes = file_bytes;
  const int filters = H5Pget_nfilters(create.get());
  must(filters >= 0 && filters <= 3, where + " has too many filters");
  for (int i = 0; i < filters; ++i) {
    unsigned flags = 0, config = 0;
    size_t values = 0;
    const auto filter = H5Pget_filter2(
        create.get(), static_cast<unsigned>(i), &flags, &values, nullptr, 0, nullptr, &config);
    must(filter == H5Z_FILTER_DEFLATE || filter == H5Z_FILTER_SHUFFLE ||
             filter == H5Z_FILTER_FLETCHER32,
         cat(where, " uses filter ", filter, "; only deflate, shuffle and fletcher32 are allowed"));
    out.filtered = true;
    if (filter == H5Z_FILTER_DEFLATE && i == 0) {
      out.form.deflated = true;
    } else if (filter == H5Z_FILTER_FLETCHER32 && i + 1 == filters) {
      out.form.checksum = true;
    } else {
      out.foreign = true;
    }
  }
  const Hdf5Handle space(H5Dget_space(dataset), H5Sclose, "read the shape of " + where);
  out.shape = shape_of(space.get());
  if (layout == H5D_CHUNKED) {
    out.chunk.resize(out.shape.size());
    must(H5Pget_chunk(create.get(), static_cast<int>(out.chunk.size()), out.chunk.data()) ==
             static_cast<int>(out.chunk.size()),
         "cannot read the chunks of " + where);
  }
  const uint64_t bytes_each = type == Element::text ? 16 : element_bytes(type);
  const uint64_t stored = std::min<uint64_t>(H5Dget_storage_size(dataset), file_bytes);
  const uint64_t limit = (out.filtered ? kMaxDeflateRatio : 1) * stored / bytes_each;
  must(fits(out.shape, limit) && fits(out.chunk, kMaxChunkElements),
       where + " claims more data than the file can hold");
  return out;
}

Column read_column(hid_t dataset,
                   const std::string& where,
                   Element type,
                   const DatasetShape& shape) {
  Column value{type, shape.shape, "", {}};
  const auto memory = element_type(type);
  const Hdf5Handle transfer(H5Pcreate(H5P_DATASET_XFER), H5Pclose, "create properties");
  TextMemory texts{shape.file_bytes * 2 + value.count(), {}};
  H5Pset_vlen_mem_manager(
      transfer.get(), TextMemory::allocate, &texts, TextMemory::release, &texts);
  read_values(value, where, [&](void* data) {
    return H5Dread(dataset, memory.get(), H5S_ALL, H5S_ALL, transfer.get(), data);
  });
  return value;
}

Column read_attribute(hid_t object, const std::string& name, Element type, int rank) {
  must(H5Aexists(object, name.c_str()) > 0, "attribute " + name + " is missing");
  const Hdf5Handle attribute(
      H5Aopen(object, name.c_str(), H5P_DEFAULT), H5Aclose, "open attribute " + name);
  const Hdf5Handle file_type(H5Aget_type(attribute.get()), H5Tclose, "read attribute " + name);
  must(same_type(file_type.get(), type),
       cat("attribute ", name, " is not of type ", element_name(type)));
  const Hdf5Handle space(H5Aget_space(attribute.get()), H5Sclose, "read attribute " + name);
  Column value{type, shape_of(space.get()), "", {}};
  must(static_cast<int>(value.shape.size()) == rank &&
           (rank == 0 || value.shape[0] <= kMaxAttributeElements),
       "attribute " + name + " has a wrong shape");
  const auto memory = element_type(type);
  std::vector<char*> kept;
  read_values(value, "attribute " + name, [&](void* data) {
    const herr_t read = H5Aread(attribute.get(), memory.get(), data);
    if (read >= 0 && type == Element::text) {
      kept.assign(static_cast<char**>(data), static_cast<char**>(data) + value.count());
    }
    return read;
  });
  if (!kept.empty()) H5Dvlen_reclaim(memory.get(), space.get(), H5P_DEFAULT, kept.data());
  return value;
}

}  // namespace evenray
