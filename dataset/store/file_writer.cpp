// SPDX-License-Identifier: Apache-2.0
#include "dataset/store/file_writer.hpp"

#include <fcntl.h>

#include <chrono>
#include <ctime>

#include "core/version.hpp"

namespace evenray {
namespace {

/// Number of rows by which a part's data set grows while it is written.
constexpr hsize_t kGrowth = 1024;
/// After this many bytes the kernel is asked to write them out, so that the final fsync is short.
constexpr size_t kWriteOutBytes = size_t{16} << 20;

std::string now_utc() {
  const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::tm utc{};
  gmtime_r(&now, &utc);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc);
  return text;
}

Element pixel_type(const StoreInfo& info) { return info.bits == 8 ? Element::u8 : Element::u16; }

std::array<hsize_t, 3> rows_shape(hsize_t rows, const StoreInfo& info) {
  return {rows, static_cast<hsize_t>(info.height), static_cast<hsize_t>(info.width)};
}

Hdf5Handle open_new(const Path& path) {
  const Hdf5Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose, "create properties");
  H5Pset_libver_bounds(access.get(), H5F_LIBVER_V18, H5F_LIBVER_V110);
  H5Pset_file_locking(access.get(), false, true);
  H5Pset_fclose_degree(access.get(), H5F_CLOSE_STRONG);
  const Hdf5Handle creation(H5Pcreate(H5P_FILE_CREATE), H5Pclose, "create properties");
  H5Pset_obj_track_times(creation.get(), false);
  return {H5Fcreate(path.c_str(), H5F_ACC_TRUNC, creation.get(), access.get()),
          H5Fclose,
          "create the file"};
}

}  // namespace

StoreFileWriter::StoreFileWriter(const Path& path, const StoreInfo& info, const StoreForm& form)
    : path_(path), info_(info) {
  std::lock_guard lock(hdf5_lock());
  prepare_hdf5();
  try {
    file_ = open_new(path);
    create(form);
  } catch (...) {
    abandon();
    throw;
  }
}

StoreFileWriter::~StoreFileWriter() {
  std::lock_guard lock(hdf5_lock());
  if (!finished_) abandon();
}

void StoreFileWriter::abandon() {
  // On a full disk HDF5 can close the file only if its last bytes fit, so empty the file first.
  std::error_code ignored;
  std::filesystem::resize_file(path_, 0, ignored);
  for (auto& part : parts_) {
    part.images.close();
    part.group.close();
  }
  file_.close();
}

void StoreFileWriter::create(const StoreForm& form) {
  const auto shape = rows_shape(0, info_), largest = rows_shape(H5S_UNLIMITED, info_);
  const auto chunk = rows_shape(1, info_);
  const auto type = element_type(pixel_type(info_));
  for (size_t p = 0; p < parts_.size(); ++p) {
    Part& part = parts_[p];
    const Hdf5Handle group_properties(H5Pcreate(H5P_GROUP_CREATE), H5Pclose, "create properties");
    H5Pset_obj_track_times(group_properties.get(), false);
    part.group = Hdf5Handle(
        H5Gcreate2(file_.get(), kParts[p], H5P_DEFAULT, group_properties.get(), H5P_DEFAULT),
        H5Gclose,
        "create a group");
    const Hdf5Handle space(
        H5Screate_simple(3, shape.data(), largest.data()), H5Sclose, "create a data space");
    const Hdf5Handle properties(H5Pcreate(H5P_DATASET_CREATE), H5Pclose, "create properties");
    H5Pset_obj_track_times(properties.get(), false);
    H5Pset_chunk(properties.get(), 3, chunk.data());
    H5Pset_fill_time(properties.get(), H5D_FILL_TIME_NEVER);
    if (form.gzip_level > 0)
      H5Pset_deflate(properties.get(), static_cast<unsigned>(form.gzip_level));
    if (form.checksums) H5Pset_fletcher32(properties.get());
    part.images = Hdf5Handle(H5Dcreate2(part.group.get(),
                                        "images",
                                        type.get(),
                                        space.get(),
                                        H5P_DEFAULT,
                                        properties.get(),
                                        H5P_DEFAULT),
                             H5Dclose,
                             "create images");
    part.rows.name = kParts[p];
  }
}

