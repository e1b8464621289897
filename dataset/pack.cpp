// SPDX-License-Identifier: Apache-2.0
#include "dataset/pack.hpp"

#include <algorithm>
#include <cmath>

#include "core/config.hpp"
#include "core/error.hpp"
#include "core/parallel.hpp"
#include "core/progress.hpp"
#include "core/run_folder.hpp"
#include "core/text.hpp"
#include "dataset/files/image_file.hpp"
#include "dataset/image/image.hpp"
#include "dataset/pack_plan.hpp"
#include "dataset/patches.hpp"
#include "dataset/store/datasheet.hpp"
#include "dataset/where.hpp"
#include "metrics/stats.hpp"

namespace evenray {
namespace {

/// A box that `crop` cuts to less than this share of its area is dropped.
constexpr float kMinVisible = .25f;
constexpr int64_t kBytesAhead = int64_t{256} << 20;
/// A larger limit has no effect, and its bytes would overflow 64 bits.
constexpr double kMostGb = 1e9;

/// A row that a worker passes to the writer.
struct Ready {
  StoreRow row;
  PreparedImage image;
  std::string source_digest;
  int64_t boxes_dropped = 0;
};

/// Makes store rows from samples; thread-safe.
class Packer {
 public:
  Packer(const PatchPlan& plan, const PackOptions& options, int white16)
      : manifest_(plan.manifest),
        crops_(plan.crops),
        options_(options),
        fit_(parse_fit(options.fit)),
        height_(static_cast<int>(options.size_px[0])),
        width_(static_cast<int>(options.size_px[1])),
        keep_truncated_(kept(options, "truncated")),
        white16_(white16) {}

  Ready make(const Planned& planned) const {
    Ready ready;
    const auto& sample = manifest_.samples[planned.sample];
    DecodedImage decoded = decode(sample, ready.source_digest);
    cv::Rect shown({}, cv::Size(decoded.width, decoded.height));
    if (!crops_.empty()) {
      shown = patch_rect(crops_[planned.sample], decoded.width, decoded.height);
      decoded.pixels = decoded.pixels(shown).clone();
    }
    Placement placement;
    cv::Mat fitted = fit_image(decoded.pixels, height_, width_, fit_, placement);
    // A JPEG may have been decoded at k/8 of its size, but boxes refer to the whole image.
    placement.scale_x *= eighths(decoded.pixels.cols, shown.width);
    placement.scale_y *= eighths(decoded.pixels.rows, shown.height);
    placement.offset_x -= static_cast<float>(shown.x) * placement.scale_x;
    placement.offset_y -= static_cast<float>(shown.y) * placement.scale_y;
    StoreRow& out = ready.row;
    out.image = with_bits(fitted, options_.bits, white16_);
    out.labels = sample.labels;
    out.id = sample.id;
    out.group = planned.group;
    out.source_path = sample.source_path;
    out.scale = {placement.scale_x, placement.scale_y};
    out.offset = {placement.offset_x, placement.offset_y};
    for (const auto& box : sample.boxes) {
      const std::string fault = box_fault(box, decoded.width, decoded.height);
      if (!fault.empty() && !kept(options_, fault)) refuse(sample, box, decoded);
      place(box, shown, placement, out.boxes);
    }
    ready.boxes_dropped = static_cast<int64_t>(sample.boxes.size() - out.boxes.size());
    // A picture that lost all its boxes does not show a healthy bone: its boxes are unknown.
    out.boxes_known = sample.boxes_known && (sample.boxes.empty() || !out.boxes.empty());
    out.meta = sample.meta;
    return ready;
  }

 private:
  DecodedImage decode(const Sample& sample, std::string& source_digest) const {
    DecodedImage decoded;
    if (sample.draw) {
      decoded = decode_sample(sample);
      const cv::Mat whole = decoded.pixels.isContinuous() ? decoded.pixels : decoded.pixels.clone();
      source_digest =
          sha256_hex({reinterpret_cast<const char*>(whole.data), whole.total() * whole.elemSize()});
    } else {
      const std::string bytes = read_file(sample.file, kMaxImageFileBytes);
      source_digest = sha256_hex(bytes);
      decoded = decode_image_bytes(bytes,
                                   !crops_.empty() ? 0 : 2 * std::max(height_, width_),
                                   false,
                                   std::max(sample.frame, 0));
    }
    const bool cut = decoded.truncated && !keep_truncated_;
    if (decoded.pixels.empty() || cut) {
      throw Error(Exit::bad_data,
                  cat(sample.file.string(),
                      ": ",
                      decoded.defect(),
                      "; run `data split` again so that it is left out"));
    }
    return decoded;
  }

  /// Returns decoded / whole, rounded to eighths: libjpeg rounds the scaled size up.
  static float eighths(int decoded, int whole) {
    return std::round(8.f * static_cast<float>(decoded) / static_cast<float>(whole)) / 8.f;
  }

