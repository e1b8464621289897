// SPDX-License-Identifier: Apache-2.0
#include <libdeflate.h>

#include <array>
#include <optional>
#include <set>

#include "core/error.hpp"
#include "core/temporary.hpp"
#include "core/text.hpp"
#include "dataset/store/chunk.hpp"
#include "dataset/store/file_writer.hpp"
#include "dataset/store/manifest.hpp"
#include "dataset/store/place.hpp"
#include "dataset/store/readback.hpp"
#include "dataset/store/store.hpp"
#include "dataset/store/vet.hpp"

namespace evenray {
namespace {

std::string_view pixels_of(const cv::Mat& image) {
  return {reinterpret_cast<const char*>(image.data), image.total() * image.elemSize()};
}

}  // namespace

struct StoreWriter::State {
  Path path;
  std::optional<Temporary> staging;  ///< a folder
  StoreInfo info;
  StoreForm form;
  std::vector<std::unique_ptr<StoreFileWriter>> files;
  std::set<std::string> ids;
  std::vector<int64_t> balanced_index;

  int mat_type() const { return info.bits == 8 ? CV_8UC1 : CV_16UC1; }
  /// Chunks hold the pixels themselves.
  bool unfiltered() const { return form.gzip_level <= 0 && !form.checksums; }
  /// The path that the store will have after finish().
  Path final_path() const { return files.size() > 1 ? shard_folder(path) : path; }

  void create();
  void begin_file();
  void check_row(const StoreRow& row) const;
  void write_files(int threads);
  void publish_files();

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

void StoreWriter::State::create() {
  make_folder(path.has_parent_path() ? path.parent_path() : Path("."));
  remove_leftovers_of(path);
  staging.emplace(Temporary::folder(path));
  begin_file();
}

void StoreWriter::State::begin_file() {
  if (files.size() == kMaxShards)
    throw Error(Exit::config,
                cat("data.shard_gb ",
                    static_cast<double>(form.shard_bytes) / 1e9,
                    " would divide ",
                    path.string(),
                    " into more than ",
                    kMaxShards,
                    " shards; give a larger value"));
  files.push_back(
      std::make_unique<StoreFileWriter>(staging->path() / shard_name(files.size()), info, form));
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
  if (row.labels.size() != info.class_names.size())
    wrong(cat(row.labels.size(), " labels instead of ", info.class_names.size()));
  if (row.meta.size() != info.meta_columns.size())
    wrong(cat(row.meta.size(), " meta values instead of ", info.meta_columns.size()));
}

/// Finishes all files, reads them back and seals them; writes the manifest if there are several.
void StoreWriter::State::write_files(int threads) {
  std::vector<const StorePart*> rows;
  for (const auto& file : files)
    for (size_t p = 0; p < kParts.size(); ++p) rows.push_back(&file->rows(p));
  const auto numeric = numeric_columns(rows, info.meta_columns.size());
  Columns attributes = attributes_of(info);
  ShardManifest manifest;
  std::array<std::vector<Columns>, 3> all;
  std::array<std::vector<std::string>, 3> digests;
  for (size_t f = 0; f < files.size(); ++f) {
    StoreFileWriter& file = *files[f];
    auto columns = file.columns(numeric);
    if (f == 0 && !balanced_index.empty())
      columns[0]["balanced_index"] =
          Column::of(Element::i64, {balanced_index.size()}, balanced_index);
    std::string digest = content_digest_of(attributes, columns, file.digests());
    if (files.size() > 1)
      attributes[kShardAttribute] = Column::of(
          Element::i64,
          {2},
          std::vector<int64_t>{static_cast<int64_t>(f), static_cast<int64_t>(files.size())});
    file.finish(attributes, columns, digest);
    const auto seal = read_back_seal(
        file.path(), {attributes, digest, file.digests(), file.checksums()}, threads);
    check(seal.has_value(),
          Exit::io,
          cat("cannot write ",
              final_path().string(),
              ": the data read back differs from the data written"));
    append_seal(file.path(), *seal);
    if (files.size() == 1) return;
    manifest.shards.push_back({shard_name(f), {}, digest});
    for (size_t p = 0; p < kParts.size(); ++p) {
      manifest.shards.back().rows[p] = file.rows(p).size();
      digests[p].insert(digests[p].end(), file.digests()[p].begin(), file.digests()[p].end());
      all[p].push_back(std::move(columns[p]));
    }
  }
  manifest.content_digest = content_digest_of(
      attributes,
      {joined(std::move(all[0])), joined(std::move(all[1])), joined(std::move(all[2]))},
      digests);
  write_new(staging->path() / kManifestFile, manifest_text(manifest), final_path() / kManifestFile);
}

/// An old store of the same name in the other form is removed only after the new one is in place.
void StoreWriter::State::publish_files() {
  const bool many = files.size() > 1;
  publish(many ? staging->path() : files[0]->path(), final_path());
  std::error_code ignored;
  if (many) {
    std::filesystem::remove(path, ignored);
  } else {
    remove_store(shard_folder(path));
  }
}

StoreWriter::StoreWriter(const Path& path,
                         StoreInfo info,
                         int64_t expected_rows,
                         const StoreForm& form)
    : state_(std::make_unique<State>()) {
  auto& state = *state_;
  state.path = path;
  state.info = std::move(info);
  state.form = form;
  state.info.meta_columns = link_names(state.info.meta_columns, path);
  check_place(path, state.info, expected_rows, form);
  state.guarded("create", [&] { state.create(); });
}

StoreWriter::~StoreWriter() = default;

PreparedImage StoreWriter::prepare(const cv::Mat& image) const {
  const cv::Mat whole = image.isContinuous() ? image : image.clone();
  const std::string_view pixels = pixels_of(whole);
  const StoreForm& form = state_->form;
  PreparedImage out;
  out.digest = sha256_hex(pixels);
  if (!state_->unfiltered())
    out.stored = make_chunk(pixels, {form.gzip_level > 0, form.checksums}, form.gzip_level);
  const std::string_view stored = state_->unfiltered() ? pixels : out.stored;
  out.checksum = libdeflate_crc32(0, stored.data(), stored.size());
  return out;
}

void StoreWriter::add(const std::string& part_name,
                      const StoreRow& row,
                      const PreparedImage& prepared) {
  auto& state = *state_;
  const size_t part = part_index(part_name);
  state.check_row(row);
  check(state.ids.insert(row.id).second,
        Exit::bad_data,
        cat("cannot store two rows with the id '", row.id, "' in ", state.path.string()));
  const cv::Mat whole = row.image.isContinuous() ? row.image : row.image.clone();
  const std::string_view stored = state.unfiltered() ? pixels_of(whole) : prepared.stored;
  state.guarded("write", [&] {
    const uint64_t there = state.files.back()->pixel_bytes();
    if (there > 0 && there + stored.size() > state.form.shard_bytes) state.begin_file();
    state.files.back()->add(part, row, stored, prepared);
  });
}

void StoreWriter::set_balanced_index(std::vector<int64_t> rows) {
  state_->balanced_index = std::move(rows);
}

void StoreWriter::set_source_digest(const std::string& digest) {
  state_->info.source_digest = digest;
}

Store StoreWriter::finish(int threads) {
  auto& state = *state_;
  state.guarded("write", [&] { state.write_files(threads); });
  state.publish_files();
  return Store(state.final_path(), SealCheck::size_only);  // the content was read back just now
}

}  // namespace evenray
