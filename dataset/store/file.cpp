// SPDX-License-Identifier: Apache-2.0
#include "dataset/store/file.hpp"

#include <algorithm>
#include <cassert>

#include "core/error.hpp"
#include "core/text.hpp"

namespace evenray {
namespace {

constexpr int64_t kMaxSidePx = 1 << 15;

}  // namespace

void StoreFile::refuse(const std::string& fault) const {
  throw Error(Exit::bad_data, cat(path_.string(), ": ", fault));
}

StoreFile::StoreFile(const Path& path, Seal seal)
    : path_(path), file_bytes_(std::filesystem::file_size(path)) {
  std::lock_guard lock(hdf5_lock());
  prepare_hdf5();
  try {
    open();
    haddr_t end = 0;
    H5Fget_eoa(file_.get(), &end);
    must(end + (seal == Seal::whole ? kSealBytes : 0) == file_bytes_,
         cat("damaged: HDF5 uses ", end, " bytes, but the file has ", file_bytes_));
    open_root();
    for (size_t p = 0; p < parts_.size(); ++p) open_part(p);
  } catch (const Hdf5Fault& fault) {
    close();
    refuse(fault.what());
  }
}

StoreFile::~StoreFile() {
  std::lock_guard lock(hdf5_lock());
  close();
}

void StoreFile::close() {
  for (auto& part : parts_) {
    part.dataset.close();
    part.group.close();
  }
  file_.close();
}

void StoreFile::open() {
  const Hdf5Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose, "create properties");
  // No locks: a published store never changes, and locks fail on some network file systems.
  H5Pset_file_locking(access.get(), false, true);
  H5Pset_fclose_degree(access.get(), H5F_CLOSE_STRONG);
  const hid_t opened = H5Fopen(path_.c_str(), H5F_ACC_RDONLY, access.get());
  must(opened >= 0, "not an HDF5 file, or a truncated one");
  file_ = Hdf5Handle(opened, H5Fclose, "open");
}

void StoreFile::open_root() {
  const Hdf5Handle root(H5Gopen2(file_.get(), "/", H5P_DEFAULT), H5Gclose, "open the root");
  must(H5Aexists(root.get(), "schema") > 0, "not an evenray store: attribute schema is missing");
  const auto text = [&](const char* name) {
    return read_attribute(root.get(), name, Element::text, 0).texts[0];
  };
  const auto number = [&](const char* name) {
    return read_attribute(root.get(), name, Element::i64, 0).values<int64_t>()[0];
  };
  must(text("schema") == kSchema, cat("not an evenray store: schema is '", text("schema"), "'"));
  must(number("schema_version") == kSchemaVersion,
       cat("schema_version ", number("schema_version"), "; this program reads ", kSchemaVersion));
  info_.class_names = read_attribute(root.get(), "class_names", Element::text, 1).texts;
  info_.multi_label =
      read_attribute(root.get(), "multi_label", Element::u8, 0).values<uint8_t>()[0] != 0;
  const auto size = read_attribute(root.get(), "size_px", Element::i64, 1).values<int64_t>();
  must(size.size() == 2 && std::min(size[0], size[1]) > 0 &&
           std::max(size[0], size[1]) <= kMaxSidePx,
       "size_px is not a height and a width");
  info_.height = static_cast<int>(size[0]);
  info_.width = static_cast<int>(size[1]);
  const int64_t bits = number("bits"), value_max = number("value_max");
  must((bits == 8 || bits == 16) && value_max > 0 && value_max < int64_t{1} << bits,
       cat("bits ", bits, " and value_max ", value_max, " do not match"));
  info_.bits = static_cast<int>(bits);
  info_.value_max = static_cast<int>(value_max);
  info_.config = text("config");
  info_.source = text("source");
  info_.source_digest = text("source_digest");
  info_.licence = text("licence");
  content_digest_ = text("content_digest");
  must(!info_.class_names.empty(), "class_names is empty");
  read_shard(root.get());
  row_bytes_ = static_cast<size_t>(info_.height) * static_cast<size_t>(info_.width) *
               static_cast<size_t>(info_.bits / 8);
  attributes_ = attributes_of(info_);
  for (const auto& link : list_links(root.get(), "/")) {
    const bool part = std::find(kParts.begin(), kParts.end(), link.name) != kParts.end();
    if (!part || !link.is_group) unknown_objects_.push_back("/" + link.name);
  }
}

void StoreFile::read_shard(hid_t root) {
  if (H5Aexists(root, kShardAttribute) <= 0) return;
  const auto place = read_attribute(root, kShardAttribute, Element::i64, 1).values<int64_t>();
  must(place.size() == 2 && place[0] >= 0 && place[0] < place[1],
       "attribute shard must be the number of this shard and the count of shards");
  shard_ = {place[0], place[1]};
}