  [[noreturn]] static void refuse(const Sample& sample,
                                  const Box& box,
                                  const DecodedImage& decoded) {
    const std::string fault = box_fault(box, decoded.width, decoded.height);
    throw Error(Exit::bad_data,
                cat("image '",
                    sample.id,
                    "': ",
                    describe_box_fault(box, decoded.width, decoded.height),
                    "; correct it, or ",
                    fault == "box_empty" ? "drop" : "clip",
                    " it with --keep ",
                    fault));
  }

  /// Clips a box to its image or patch, then to the part of it that the store shows.
  void place(Box box,
             const cv::Rect& shown,
             const Placement& placement,
             std::vector<Box>& boxes) const {
    const auto w = static_cast<float>(width_), h = static_cast<float>(height_);
    const auto x = [&](float value) {
      const float inside =
          std::clamp(value, static_cast<float>(shown.x), static_cast<float>(shown.x + shown.width));
      return inside * placement.scale_x + placement.offset_x;
    };
    const auto y = [&](float value) {
      const float inside = std::clamp(
          value, static_cast<float>(shown.y), static_cast<float>(shown.y + shown.height));
      return inside * placement.scale_y + placement.offset_y;
    };
    const float area = (x(box.x1) - x(box.x0)) * (y(box.y1) - y(box.y0));
    box.x0 = std::clamp(x(box.x0), 0.f, w);
    box.x1 = std::clamp(x(box.x1), 0.f, w);
    box.y0 = std::clamp(y(box.y0), 0.f, h);
    box.y1 = std::clamp(y(box.y1), 0.f, h);
    const float visible = (box.x1 - box.x0) * (box.y1 - box.y0);
    if (!(box.x0 < box.x1 && box.y0 < box.y1) ||
        (fit_ == Fit::crop && visible < kMinVisible * area))
      return;
    for (auto& ring : box.rings) {
      for (auto& point : ring)
        point = {std::clamp(x(point.x), 0.f, w), std::clamp(y(point.y), 0.f, h)};
    }
    boxes.push_back(std::move(box));
  }

