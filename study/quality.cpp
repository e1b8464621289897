// SPDX-License-Identifier: Apache-2.0
#include "study/quality.hpp"

#include <algorithm>
#include <numeric>

#include "classifier/classifier.hpp"
#include "core/text.hpp"
#include "dataset/image/image.hpp"
#include "dataset/image/sheet.hpp"
#include "gan/gan.hpp"

namespace evenray {
namespace {

constexpr size_t kSheet = 16;  ///< images of each kind on the sample sheet
constexpr size_t kPairs = 8;   ///< nearest pairs on the sheet

void write_sheet(const Path& path, const std::vector<SheetItem>& items) {
  SheetOptions options;
  options.cell_px = 96;
  write_atomic(path, encode_png(draw_sheet(items, options)));
}

/// Returns the evaluation at the end of the training, without the spectra that only `gan report`
/// uses.
Json trained_quality(const Path& judgement) {
  Json out{{"schema", "evenray-gan-eval-1"}};
  if (!std::filesystem::exists(judgement)) return out;
  const Json found = read_json(judgement);
  for (const auto& [key, value] : found.items())
    if (key != "schema" && key != "spectrum") out[key] = value;
  return out;
}

}  // namespace

void write_quality(const Config& config,
                   const Store& store,
                   const GeneratorCell& cell,
                   const Path& folder) {
  // quality.json is written last, so if it exists, the sheets exist too.
  const Path quality = folder / "quality.json";
  if (std::filesystem::exists(quality)) return;
  const Compute compute = make_compute(config.runtime);
  const Rng rng = Rng(static_cast<uint64_t>(config.runtime.seed)).fork("judge").fork(cell.id());
  const Generator generator(folder, compute);
  const RealImages real = real_images(store, cell.class_name, config.gan.where);
  std::vector<size_t> order(real.images.size());
  std::iota(order.begin(), order.end(), size_t{0});
  Rng shuffle = rng.fork("rows");
  shuffle.shuffle(order);
  order.resize(std::min(order.size(), static_cast<size_t>(config.study.judge_images)));
  Drawing drawing;
  drawing.seed = rng.fork("fake").key();
  const auto fake = generator.sample(0, static_cast<int64_t>(order.size()), drawing);

  Json out = trained_quality(folder / "judgement.json");
  out["class"] = cell.class_name;
  out["seed"] = cell.seed;
  out["fold"] = cell.fold;
  std::vector<cv::Mat> real_subset;
  std::vector<std::string> groups;
  for (const size_t i : order) {
    real_subset.push_back(real.images[i]);
    groups.push_back(real.groups[i]);
  }
  out["origin"] = origin_auroc(
      real_subset, groups, fake, config.study.origin_steps, rng.fork("origin").key(), compute);

  std::vector<SheetItem> sheet, pairs;
  const size_t shown = std::min(kSheet, order.size());
  for (size_t i = 0; i < shown; ++i) sheet.push_back({real_subset[i], "real", {}});
  for (size_t i = 0; i < shown; ++i) sheet.push_back({fake[i], "synthetic", {}});
  Json nearest_ids = Json::array();
  for (const auto& [image, nearest] : most_similar(fake, real.images, kPairs)) {
    pairs.push_back({fake[image], "synthetic", {}});
    pairs.push_back(
        {real.images[nearest.index], cat("nearest ", fixed(nearest.correlation, 2)), {}});
    nearest_ids.push_back(
        {{"train_id", real.ids[nearest.index]}, {"correlation", nearest.correlation}});
  }
  out["nearest"] = nearest_ids;
  write_sheet(folder / "samples.png", sheet);
  write_sheet(folder / "nearest.png", pairs);
  write_json(quality, out);
}

}  // namespace evenray
