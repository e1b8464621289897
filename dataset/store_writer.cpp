// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <libdeflate.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <fstream>
#include <map>
#include <set>

#include "core/error.hpp"
#include "core/parallel.hpp"
#include "core/text.hpp"
#include "core/version.hpp"
#include "dataset/deflate.hpp"
#include "dataset/store.hpp"
#include "dataset/store_file.hpp"
#include "dataset/store_readback.hpp"

namespace evenray {
namespace {

/// Rows by which a part's data set grows while it is written.
constexpr hsize_t kGrowth = 1024;
/// After so many bytes the kernel is told to write them out, so that the fsync at the end is short.
constexpr size_t kWriteOutBytes = size_t{16} << 20;
/// What a row takes beside its pixels, roughly: texts, columns, the chunk's entry.
constexpr int64_t kRowOverhead = 600;
/// Radiographs deflate to less than half; noise does not. A guess for the check of free space only.
constexpr double kDeflateShare = .7;

std::string_view pixels_of(const cv::Mat& image) {
  return {reinterpret_cast<const char*>(image.data), image.total() * image.elemSize()};
}

std::string now_utc() {
  const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::tm utc{};
  gmtime_r(&now, &utc);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc);
  return text;
}

}  // namespace

struct StoreWriter::State {
  struct Part {
    StorePart rows;
    Hdf5Handle group, images;
    hsize_t room = 0;
  };

  Path path, temporary;
  StoreInfo info;
  int gzip_level = -1;
  std::array<Part, 3> parts;
  std::array<std::vector<std::string>, 3> digests;  ///< of the pixels of each row
  std::array<std::vector<uint32_t>, 3> checksums;   ///< CRC-32 of what was handed to HDF5
  std::set<std::string> ids;
  std::vector<int64_t> balanced_index;
  Hdf5Handle file;
  size_t bytes_to_write_out = 0;

  ~State() {
    if (temporary.empty()) return;
    // Emptied first: on a full disk HDF5 can only close a file whose last bytes find room.
    std::error_code ignored;
    std::filesystem::resize_file(temporary, 0, ignored);
    for (auto& part : parts) {
      part.images.close();
      part.group.close();
    }
    file.close();
    std::filesystem::remove(temporary, ignored);
  }

  Element pixel_type() const { return info.bits == 8 ? Element::u8 : Element::u16; }
  int mat_type() const { return info.bits == 8 ? CV_8UC1 : CV_16UC1; }

  void check_free(int64_t expected_rows) const;
  void create();
  void check_row(const StoreRow& row) const;
  void write_image(Part& part, std::string_view stored);
  std::array<Columns, 3> write_columns();
  void write_attributes(const Columns& attributes, const std::string& digest);
  void close_file();

  template <class Body>
  void guarded(const std::string& doing, const Body& body) {
    try {
      body();
    } catch (const Hdf5Fault& fault) {
      const bool full = free_bytes(path) < uint64_t{4} << 20;
      throw Error(Exit::io,
                  cat("cannot ",
                      doing,
                      " ",
                      path.string(),
                      ": ",
                      full ? "no space left on the disk; free some or choose another folder"
                           : fault.what()));
    }
  }
};

void StoreWriter::State::check_free(int64_t expected_rows) const {
  const double pixels = static_cast<double>(info.height) * info.width * info.bits / 8;
  const double row = pixels * (gzip_level > 0 ? kDeflateShare : 1) + kRowOverhead;
  const auto needed = static_cast<uint64_t>(1.05 * row * static_cast<double>(expected_rows));
  const uint64_t free = free_bytes(path);
  if (needed > free) {
    throw Error(Exit::io,
                cat("cannot write ",
                    path.string(),
                    ": about ",
                    needed >> 20,
                    " MiB are needed, ",
                    free >> 20,
                    " MiB are free"));
  }
}