  const Manifest& manifest_;
  const std::vector<Crop>& crops_;  ///< of the samples; empty: whole images
  const PackOptions& options_;
  Fit fit_;
  int height_, width_;
  bool keep_truncated_;
  int white16_;  ///< the value of 16-bit files that becomes white
};

StoreInfo info_of(const Manifest& manifest,
                  const PackOptions& options,
                  const std::string& source_settings) {
  StoreInfo info;
  info.class_names = manifest.class_names;
  info.multi_label = manifest.multi_label;
  info.height = static_cast<int>(options.size_px[0]);
  info.width = static_cast<int>(options.size_px[1]);
  info.bits = static_cast<int>(options.bits);
  info.value_max = options.bits == 8 ? 255 : 65535;
  info.meta_columns = manifest.meta_columns;
  PackOptions written = options;
  info.config = write_config([&](Fields& f) { f.section("pack", written); }) + source_settings;
  info.source = manifest.source;
  info.licence = manifest.licence;
  return info;
}

/// Returns how many rows may wait to be written, so that large rows do not fill the memory.
size_t rows_ahead(const PackOptions& options, int threads) {
  const int64_t row_bytes = options.size_px[0] * options.size_px[1] * options.bits / 8;
  return static_cast<size_t>(
      std::clamp<int64_t>(kBytesAhead / row_bytes, threads + 1, std::max(64, threads + 1)));
}

void count(const Manifest& manifest, const Planned& planned, PackResult& result) {
  const auto& sample = manifest.samples[planned.sample];
  const auto& labels = sample.labels;
  if (!manifest.sources.empty()) ++result.sources[manifest.source_of(sample)][planned.part];
  for (size_t c = 0; c < labels.size(); ++c) {
    result.counts[planned.part][manifest.class_names[c]] += labels[c] == 1;
  }
}

}  // namespace

void PackOptions::fields(Fields& f) {
  f("size_px", size_px, "height and width of the store's images");
  f("bits", bits, "8 or 16");
  f("fit", fit, "pad, stretch or crop");
  f("gzip", gzip, "compression level 1 to 9; -1: none");
  f("checksums", checksums, "store a checksum with each image (HDF5's fletcher32)");
  f("shard_gb",
    shard_gb,
    "if the pixels take more GB than this, divide them into files in the folder set.h5.d");
  f("keep",
    keep,
    "audit kinds whose rows are kept: " + join(keepable_kinds()) +
        "; boxes outside are clipped, empty boxes and annotations that are not valid are dropped");
  f("where", where, "only rows whose metadata fulfil this condition, as in sex=F and age>60");
  f("patches", patches, "none: whole images; boxes: a square patch for each box");
  f("patch_context", patch_context, "side of a patch, in longer sides of its box");
  f("patch_side_px",
    patch_side_px,
    "fixed side of the patches in pixels of the source, at least the box; 0: patch_context");
  f("patch_negatives", patch_negatives, "patches of images without boxes for each box");
  f("patch_match",
    patch_match,
    "metadata columns in which these images equal that of the box; empty: the known columns of "
    "region and view; none: no column");
  f("patch_seed", patch_seed, "random seed that chooses these images");
}

void PackOptions::check() const {
  const bool size_ok = size_px.size() == 2 && std::min(size_px[0], size_px[1]) >= 8 &&
                       std::max(size_px[0], size_px[1]) <= 8192;
  evenray::check(
      size_ok, Exit::config, "data.size_px must be [height, width] with sides of 8 to 8192");
  evenray::check(
      bits == 8 || bits == 16, Exit::config, cat("data.bits is ", bits, "; give 8 or 16"));
  evenray::check(gzip == -1 || (gzip >= 1 && gzip <= 9),
                 Exit::config,
                 cat("data.gzip is ", gzip, "; give 1 to 9, or -1 for none"));
  evenray::check(shard_gb > 0 && std::isfinite(shard_gb),
                 Exit::config,
                 cat("data.shard_gb is ", shard_gb, "; give a number above 0"));
  const auto& known = keepable_kinds();
  for (const auto& kind : keep) {
    evenray::check(std::find(known.begin(), known.end(), kind) != known.end(),
                   Exit::config,
                   "data.keep: " + unknown_name("kind to keep", kind, known));
  }
  Where::parse(where);
  parse_fit(fit);
  evenray::check(patches == "none" || patches == "boxes",
                 Exit::config,
                 "data.patches: " + unknown_name("kind of patches", patches, {"none", "boxes"}));
  evenray::check(patch_context >= 1 && patch_context <= 100,
                 Exit::config,
                 cat("data.patch_context is ", patch_context, "; give 1 to 100"));
  evenray::check(patch_side_px == 0 || (patch_side_px >= 8 && patch_side_px <= 8192),
                 Exit::config,
                 cat("data.patch_side_px is ", patch_side_px, "; give 8 to 8192, or 0"));
  evenray::check(patch_negatives >= 0 && patch_negatives <= 100,
                 Exit::config,
                 cat("data.patch_negatives is ", patch_negatives, "; give 0 to 100"));
}

PackResult pack(const Manifest& whole,
                const std::vector<SplitRow>& split,
                std::optional<int> fold,
                const PackOptions& options,
                const Path& out,
                int threads,
                const std::string& source_settings) {
  options.check();
  evenray::check(
      !whole.class_names.empty(),
      Exit::bad_data,
      cat(whole.source,
          ": no classes are known, but a store needs at least one; put the files into one "
          "folder per class"));
  PackResult result;
  for (const auto* part : kParts) {
    for (const auto& name : whole.class_names) result.counts[part][name] = 0;
  }
  const auto images = plan_rows(whole, split, fold, options, threads, result.left_out);
  const int white = white_of_16_bits(whole, images, threads);
  const PatchPlan plan = plan_patches(whole, images, options, threads);
  const Manifest& manifest = plan.manifest;
  const auto& rows = plan.rows;
  result.patches = plan.counts;
  const Packer packer(plan, options, white);
  const StoreForm form{static_cast<int>(options.gzip),
                       options.checksums,
                       static_cast<uint64_t>(std::min(options.shard_gb, kMostGb) * 1e9)};
  const std::string division = source_settings + (fold ? cat("fold = ", *fold, "\n") : "");
  StoreWriter writer(
      out, info_of(manifest, options, division), static_cast<int64_t>(rows.size()), form);
  Progress progress("pack", static_cast<int64_t>(rows.size()), "img");
  Digest source;
  std::vector<double> box_sides;
  ordered_pipeline<Ready>(
      rows.size(),
      threads,
      [&](size_t i) {
        Ready ready = packer.make(rows[i]);
        ready.image = writer.prepare(ready.row.image);
        return ready;
      },
      [&](size_t i, Ready& ready) {
        source.add(cat(ready.row.id, " ", ready.source_digest, "\n"));
        for (const auto& box : ready.row.boxes) {
          box_sides.push_back(std::sqrt((box.x1 - box.x0) * (box.y1 - box.y0)));
        }
        result.boxes_dropped += ready.boxes_dropped;
        count(manifest, rows[i], result);
        writer.add(rows[i].part, ready.row, ready.image);
        progress.advance();
        throw_if_stopped();
      },
      rows_ahead(options, threads));
  writer.set_source_digest(source.hex());
  const Store store = writer.finish(threads);
  result.content_digest = store.content_digest();
  write_datasheet(store);
  if (!box_sides.empty()) result.median_box_side_px = quantile(box_sides, .5);
  return result;
}

}  // namespace evenray