StoreFile::ColumnPlace StoreFile::check_column(hid_t group,
                                               const std::string& path,
                                               const std::string& where,
                                               Element type) const {
  const Hdf5Handle dataset(H5Dopen2(group, path.c_str(), H5P_DEFAULT), H5Dclose, "open " + where);
  return {type, check_dataset(dataset.get(), where, type, file_bytes_)};
}

void StoreFile::open_part(size_t index) {
  Part& part = parts_[index];
  const std::string where = cat("/", kParts[index]);
  must(H5Lexists(file_.get(), kParts[index], H5P_DEFAULT) > 0, where + " is missing");
  must(std::find(unknown_objects_.begin(), unknown_objects_.end(), where) == unknown_objects_.end(),
       where + " is not a group");
  part.group =
      Hdf5Handle(H5Gopen2(file_.get(), kParts[index], H5P_DEFAULT), H5Gclose, "open " + where);
  std::map<std::string, bool> is_group;
  for (const auto& link : list_links(part.group.get(), where)) is_group[link.name] = link.is_group;
  const auto take = [&](const std::string& name, bool group) {
    const auto found = is_group.find(name);
    if (found == is_group.end()) return false;
    must(found->second == group,
         cat(where, "/", name, group ? " is not a group" : " is not a data set"));
    is_group.erase(found);
    return true;
  };
  must(take("images", false), where + "/images is missing");
  open_images(part, where + "/images");
  for (const auto& spec : column_specs()) {
    const std::string path = cat(where, "/", spec.name);
    if (take(spec.name, false)) {
      part.columns[spec.name] = check_column(part.group.get(), spec.name, path, spec.type);
    } else {
      must(spec.optional, path + " is missing");
    }
  }
  if (take("meta", true)) open_meta(part, where + "/meta", index == 0);
  for (const auto& [name, unused] : is_group) unknown_objects_.push_back(where + "/" + name);
  check_shapes(part, where);
}

void StoreFile::open_images(Part& part, const std::string& where) {
  const Element type = info_.bits == 8 ? Element::u8 : Element::u16;
  part.dataset =
      Hdf5Handle(H5Dopen2(part.group.get(), "images", H5P_DEFAULT), H5Dclose, "open " + where);
  part.images = check_dataset(part.dataset.get(), where, type, file_bytes_);
  const auto h = static_cast<hsize_t>(info_.height), w = static_cast<hsize_t>(info_.width);
  const auto& shape = part.images.shape;
  must(shape.size() == 3 && shape[1] == h && shape[2] == w,
       cat(where, " does not have the size in size_px (", h, " x ", w, ")"));
  must(part.images.chunk == std::vector<hsize_t>({1, h, w}),
       where + " does not have one image per chunk");
  const Hdf5Handle space(H5Dget_space(part.dataset.get()), H5Sclose, "read " + where);
  hsize_t chunks = 0;
  must(H5Dget_num_chunks(part.dataset.get(), space.get(), &chunks) >= 0 && chunks == shape[0],
       cat(where, " has ", chunks, " chunks for ", shape[0], " images"));
}

void StoreFile::open_meta(Part& part, const std::string& where, bool first) {
  const Hdf5Handle group(
      H5Gopen2(part.group.get(), "meta", H5P_DEFAULT), H5Gclose, "open " + where);
  size_t known = 0;
  for (const auto& link : list_links(group.get(), where)) {
    const std::string path = where + "/" + link.name;
    must(!link.is_group, path + " is not a data set");
    const Hdf5Handle dataset(
        H5Dopen2(group.get(), link.name.c_str(), H5P_DEFAULT), H5Dclose, "open " + path);
    const Hdf5Handle type(H5Dget_type(dataset.get()), H5Tclose, "read the type of " + path);
    const Element element = H5Tget_class(type.get()) == H5T_STRING ? Element::text : Element::f64;
    part.columns["meta/" + link.name] = {element,
                                         check_dataset(dataset.get(), path, element, file_bytes_)};
    if (first) info_.meta_columns.push_back(link.name);
    ++known;
    must(std::find(info_.meta_columns.begin(), info_.meta_columns.end(), link.name) !=
             info_.meta_columns.end(),
         path + " is not in /train/meta");
  }
  must(known == info_.meta_columns.size(), where + " lacks a column of /train/meta");
}