void StoreWriter::State::create() {
  const Path folder = path.has_parent_path() ? path.parent_path() : Path(".");
  make_folder(folder);
  std::error_code error;
  check(!std::filesystem::is_directory(path, error),
        Exit::cannot_create,
        cat("cannot create ", path.string(), ": a folder is in the way"));
  remove_leftovers_of(path);
  temporary = temporary_beside(path);
  if (!std::ofstream(temporary)) {
    temporary.clear();
    throw_errno("create", path.string());
  }
  const Hdf5Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose, "make properties");
  H5Pset_libver_bounds(access.get(), H5F_LIBVER_V18, H5F_LIBVER_V110);
  H5Pset_file_locking(access.get(), false, true);
  H5Pset_fclose_degree(access.get(), H5F_CLOSE_STRONG);
  const Hdf5Handle creation(H5Pcreate(H5P_FILE_CREATE), H5Pclose, "make properties");
  H5Pset_obj_track_times(creation.get(), false);
  file = Hdf5Handle(H5Fcreate(temporary.c_str(), H5F_ACC_TRUNC, creation.get(), access.get()),
                    H5Fclose,
                    "create the file");
  const auto h = static_cast<hsize_t>(info.height), w = static_cast<hsize_t>(info.width);
  const hsize_t shape[3] = {0, h, w}, largest[3] = {H5S_UNLIMITED, h, w}, chunk[3] = {1, h, w};
  const auto type = element_type(pixel_type());
  for (size_t p = 0; p < parts.size(); ++p) {
    const Hdf5Handle group_properties(H5Pcreate(H5P_GROUP_CREATE), H5Pclose, "make properties");
    H5Pset_obj_track_times(group_properties.get(), false);
    parts[p].group = Hdf5Handle(
        H5Gcreate2(file.get(), kParts[p], H5P_DEFAULT, group_properties.get(), H5P_DEFAULT),
        H5Gclose,
        "make a group");
    const Hdf5Handle space(H5Screate_simple(3, shape, largest), H5Sclose, "make a data space");
    const Hdf5Handle properties(H5Pcreate(H5P_DATASET_CREATE), H5Pclose, "make properties");
    H5Pset_obj_track_times(properties.get(), false);
    H5Pset_chunk(properties.get(), 3, chunk);
    H5Pset_fill_time(properties.get(), H5D_FILL_TIME_NEVER);
    if (gzip_level > 0) H5Pset_deflate(properties.get(), static_cast<unsigned>(gzip_level));
    parts[p].images = Hdf5Handle(H5Dcreate2(parts[p].group.get(),
                                            "images",
                                            type.get(),
                                            space.get(),
                                            H5P_DEFAULT,
                                            properties.get(),
                                            H5P_DEFAULT),
                                 H5Dclose,
                                 "make images");
    parts[p].rows.name = kParts[p];
  }
}

void StoreWriter::State::check_row(const StoreRow& row) const {
  const auto wrong = [&](const std::string& what) {
    throw Error(Exit::failed,
                cat("cannot store row '", row.id, "' in ", path.string(), ": ", what));
  };
  if (row.image.rows != info.height || row.image.cols != info.width ||
      row.image.type() != mat_type()) {
    wrong(cat("image of ",
              row.image.cols,
              " x ",
              row.image.rows,
              " instead of ",
              info.width,
              " x ",
              info.height,
              " with ",
              info.bits,
              " bits"));
  }
  if (row.labels.size() != info.class_names.size()) wrong(cat(row.labels.size(), " labels"));
  if (row.meta.size() != info.meta_columns.size()) wrong(cat(row.meta.size(), " meta values"));
}

void StoreWriter::State::write_image(Part& part, std::string_view stored) {
  const auto row = static_cast<hsize_t>(part.rows.size());
  if (row == part.room) {
    part.room += kGrowth;
    const hsize_t shape[3] = {
        part.room, static_cast<hsize_t>(info.height), static_cast<hsize_t>(info.width)};
    must(H5Dset_extent(part.images.get(), shape) >= 0, "cannot grow images");
  }
  const hsize_t at[3] = {row, 0, 0};
  must(H5Dwrite_chunk(part.images.get(), H5P_DEFAULT, 0, at, stored.size(), stored.data()) >= 0,
       "cannot write an image");
  bytes_to_write_out += stored.size();
  void* descriptor = nullptr;
  if (bytes_to_write_out < kWriteOutBytes ||
      H5Fget_vfd_handle(file.get(), H5P_DEFAULT, &descriptor) < 0) {
    return;
  }
  bytes_to_write_out = 0;
  ::sync_file_range(*static_cast<int*>(descriptor), 0, 0, SYNC_FILE_RANGE_WRITE);
}