void StoreFileWriter::write_image(Part& part, std::string_view stored) {
  std::lock_guard lock(hdf5_lock());
  prepare_hdf5();
  const auto row = static_cast<hsize_t>(part.rows.size());
  if (row == part.room) {
    part.room += kGrowth;
    must(H5Dset_extent(part.images.get(), rows_shape(part.room, info_).data()) >= 0,
         "cannot enlarge images");
  }
  const hsize_t at[3] = {row, 0, 0};
  must(H5Dwrite_chunk(part.images.get(), H5P_DEFAULT, 0, at, stored.size(), stored.data()) >= 0,
       "cannot write an image");
  pixel_bytes_ += stored.size();
  bytes_to_write_out_ += stored.size();
  void* descriptor = nullptr;
  if (bytes_to_write_out_ < kWriteOutBytes ||
      H5Fget_vfd_handle(file_.get(), H5P_DEFAULT, &descriptor) < 0) {
    return;
  }
  bytes_to_write_out_ = 0;
  ::sync_file_range(*static_cast<int*>(descriptor), 0, 0, SYNC_FILE_RANGE_WRITE);
}

void StoreFileWriter::add(size_t index,
                          const StoreRow& row,
                          std::string_view stored,
                          const PreparedImage& prepared) {
  write_image(parts_[index], stored);
  digests_[index].push_back(prepared.digest);
  checksums_[index].push_back(prepared.checksum);
  auto& rows = parts_[index].rows;
  rows.labels.push_back(row.labels);
  rows.ids.push_back(row.id);
  rows.groups.push_back(row.group);
  rows.source_paths.push_back(row.source_path);
  rows.scales.push_back(row.scale);
  rows.offsets.push_back(row.offset);
  rows.boxes.push_back(row.boxes);
  rows.boxes_known.push_back(row.boxes_known);
  rows.provenance.push_back(row.provenance);
  rows.weights.push_back(row.weight);
  rows.meta.push_back(row.meta);
}

std::array<Columns, 3> StoreFileWriter::columns(const std::set<size_t>& numeric) const {
  std::array<Columns, 3> all;
  for (size_t p = 0; p < parts_.size(); ++p) {
    const auto& rows = parts_[p].rows;
    const auto shape = rows_shape(static_cast<hsize_t>(rows.size()), info_);
    all[p] = columns_of(rows, info_, numeric);
    all[p]["images"] = {pixel_type(info_), {shape.begin(), shape.end()}, "", {}};
  }
  return all;
}

void StoreFileWriter::write_part(Part& part, const Columns& columns) {
  must(H5Dset_extent(part.images.get(), columns.at("images").shape.data()) >= 0,
       "cannot set the final size of images");
  const Hdf5Handle properties(H5Pcreate(H5P_GROUP_CREATE), H5Pclose, "create properties");
  H5Pset_obj_track_times(properties.get(), false);
  H5Pset_link_creation_order(properties.get(), H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED);
  const Hdf5Handle meta(
      H5Gcreate2(part.group.get(), "meta", H5P_DEFAULT, properties.get(), H5P_DEFAULT),
      H5Gclose,
      "create meta");
  for (const auto& name : info_.meta_columns)
    write_column(meta.get(), name, columns.at("meta/" + name));
  for (const auto& [name, column] : columns) {
    if (name != "images" && !name.starts_with("meta/"))
      write_column(part.group.get(), name, column);
  }
}

void StoreFileWriter::finish(const Columns& attributes,
                             const std::array<Columns, 3>& columns,
                             const std::string& digest) {
  std::lock_guard lock(hdf5_lock());
  prepare_hdf5();
  for (size_t p = 0; p < parts_.size(); ++p) write_part(parts_[p], columns[p]);
  {
    const Hdf5Handle root(H5Gopen2(file_.get(), "/", H5P_DEFAULT), H5Gclose, "open the root");
    for (const auto& [name, value] : attributes) write_attribute(root.get(), name, value);
    write_attribute(root.get(), "tool_version", Column::scalar(std::string(kVersion)));
    write_attribute(root.get(), "created_utc", Column::scalar(now_utc()));
    write_attribute(root.get(), "content_digest", Column::scalar(digest));
  }
  close();
  finished_ = true;
}

void StoreFileWriter::close() {
  bool closed = true;
  for (auto& part : parts_) {
    closed &= part.images.close();
    closed &= part.group.close();
  }
  closed &= H5Fflush(file_.get(), H5F_SCOPE_GLOBAL) >= 0;
  closed &= file_.close();
  must(closed, "the file could not be closed");
}

}  // namespace evenray