void StoreFile::check_shapes(const Part& part, const std::string& where) const {
  const hsize_t n = part.images.shape[0];
  std::map<char, hsize_t> sizes{{'n', n}, {'o', n + 1}};
  for (const auto& spec : column_specs()) {
    const auto found = part.columns.find(spec.name);
    if (found == part.columns.end()) continue;
    const auto& shape = found->second.shape.shape;
    const std::string path = cat(where, "/", spec.name);
    must(shape.size() == (spec.width == 0 ? 1u : 2u), path + " has a wrong number of dimensions");
    const auto width = spec.width < 0 ? info_.class_names.size() : static_cast<size_t>(spec.width);
    must(spec.width == 0 || shape[1] == width, cat(path, " does not have ", width, " columns"));
    const auto [size, fresh] = sizes.emplace(spec.rows, shape[0]);
    if (fresh && spec.rows == 'r') sizes['s'] = shape[0] + 1;
    must(shape[0] == size->second, cat(path, " has ", shape[0], " rows, not ", size->second));
  }
  for (const auto& [name, column] : part.columns) {
    must(!name.starts_with("meta/") || column.shape.shape == std::vector<hsize_t>{n},
         cat(where, "/", name, " does not have ", n, " rows"));
  }
  const auto has = [&](const char* name) { return part.columns.contains(name); };
  must(has("polygons") == has("polygon_box") && has("polygons") == has("polygon_offsets"),
       where + " has some of polygons, polygon_offsets, polygon_box, but not all");
  must(!has("balanced_index") || where == "/train",
       where + "/balanced_index is allowed only in /train");
  must(part.columns.size() == column_specs().size() || info_.meta_columns.empty() ||
           has(("meta/" + info_.meta_columns[0]).c_str()),
       where + "/meta is missing");
}

Columns StoreFile::read_columns(size_t index) const {
  std::lock_guard lock(hdf5_lock());
  prepare_hdf5();
  const Part& part = parts_[index];
  Columns out;
  try {
    for (const auto& [name, place] : part.columns) {
      const std::string where = cat("/", kParts[index], "/", name);
      const Hdf5Handle dataset(
          H5Dopen2(part.group.get(), name.c_str(), H5P_DEFAULT), H5Dclose, "open " + where);
      out[name] = read_column(dataset.get(), where, place.type, place.shape);
    }
  } catch (const Hdf5Fault& fault) {
    refuse(fault.what());
  }
  out["images"] = {info_.bits == 8 ? Element::u8 : Element::u16, part.images.shape, "", {}};
  return out;
}

void StoreFile::read_stored(size_t index, int64_t row, std::string& stored) const {
  const Part& part = parts_[index];
  assert(!part.images.foreign);
  const auto fail = [&] { refuse(cat("cannot read /", kParts[index], "/images row ", row)); };
  const hsize_t at[3] = {static_cast<hsize_t>(row), 0, 0};
  hsize_t bytes = row_bytes_;
  uint32_t skipped = 0;
  std::lock_guard lock(hdf5_lock());
  prepare_hdf5();
  if (part.images.filtered && (H5Dget_chunk_storage_size(part.dataset.get(), at, &bytes) < 0 ||
                               bytes == 0 || bytes > row_bytes_ + row_bytes_ / 8 + 1024)) {
    fail();
  }
  stored.resize(bytes);
  if (H5Dread_chunk(part.dataset.get(), H5P_DEFAULT, at, &skipped, stored.data()) < 0 ||
      skipped != 0) {
    fail();
  }
}

void StoreFile::read_row(size_t index, int64_t row, void* out) const {
  const Part& part = parts_[index];
  const auto where = [&] { return cat("/", kParts[index], "/images row ", row); };
  if (part.images.foreign) return read_through_hdf5(part, row, where(), out);
  if (part.images.filtered) {
    thread_local std::string stored;
    read_stored(index, row, stored);
    if (!read_chunk(stored, part.images.form, out, row_bytes_))
      refuse(cat(where(),
                 part.images.form.checksum ? " is damaged: its checksum does not match"
                                           : " is damaged: it does not inflate to one image"));
    return;
  }
  const hsize_t at[3] = {static_cast<hsize_t>(row), 0, 0};
  hsize_t bytes = 0;
  uint32_t skipped = 0;
  std::lock_guard lock(hdf5_lock());
  prepare_hdf5();
  if (H5Dget_chunk_storage_size(part.dataset.get(), at, &bytes) < 0 || bytes != row_bytes_ ||
      H5Dread_chunk(part.dataset.get(), H5P_DEFAULT, at, &skipped, out) < 0) {
    refuse("cannot read " + where());
  }
}

void StoreFile::read_through_hdf5(const Part& part,
                                  int64_t row,
                                  const std::string& where,
                                  void* out) const {
  std::lock_guard lock(hdf5_lock());
  prepare_hdf5();
  try {
    const hsize_t at[3] = {static_cast<hsize_t>(row), 0, 0};
    const Hdf5Handle space(H5Dget_space(part.dataset.get()), H5Sclose, "read " + where);
    const auto& chunk = part.images.chunk;
    H5Sselect_hyperslab(space.get(), H5S_SELECT_SET, at, nullptr, chunk.data(), nullptr);
    const Hdf5Handle memory(H5Screate_simple(3, chunk.data(), nullptr), H5Sclose, "read " + where);
    const auto type = element_type(info_.bits == 8 ? Element::u8 : Element::u16);
    must(H5Dread(part.dataset.get(), type.get(), memory.get(), space.get(), H5P_DEFAULT, out) >= 0,
         "cannot read " + where);
  } catch (const Hdf5Fault& fault) {
    refuse(fault.what());
  }
}

}  // namespace evenray