std::array<Columns, 3> StoreWriter::State::write_columns() {
  const auto numeric =
      numeric_columns({&parts[0].rows, &parts[1].rows, &parts[2].rows}, info.meta_columns.size());
  std::array<Columns, 3> all;
  for (size_t p = 0; p < parts.size(); ++p) {
    const auto n = static_cast<hsize_t>(parts[p].rows.size());
    const std::vector<hsize_t> shape{
        n, static_cast<hsize_t>(info.height), static_cast<hsize_t>(info.width)};
    must(H5Dset_extent(parts[p].images.get(), shape.data()) >= 0, "cannot end images");
    all[p] = columns_of(parts[p].rows, info, numeric);
    if (p == 0 && !balanced_index.empty()) {
      all[p]["balanced_index"] = Column::of(Element::i64, {balanced_index.size()}, balanced_index);
    }
    const Hdf5Handle properties(H5Pcreate(H5P_GROUP_CREATE), H5Pclose, "make properties");
    H5Pset_obj_track_times(properties.get(), false);
    H5Pset_link_creation_order(properties.get(), H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED);
    const Hdf5Handle meta(
        H5Gcreate2(parts[p].group.get(), "meta", H5P_DEFAULT, properties.get(), H5P_DEFAULT),
        H5Gclose,
        "make meta");
    for (const auto& name : info.meta_columns)
      write_column(meta.get(), name, all[p].at("meta/" + name));
    for (const auto& [name, column] : all[p]) {
      if (!name.starts_with("meta/")) write_column(parts[p].group.get(), name, column);
    }
    all[p]["images"] = {pixel_type(), shape, "", {}};
  }
  return all;
}

void StoreWriter::State::write_attributes(const Columns& attributes, const std::string& digest) {
  const Hdf5Handle root(H5Gopen2(file.get(), "/", H5P_DEFAULT), H5Gclose, "open the root");
  for (const auto& [name, value] : attributes) write_attribute(root.get(), name, value);
  write_attribute(root.get(), "tool_version", Column::scalar(std::string(kVersion)));
  write_attribute(root.get(), "created_utc", Column::scalar(now_utc()));
  write_attribute(root.get(), "content_digest", Column::scalar(digest));
}

void StoreWriter::State::close_file() {
  bool closed = true;
  for (auto& part : parts) {
    closed &= part.images.close();
    closed &= part.group.close();
  }
  closed &= H5Fflush(file.get(), H5F_SCOPE_GLOBAL) >= 0;
  closed &= file.close();
  must(closed, "the last data could not be written");
}

StoreWriter::StoreWriter(const Path& path, StoreInfo info, int64_t expected_rows, int gzip_level)
    : state_(std::make_unique<State>()) {
  prepare_hdf5();
  auto& state = *state_;
  state.path = path;
  state.info = std::move(info);
  state.gzip_level = gzip_level;
  state.info.meta_columns = link_names(state.info.meta_columns, path);
  state.check_free(expected_rows);
  state.guarded("create", [&] { state.create(); });
}

StoreWriter::~StoreWriter() = default;

PreparedImage StoreWriter::prepare(const cv::Mat& image) const {
  const cv::Mat whole = image.isContinuous() ? image : image.clone();
  const std::string_view pixels = pixels_of(whole);
  PreparedImage out;
  out.digest = sha256_hex(pixels);
  if (state_->gzip_level > 0) out.compressed = deflate(pixels, state_->gzip_level);
  const std::string_view stored = state_->gzip_level > 0 ? out.compressed : pixels;
  out.checksum = libdeflate_crc32(0, stored.data(), stored.size());
  return out;
}

void StoreWriter::add(const std::string& part_name,
                      const StoreRow& row,
                      const PreparedImage& prepared) {
  prepare_hdf5();
  auto& state = *state_;
  const size_t index = part_index(part_name);
  auto& part = state.parts[index];
  state.check_row(row);
  check(state.ids.insert(row.id).second,
        Exit::bad_data,
        cat("cannot store two rows with the id '", row.id, "' in ", state.path.string()));
  state.guarded("write", [&] {
    if (state.gzip_level > 0) {
      state.write_image(part, prepared.compressed);
    } else {
      const cv::Mat whole = row.image.isContinuous() ? row.image : row.image.clone();
      state.write_image(part, pixels_of(whole));
    }
  });
  state.digests[index].push_back(prepared.digest);
  state.checksums[index].push_back(prepared.checksum);
  auto& rows = part.rows;
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

void StoreWriter::set_balanced_index(std::vector<int64_t> rows) {
  state_->balanced_index = std::move(rows);
}

void StoreWriter::set_source_digest(const std::string& digest) {
  state_->info.source_digest = digest;
}

std::string StoreWriter::finish(int threads) {
  prepare_hdf5();
  auto& state = *state_;
  const Columns attributes = attributes_of(state.info);
  std::string digest;
  state.guarded("write", [&] {
    const auto columns = state.write_columns();
    digest = content_digest_of(attributes, columns, state.digests);
    state.write_attributes(attributes, digest);
    state.close_file();
  });
  const auto seal = seal_of_what_reads_back(
      state.temporary, {attributes, digest, state.digests, state.checksums}, threads);
  if (!seal) {
    throw Error(Exit::io,
                cat("cannot write ", state.path.string(), ": the file reads back differently"));
  }
  append_seal(state.temporary, *seal);
  publish(state.temporary, state.path);
  state.temporary.clear();
  return digest;
}

}  // namespace evenray
