// SPDX-License-Identifier: Apache-2.0
// The dataset room's side of bench/run: each call runs one case and prints one JSON line.
#include <CLI/CLI.hpp>
#include <chrono>
#include <iostream>
#include <opencv2/imgproc.hpp>

#include "core/csv.hpp"
#include "core/json.hpp"
#include "core/parallel.hpp"
#include "core/rng.hpp"
#include "core/text.hpp"
#include "dataset/duplicates.hpp"
#include "dataset/files/image_file.hpp"
#include "dataset/files/image_folder.hpp"
#include "dataset/image/image.hpp"
#include "dataset/pack.hpp"
#include "dataset/reader.hpp"

namespace {

using namespace evenray;
using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

void print(const std::string& name, size_t images, double seconds) {
  std::cout << Json{{"case", name},
                    {"images", images},
                    {"seconds", seconds},
                    {"images_per_second", static_cast<double>(images) / seconds}}
                   .dump()
            << std::endl;
}

/// Decodes all images of a folder and fits them to side x side px. With side 0 it only decodes.
void decode(const std::string& path, int side, int threads, size_t limit) {
  auto files = image_files(path);
  if (limit > 0 && limit < files.size()) files.resize(limit);
  const auto start = Clock::now();
  parallel_for(files.size(), threads, [&](size_t i) {
    Placement placement;
    const cv::Mat pixels = decode_image(files[i], 2 * side).pixels;
    if (!pixels.empty() && side > 0) fit_image(pixels, side, side, Fit::pad, placement);
  });
  print("decode", files.size(), seconds_since(start));
}

/// Packs all images as train. The split table is made here, without an audit, so that the time
/// contains packing only and no image is left out.
void pack_all(const std::string& path, const Path& out, int threads, size_t limit, int gzip) {
  Manifest manifest = read_dataset(path);
  if (limit > 0 && limit < manifest.samples.size()) manifest.samples.resize(limit);
  std::vector<SplitRow> rows;
  for (const auto& sample : manifest.samples)
    rows.push_back({sample.id, sample.source_path, sample.id, "train", "", ""});
  PackOptions options;
  options.size_px = {256, 256};
  options.gzip = gzip;
  options.keep = {"truncated"};  // the peer packs them too
  const auto start = Clock::now();
  pack(manifest, rows, std::nullopt, options, out, threads);
  print("pack", rows.size(), seconds_since(start));
}

/// Writes the rows of a store into another store, to time the writer's share of packing. Images are
/// read and digests computed before the timing starts. The new store is not finished.
void write_rows(const Path& path, const Path& out) {
  const Store store(path);
  const StorePart& part = store.part("train");
  std::vector<StoreRow> rows(static_cast<size_t>(part.size()));
  for (size_t i = 0; i < rows.size(); ++i) {
    rows[i].image = store.image("train", static_cast<int64_t>(i));
    rows[i].id = part.ids[i];
    rows[i].labels = part.labels[i];
    rows[i].meta = part.meta[i];
  }
  StoreWriter writer(out, store.info(), part.size());
  std::vector<PreparedImage> prepared(rows.size());
  for (size_t i = 0; i < rows.size(); ++i) prepared[i] = writer.prepare(rows[i].image);
  const auto start = Clock::now();
  for (size_t i = 0; i < rows.size(); ++i) writer.add("train", rows[i], prepared[i]);
  print("write", rows.size(), seconds_since(start));
}

/// Reads random rows, one at a time.
void read_rows(const Path& path, size_t reads) {
  const Store store(path);
  const int64_t rows = store.part("train").size();
  Rng rng(1);
  const auto start = Clock::now();
  for (size_t i = 0; i < reads; ++i)
    store.image("train", static_cast<int64_t>(rng.below(static_cast<uint64_t>(rows))));
  print("rows", reads, seconds_since(start));
}

/// Groups the near-duplicates of random thumbnails, of which a 50th are copies of others with a
/// changed exposure. Throws if one of these pairs is missed.
void group_duplicates(size_t images) {
  std::vector<ImageFacts> facts(images);
  const size_t planted = images / 50;
  Rng rng(1);
  for (size_t i = 0; i < images; ++i) {
    cv::Mat coarse(8, 8, CV_8U);
    for (int k = 0; k < 64; ++k) coarse.data[k] = static_cast<uint8_t>(rng.below(256));
    cv::resize(coarse, facts[i].thumbnail, {64, 64}, 0, 0, cv::INTER_LINEAR);
    if (i >= images - planted)
      facts[i + planted - images].thumbnail.convertTo(facts[i].thumbnail, CV_8U, .9, 8);
    facts[i].readable = true;
  }
  const auto start = Clock::now();
  const auto groups = near_duplicate_groups(facts, hardware_threads());
  const double seconds = seconds_since(start);
  if (groups.size() != planted)
    throw std::runtime_error(cat(groups.size(), " groups where ", planted, " were planted"));
  print("duplicates", images, seconds);
}

void read_table(const Path& path) {
  const auto start = Clock::now();
  const size_t rows = read_csv(path).rows.size();
  print("table", rows, seconds_since(start));
}

}  // namespace

int main(int argc, char** argv) {
  tune_allocator();
  cv::setNumThreads(1);
  CLI::App app("evenray_data_bench");
  app.require_subcommand(1);
  std::string path, out;
  int side = 224, threads = 1, gzip = -1;
  size_t limit = 0, count = 0;
  auto* decoding = app.add_subcommand("decode");
  auto* packing = app.add_subcommand("pack");
  auto* writing = app.add_subcommand("write");
  auto* rows = app.add_subcommand("rows");
  auto* duplicates = app.add_subcommand("duplicates");
  auto* table = app.add_subcommand("table");
  for (auto* command : {decoding, packing, writing, rows, table})
    command->add_option("PATH", path)->required();
  for (auto* command : {decoding, packing}) {
    command->add_option("--threads", threads);
    command->add_option("--limit", limit);
  }
  for (auto* command : {packing, writing}) command->add_option("--out", out)->required();
  decoding->add_option("--side", side);
  packing->add_option("--gzip", gzip);
  for (auto* command : {rows, duplicates}) command->add_option("--n", count)->required();
  CLI11_PARSE(app, argc, argv);
  if (*decoding) {
    decode(path, side, threads, limit);
  } else if (*packing) {
    pack_all(path, out, threads, limit, gzip);
  } else if (*writing) {
    write_rows(path, out);
  } else if (*rows) {
    read_rows(path, count);
  } else if (*duplicates) {
    group_duplicates(count);
  } else {
    read_table(path);
  }
}
