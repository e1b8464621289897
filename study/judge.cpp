// SPDX-License-Identifier: Apache-2.0
#include "study/judge.hpp"

#include <algorithm>

#include "core/text.hpp"
#include "dataset/image/image.hpp"
#include "dataset/image/sheet.hpp"
#include "dataset/where.hpp"

namespace evenray {
namespace {

constexpr size_t kSheet = 16;  ///< images of each kind on the sample sheet
constexpr size_t kPairs = 8;   ///< nearest pairs shown

void write_sheet(const Path& path, const std::vector<SheetItem>& items) {
  SheetOptions options;
  options.cell_px = 96;
  write_atomic(path, encode_png(draw_sheet(items, options)));
}

}  // namespace

void judge_generator(const Config& config,
                     const Store& store,
                     const GeneratorCell& cell,
                     const Path& folder) {
  // Written last: it says that the judging is done.
  const Path quality = folder / "quality.json";
  if (std::filesystem::exists(quality)) return;
  const Compute compute = make_compute(config.runtime);
  const Rng rng = Rng(static_cast<uint64_t>(config.runtime.seed)).fork("judge").fork(cell.id());
  const Generator generator(folder, compute);
  const StorePart& train = store.part("train");
  const auto rows_of = [&](const std::string& part) {
    return Where::parse(config.gan.where)
        .filter(store.info(), store.part(part), real_rows(store, part, cell.class_name));
  };
  std::vector<int64_t> rows = rows_of("train");
  Rng shuffle = rng.fork("rows");
  shuffle.shuffle(rows);
  RealImages real;
  for (const int64_t row : rows) {
    real.images.push_back(store.image("train", row));
    real.groups.push_back(train.groups[static_cast<size_t>(row)]);
  }
  for (const int64_t row : rows_of("val")) real.held_out.push_back(store.image("val", row));
  const size_t judged =
      std::min<size_t>(real.images.size(), static_cast<size_t>(config.study.judge_images));
  Drawing drawing;
  drawing.seed = rng.fork("fake").key();
  const auto fake = generator.sample(0, static_cast<int64_t>(judged), drawing);

  Json out = evaluate_gan(fake, real, {}, rng.fork("evaluate").key());
  out["class"] = cell.class_name;
  out["seed"] = cell.seed;
  out["fold"] = cell.fold;
  const auto end = static_cast<int64_t>(judged);
  const std::vector<cv::Mat> as_many(real.images.begin(), real.images.begin() + end);
  const std::vector<std::string> groups(real.groups.begin(), real.groups.begin() + end);
  out["origin"] = origin_auroc(
      as_many, groups, fake, config.study.origin_steps, rng.fork("origin").key(), compute);

  std::vector<SheetItem> sheet, pairs;
  for (size_t i = 0; i < std::min(kSheet, judged); ++i)
    sheet.push_back({real.images[i], "real", {}});
  for (size_t i = 0; i < std::min(kSheet, judged); ++i) sheet.push_back({fake[i], "synthetic", {}});
  Json shown = Json::array();
  for (const auto& [image, nearest] : most_alike(fake, real.images, kPairs)) {
    pairs.push_back({fake[image], "synthetic", {}});
    pairs.push_back(
        {real.images[nearest.index], cat("nearest ", fixed(nearest.correlation, 2)), {}});
    shown.push_back({{"train_id", train.ids[static_cast<size_t>(rows[nearest.index])]},
                     {"correlation", nearest.correlation}});
  }
  out["nearest"] = shown;
  write_sheet(folder / "samples.png", sheet);
  write_sheet(folder / "nearest.png", pairs);
  write_json(quality, out);
}

}  // namespace evenray
