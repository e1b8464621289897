// SPDX-License-Identifier: Apache-2.0
#include "dataset/patches.hpp"

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "core/parallel.hpp"
#include "core/rng.hpp"
#include "core/text.hpp"
#include "dataset/audit.hpp"
#include "dataset/files/image_file.hpp"
#include "dataset/match_columns.hpp"

namespace evenray {
namespace {

constexpr int kLeastSidePx = 16;
/// A box of which a patch shows less than this share is not a box of the patch.
constexpr double kMinShown = .25;

cv::Size size_of(const Sample& sample) {
  if (sample.draw) return sample.draw().size();
  const auto size = upright_size(sample.file);
  check(size.has_value(),
        Exit::bad_data,
        cat(sample.file.string(),
            ": its size cannot be read; run `data split` again so that the "
            "image is left out"));
  return *size;
}

/// Returns the share of a box that a rectangle shows.
double shown_share(const Box& box, const cv::Rect& rect) {
  const double width =
      std::min<double>(box.x1, rect.x + rect.width) - std::max<double>(box.x0, rect.x);
  const double height =
      std::min<double>(box.y1, rect.y + rect.height) - std::max<double>(box.y0, rect.y);
  const double area = (double{box.x1} - box.x0) * (double{box.y1} - box.y0);
  return std::max(0., width) * std::max(0., height) / area;
}

Crop crop_of(const Box& box, const cv::Size& size, const PackOptions& options) {
  const double x0 = std::clamp<double>(box.x0, 0, size.width),
               x1 = std::clamp<double>(box.x1, 0, size.width),
               y0 = std::clamp<double>(box.y0, 0, size.height),
               y1 = std::clamp<double>(box.y1, 0, size.height);
  const double longer = std::max(x1 - x0, y1 - y0);
  const double side = options.patch_side_px > 0
                          ? std::max(static_cast<double>(options.patch_side_px), longer)
                          : std::max<double>(kLeastSidePx, options.patch_context * longer);
  // A larger square shows no more than the whole image.
  const double most = 2. * std::max(size.width, size.height);
  return {(x0 + x1) / 2 / size.width,
          (y0 + y1) / 2 / size.height,
          static_cast<int>(std::ceil(std::min(side, most) - 1e-3))};
}

/// The images without boxes that take turns, of one part and of one value of the columns.
struct Turns {
  std::vector<size_t> rows;
  size_t next = 0;
};

class Patcher {
 public:
  Patcher(const Manifest& manifest,
          const std::vector<Planned>& rows,
          const PackOptions& options,
          int threads)
      : manifest_(manifest),
        rows_(rows),
        options_(options),
        columns_(match_columns(manifest.meta_columns, options.patch_match)),
        sizes_(rows.size()),
        used_(rows.size()) {
    parallel_for(rows.size(), threads, [&](size_t r) {
      if (!sample_of(r).boxes.empty()) sizes_[r] = size_of(sample_of(r));
    });
    std::vector<size_t> order(rows.size());
    for (size_t r = 0; r < order.size(); ++r) order[r] = r;
    Rng(static_cast<uint64_t>(options.patch_seed)).fork("patch negatives").shuffle(order);
    for (const size_t r : order) {
      const Sample& sample = sample_of(r);
      if (!sample.boxes_known || !sample.boxes.empty()) continue;
      alike_[{rows[r].part, match_key(sample.meta, columns_)}].rows.push_back(r);
      any_[rows[r].part].rows.push_back(r);
    }
  }

  PatchPlan plan() {
    for (size_t r = 0; r < rows_.size(); ++r) {
      const Sample& sample = sample_of(r);
      plan_.counts.not_annotated += !sample.boxes_known && sample.boxes.empty();
      for (size_t b = 0; b < sample.boxes.size(); ++b) add_box(r, b);
    }
    check(!made_.empty(),
          Exit::bad_data,
          cat(manifest_.source, ": no image has a box, so there is no patch; remove data.patches"));
    std::sort(made_.begin(), made_.end(), [](const Made& a, const Made& b) {
      return a.patch.id < b.patch.id;
    });
    plan_.manifest = manifest_;
    plan_.manifest.samples.clear();
    for (auto& made : made_) {
      Planned planned = rows_[made.row];
      planned.sample = plan_.manifest.samples.size();
      plan_.rows.push_back(std::move(planned));
      plan_.crops.push_back(made.crop);
      plan_.manifest.samples.push_back(std::move(made.patch));
    }
    return std::move(plan_);
  }

 private:
  struct Made {
    Sample patch;
    Crop crop;
    size_t row;
  };

  const Sample& sample_of(size_t row) const { return manifest_.samples[rows_[row].sample]; }

  void add_box(size_t row, size_t b) {
    const Sample& sample = sample_of(row);
    const Box& box = sample.boxes[b];
    const cv::Size size = sizes_[row];
    const std::string fault = box_fault(box, size.width, size.height);
    check(fault.empty() || kept(options_, fault),
          Exit::bad_data,
          cat("image '",
              sample.id,
              "': ",
              describe_box_fault(box, size.width, size.height),
              "; correct it, or ",
              fault == "box_empty" ? "drop" : "clip",
              " it with --keep ",
              fault));
    const bool inside = box.x0 < size.width && box.y0 < size.height && box.x1 > 0 && box.y1 > 0;
    if (fault == "box_empty" || !inside) {
      ++plan_.counts.dropped;
      return;
    }
    Sample patch = sample;
    patch.id = cat(sample.id, "#b", b + 1);
    const Crop crop = crop_of(box, size, options_);
    const cv::Rect rect = patch_rect(crop, size.width, size.height);
    patch.boxes = {box};
    for (size_t other = 0; other < sample.boxes.size(); ++other)
      if (other != b && shown_share(sample.boxes[other], rect) >= kMinShown)
        patch.boxes.push_back(sample.boxes[other]);
    patch.boxes_known = true;
    set_labels(patch);
    ++plan_.counts.lesions;
    made_.push_back({std::move(patch), crop, row});
    for (int64_t n = 0; n < options_.patch_negatives; ++n) add_negative(row, crop);
  }

