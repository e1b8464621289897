// SPDX-License-Identifier: Apache-2.0
#include <torch/torch.h>

#include "core/error.hpp"
#include "core/text.hpp"
#include "gan/gan.hpp"
#include "gan/memorisation.hpp"
#include "gan/quality.hpp"
#include "nn/loader.hpp"

namespace evenray {
namespace {

/// Of each set so many images are looked at, which bounds the memory that sorting their patches
/// takes.
constexpr int64_t kMostImages = 1024;
constexpr int64_t kPairs = 1024;

/// Up to n images in a seeded order, as 0..255.
torch::Tensor pick(const std::vector<cv::Mat>& images, size_t n, const Rng& rng) {
  std::vector<size_t> order(images.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  Rng stream = rng.fork("order");
  stream.shuffle(order);
  std::vector<cv::Mat> picked;
  for (size_t i = 0; i < std::min(n, order.size()); ++i) picked.push_back(images[order[i]]);
  auto tensor = from_mats(picked);
  return images[0].depth() == CV_16U ? tensor / 257 : tensor;
}

std::string form_of(const cv::Mat& image) {
  return cat(image.rows, "x", image.cols, " px of ", image.elemSize1() * 8, " bits");
}

Json swd_json(const Swd& swd) {
  Json levels = Json::object();
  for (auto level = swd.levels.rbegin(); level != swd.levels.rend(); ++level)
    levels[std::to_string(level->first)] = level->second;
  return {{"levels", levels}, {"mean", swd.mean}};
}

}  // namespace

GanMetrics parse_gan_metrics(const std::string& names) {
  GanMetrics metrics{false, false, false};
  for (const auto& part : split_text(names, ',')) {
    const std::string name = trim(part);
    if (name == "swd") {
      metrics.swd = true;
    } else if (name == "msssim") {
      metrics.msssim = true;
    } else if (name == "memorisation") {
      metrics.memorisation = true;
    } else {
      throw Error(Exit::usage, unknown_name("metric", name, {"swd", "msssim", "memorisation"}));
    }
  }
  return metrics;
}

Json evaluate_gan(const std::vector<cv::Mat>& fake,
                  const std::vector<cv::Mat>& real,
                  const GanMetrics& metrics,
                  uint64_t seed) {
  check(fake.size() >= 2 && real.size() >= 4,
        Exit::bad_data,
        cat("too few images to compare: ",
            fake.size(),
            " drawn, ",
            real.size(),
            " real (2 and 4 are the least)"));
  for (const auto* images : {&fake, &real}) {
    for (const auto& image : *images) {
      if (image.size() == real[0].size() && image.type() == real[0].type()) continue;
      const char* which = images == &fake ? "a drawn image" : "a real image";
      throw Error(Exit::bad_data,
                  cat(which,
                      " is ",
                      form_of(image),
                      ", the first real one ",
                      form_of(real[0]),
                      ": compare images of one size and depth"));
    }
  }
  const Rng rng(seed);
  Json out{{"schema", "evenray-gan-eval-1"}, {"n_fake", fake.size()}, {"n_real", real.size()}};
  if (metrics.swd) {
    // SWD is biased upward by few images, so the floor is taken between as many.
    const size_t n = std::min(fake.size(), std::min<size_t>(real.size(), kMostImages) / 2);
    const auto halves = pick(real, 2 * n, rng.fork("real")).chunk(2);
    const auto found =
        swd_to(halves[0], {pick(fake, n, rng.fork("fake")), halves[1]}, {}, rng.fork("swd"));
    out["swd"] = swd_json(found[0]);
    out["swd"]["n"] = n;
    out["swd"]["floor"] = {{"mean", found[1].mean}, {"n", n}};
  }
  if (metrics.msssim) {
    out["msssim"] = {
        {"fake", diversity_ms_ssim(pick(fake, kMostImages, rng.fork("fake")), kPairs, rng)},
        {"real", diversity_ms_ssim(pick(real, kMostImages, rng.fork("real")), kPairs, rng)}};
  }
  if (metrics.memorisation) {
    const Memorisation found = memorisation(fake, real);
    out["memorisation"] = {{"nearest_ratio", found.nearest_ratio},
                           {"authentic", found.authentic},
                           {"flagged", found.flagged}};
  }
  return out;
}

}  // namespace evenray
