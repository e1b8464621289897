// SPDX-License-Identifier: Apache-2.0
#include "gan/judgement.hpp"

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "core/rng.hpp"
#include "core/text.hpp"
#include "dataset/image/image.hpp"
#include "dataset/image/sheet.hpp"
#include "gan/gan.hpp"
#include "gan/halves.hpp"
#include "gan/run_record.hpp"
#include "gan/spectrum.hpp"

namespace evenray {
namespace {

constexpr size_t kShownPairs = 32;
/// With fewer real images judgement.json is not written.
constexpr size_t kFewestJudged = 16;
/// With more images the mean spectrum changes by less than the width of a line in the chart.
constexpr size_t kSpectrumImages = 256;

/// Returns at most n images in a seeded order, because images of one patient are often adjacent.
std::vector<cv::Mat> some_of(const std::vector<cv::Mat>& images, size_t n, Rng stream) {
  std::vector<size_t> order(images.size());
  std::iota(order.begin(), order.end(), size_t{0});
  stream.shuffle(order);
  order.resize(std::min(n, order.size()));
  std::vector<cv::Mat> out;
  for (const size_t i : order) out.push_back(images[i]);
  return out;
}

void write_sheet(const Path& path, const std::vector<SheetItem>& items) {
  write_atomic(path, encode_png(draw_sheet(items, SheetOptions{})));
}

void write_nearest(const Path& path,
                   const std::vector<cv::Mat>& drawn,
                   const std::vector<cv::Mat>& real) {
  std::vector<SheetItem> items;
  for (const auto& [image, nearest] : most_similar(drawn, real, kShownPairs)) {
    items.push_back({drawn[image], "drawn", {}});
    items.push_back({real[nearest.index], cat("real ", fixed(nearest.correlation, 3)), {}});
  }
  write_sheet(path, items);
}

/// Rounds to five digits, which is more than a chart shows.
Json rounded(const std::vector<double>& values) {
  Json out = Json::array();
  for (const double value : values) out.push_back(std::round(value * 1e5) / 1e5);
  return out;
}

}  // namespace

void write_sample_sheet(const Path& path, const std::vector<cv::Mat>& images) {
  std::vector<SheetItem> items;
  for (size_t i = 0; i < std::min(images.size(), kShownPairs); ++i)
    items.push_back({images[i], "", {}});
  write_sheet(path, items);
}

void write_judgement(const Path& run,
                     const std::vector<cv::Mat>& drawn,
                     const RealImages& all,
                     const JudgementOptions& options) {
  const auto& real = all.images;
  const Rng rng = Rng(options.seed).fork("judgement");
  Json out = evaluate_gan(drawn, all, {}, rng.fork("evaluate").key());
  out["schema"] = "evenray-gan-judgement-1";
  out["generator"] = options.generator;
  add_verdict(out, options.bounds);
  out["augmentation_leaks"] = options.leaks;
  const size_t n = std::min({kSpectrumImages, drawn.size(), real.size()});
  const Spectrum of_drawn = radial_spectrum(some_of(drawn, n, rng.fork("spectrum drawn"))),
                 of_real = radial_spectrum(some_of(real, n, rng.fork("spectrum real")));
  out["spectrum"] = {{"n", n},
                     {"frequency", rounded(of_real.frequency)},
                     {"fake", rounded(of_drawn.log_power)},
                     {"real", rounded(of_real.log_power)}};
  write_sample_sheet(run / "samples" / "real.png",
                     some_of(real, kShownPairs, rng.fork("real sheet")));
  write_nearest(run / "samples" / "nearest.png", drawn, real);
  write_json(run / "judgement.json", out);
}

std::optional<std::string> too_few_to_judge(const RealImages& real) {
  if (real.images.size() >= kFewestJudged &&
      !halves(real.images.size(), real.groups, Rng(0))[1].empty())
    return std::nullopt;
  return cat(
      "judgement.json requires at least ", kFewestJudged, " real images of at least two groups");
}

void judge_checkpoint(const Path& run,
                      const Generator& generator,
                      const RealImages& real,
                      int64_t count,
                      const VerdictOptions& bounds) {
  const Json& facts = generator.facts();
  const Rng rng = Rng(static_cast<uint64_t>(facts.at("seed").get<int64_t>())).fork("gan");
  Drawing drawing;
  drawing.seed = rng.fork("last word").key();
  drawing.in_proportion = true;
  write_judgement(
      run,
      generator.sample(0, std::min(count, static_cast<int64_t>(real.images.size())), drawing),
      real,
      {.seed = rng.fork("judgement").key(),
       .leaks = facts.at("best_leaks").get<std::vector<std::string>>(),
       .generator = generator.digest(),
       .bounds = bounds});
}

void judge_run(const Path& folder,
               const Store& store,
               const VerdictOptions& bounds,
               const Compute& compute) {
  const RunRecord run = read_run(folder);
  const Generator generator(folder, compute);
  check(generator.facts().at("store") == store.content_digest(),
        Exit::bad_data,
        cat(folder.string(),
            " was not trained on ",
            store.path().string(),
            ": its verdict requires its own training images"));
  const RealImages real = real_images(store, generator.class_name(), generator.facts().at("where"));
  const auto too_few = too_few_to_judge(real);
  check(!too_few, Exit::bad_data, cat(folder.string(), ": ", too_few.value_or("")));
  judge_checkpoint(folder, generator, real, run.options.eval_images, bounds);
}

}  // namespace evenray
