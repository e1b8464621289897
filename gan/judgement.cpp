// SPDX-License-Identifier: Apache-2.0
#include "gan/judgement.hpp"

#include <algorithm>
#include <cmath>

#include "core/rng.hpp"
#include "core/text.hpp"
#include "dataset/image/image.hpp"
#include "dataset/image/sheet.hpp"
#include "gan/gan.hpp"
#include "gan/spectrum.hpp"

namespace evenray {
namespace {

constexpr size_t kShownPairs = 32;
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
                     const std::vector<std::string>& leaks,
                     uint64_t seed) {
  const auto& real = all.images;
  const Rng rng = Rng(seed).fork("judgement");
  Json out = evaluate_gan(drawn, all, {}, rng.fork("evaluate").key());
  out["schema"] = "evenray-gan-judgement-1";
  out["augmentation_leaks"] = leaks;
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

}  // namespace evenray