  void set_labels(Sample& patch) const {
    for (auto& label : patch.labels) {
      if (!manifest_.multi_label) label = 0;
      if (manifest_.multi_label && label == 1) label = -1;
    }
    // Where classes exclude each other, the patch has the class of its own box.
    const size_t boxes = manifest_.multi_label ? patch.boxes.size() : 1;
    for (size_t b = 0; b < boxes; ++b) patch.labels[static_cast<size_t>(patch.boxes[b].label)] = 1;
  }

  void add_negative(size_t row, const Crop& crop) {
    Turns* turns = &alike_[{rows_[row].part, match_key(sample_of(row).meta, columns_)}];
    const bool matched = !turns->rows.empty();
    if (!matched) turns = &any_[rows_[row].part];
    if (turns->rows.empty()) {
      ++plan_.counts.missing;
      return;
    }
    const size_t chosen = turns->rows[turns->next++ % turns->rows.size()];
    Sample patch = sample_of(chosen);
    patch.id = cat(patch.id, "#n", ++used_[chosen]);
    ++plan_.counts.negatives;
    plan_.counts.unmatched += !matched;
    made_.push_back({std::move(patch), crop, chosen});
  }

  const Manifest& manifest_;
  const std::vector<Planned>& rows_;
  const PackOptions& options_;
  std::vector<size_t> columns_;
  std::vector<cv::Size> sizes_;  ///< of images with boxes
  std::vector<int64_t> used_;    ///< negatives made of each row
  std::map<std::pair<std::string, std::string>, Turns> alike_;
  std::map<std::string, Turns> any_;
  std::vector<Made> made_;
  PatchPlan plan_;
};

}  // namespace

PatchPlan plan_patches(const Manifest& manifest,
                       const std::vector<Planned>& rows,
                       const PackOptions& options,
                       int threads) {
  if (options.patches == "none") return {manifest, {}, rows, {}};
  return Patcher(manifest, rows, options, threads).plan();
}

cv::Rect patch_rect(const Crop& crop, int width, int height) {
  const auto start = [&](double centre, int side) {
    const auto at = static_cast<int>(std::floor(centre * side - crop.side_px / 2. + .5));
    return std::clamp(at, 0, std::max(0, side - crop.side_px));
  };
  return cv::Rect(start(crop.x, width), start(crop.y, height), crop.side_px, crop.side_px) &
         cv::Rect(0, 0, width, height);
}

std::string image_of_patch(const std::string& id) {
  const size_t at = id.rfind('#');
  if (at == std::string::npos || at + 2 >= id.size() || (id[at + 1] != 'b' && id[at + 1] != 'n'))
    return id;
  const bool number = std::all_of(id.begin() + static_cast<std::ptrdiff_t>(at) + 2,
                                  id.end(),
                                  [](char c) { return c >= '0' && c <= '9'; });
  return number ? id.substr(0, at) : id;
}

std::string check_parts(const Store& patches, const Store& images) {
  std::map<std::string, std::string> part_of;
  for (const char* part : kParts)
    for (const auto& id : images.part(part).ids) part_of[id] = part;
  int64_t checked = 0, unknown = 0, elsewhere = 0;
  std::string first;
  for (const char* part : kParts) {
    const StorePart& rows = patches.part(part);
    for (size_t i = 0; i < rows.ids.size(); ++i) {
      if (rows.provenance[i].origin != Origin::real) continue;
      const auto found = part_of.find(image_of_patch(rows.ids[i]));
      if (found == part_of.end()) {
        ++unknown;
        continue;
      }
      ++checked;
      if (found->second == part) continue;
      if (elsewhere++ == 0)
        first = cat("'", rows.ids[i], "' is in ", part, ", but its image is in ", found->second);
    }
  }
  const std::string name = images.path().string();
  check(elsewhere == 0,
        Exit::bad_data,
        cat(patches.path().string(),
            ": ",
            first,
            " of ",
            name,
            "; in all ",
            elsewhere,
            " patches; pack both with the same split table and fold"));
  check(checked > 0,
        Exit::bad_data,
        cat(patches.path().string(), ": ", name, " has the image of none of its rows"));
  return cat(checked,
             " rows are in the parts of their images in ",
             name,
             unknown > 0 ? cat("; ", unknown, " rows have no image there") : "");
}

std::string describe_patches(const PatchCounts& counts) {
  if (counts.lesions == 0) return "";
  std::string out =
      cat(counts.lesions, " patches with a box, ", counts.negatives, " of images without boxes");
  if (counts.unmatched > 0)
    out += cat(" (", counts.unmatched, " of another region or view, because none matched)");
  if (counts.missing > 0) out += cat("; ", counts.missing, " found no image without boxes");
  if (counts.dropped > 0) out += cat("; ", counts.dropped, " boxes have no area in their image");
  if (counts.not_annotated > 0) out += cat("; ", counts.not_annotated, " images not annotated");
  return out;
}

}  // namespace evenray
