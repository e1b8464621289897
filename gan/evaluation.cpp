// SPDX-License-Identifier: Apache-2.0
#include <torch/types.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <map>

#include "core/error.hpp"
#include "core/run_folder.hpp"
#include "core/text.hpp"
#include "dataset/where.hpp"
#include "gan/feature_metrics.hpp"
#include "gan/gan.hpp"
#include "gan/halves.hpp"
#include "gan/memorisation.hpp"
#include "gan/quality.hpp"
#include "nn/loader.hpp"

namespace evenray {
namespace {

/// Most images of each set that SWD and feature metrics compare: the number of the published SWD.
/// Limits the memory for patches.
constexpr size_t kMostImages = 16384;
/// Pairs of MS-SSIM, and the number of images that the pairs are drawn from.
constexpr int64_t kPairs = 1024;
constexpr size_t kPairedImages = 1024;

/// Returns at most n of `count` rows in a seeded order.
Rows pick(size_t count, size_t n, const Rng& rng) {
  Rows order = all_rows(count);
  Rng stream = rng.fork("order");
  stream.shuffle(order);
  order.resize(std::min(n, count));
  return order;
}

torch::Tensor rows_of(const torch::Tensor& matrix, const Rows& rows) {
  return matrix.index_select(0, torch::tensor(std::vector<int64_t>(rows.begin(), rows.end())));
}

std::string form_of(const cv::Mat& image) {
  return cat(image.rows, "x", image.cols, " px of ", image.elemSize1() * 8, " bits");
}

void check_sets(const std::vector<cv::Mat>& fake, const RealImages& real) {
  check(fake.size() >= 2 && real.images.size() >= 4,
        Exit::bad_data,
        cat("cannot compare ",
            fake.size(),
            " drawn and ",
            real.images.size(),
            " real images: at least 2 drawn and 4 real images are required"));
  const cv::Mat& like = real.images[0];
  for (const auto* images : {&fake, &real.images, &real.held_out}) {
    for (const auto& image : *images) {
      if (image.size() == like.size() && image.type() == like.type()) continue;
      const char* which = images == &fake ? "a drawn image" : "a real image";
      throw Error(Exit::bad_data,
                  cat(which,
                      " is ",
                      form_of(image),
                      ", but the first real image is ",
                      form_of(like),
                      ": all images must have the same size and depth"));
    }
  }
}

/// Returns the images with the pixels of each in a random order: no structure, the same grey
/// values.
std::vector<cv::Mat> shuffled(const std::vector<cv::Mat>& images,
                              const Rows& rows,
                              const Rng& rng) {
  std::vector<cv::Mat> out;
  for (const size_t row : rows) {
    const cv::Mat& image = images[row];
    Rows order = all_rows(image.total());
    Rng stream = rng.fork("image", row);
    stream.shuffle(order);
    const size_t bytes = image.elemSize(), columns = static_cast<size_t>(image.cols);
    cv::Mat noise(image.size(), image.type());
    for (size_t i = 0; i < order.size(); ++i) {
      std::copy_n(image.ptr(static_cast<int>(order[i] / columns)) + order[i] % columns * bytes,
                  bytes,
                  noise.ptr() + i * bytes);
    }
    out.push_back(noise);
  }
  return out;
}

Json swd_json(const Swd& swd) {
  Json levels = Json::object();
  for (auto level = swd.levels.rbegin(); level != swd.levels.rend(); ++level)
    levels[std::to_string(level->first)] = level->second;
  return {{"levels", levels}, {"mean", swd.mean}};
}

/// The metrics between the features of a reference and those of a set.
Json feature_json(const torch::Tensor& reference,
                  const torch::Tensor& set,
                  const GanMetrics& metrics) {
  Json out = Json::object();
  if (metrics.kid) out["kid"] = kid(reference, set);
  if (metrics.fid) out["fid"] = fid(reference, set);
  if (metrics.prdc) {
    const Prdc found = prdc(reference, set);
    out.update(Json{{"precision", found.precision},
                    {"recall", found.recall},
                    {"density", found.density},
                    {"coverage", found.coverage}});
  }
  return out;
}

Json closeness_json(const Closeness& found, const std::vector<std::string>& ids) {
  Json nearest = Json::array();
  for (const auto& [index, distance] : found.nearest)
    nearest.push_back({ids.empty() ? Json(index) : Json(ids[index]), distance});
  return {{"authentic", found.authentic},
          {"authentic_real", found.authentic_real},
          {"share", found.share},
          {"bound", found.bound},
          {"threshold", found.threshold},
          {"threshold_of", found.held_out ? "held-out" : "train"},
          {"drops", found.drops},
          {"nearest", std::move(nearest)}};
}

}  // namespace

GanMetrics parse_gan_metrics(const std::string& names) {
  GanMetrics metrics{false, false, false};
  const std::vector<std::pair<std::string, bool*>> known{{"swd", &metrics.swd},
                                                         {"msssim", &metrics.msssim},
                                                         {"kid", &metrics.kid},
                                                         {"fid", &metrics.fid},
                                                         {"prdc", &metrics.prdc},
                                                         {"memorisation", &metrics.memorisation}};
  for (const auto& part : split_text(names, ',')) {
    const std::string name = trim(part);
    const auto found = std::find_if(
        known.begin(), known.end(), [&](const auto& entry) { return entry.first == name; });
    if (found == known.end()) {
      std::vector<std::string> all;
      for (const auto& entry : known) all.push_back(entry.first);
      throw Error(Exit::usage, unknown_name("metric", name, all));
    }
    *found->second = true;
  }
  return metrics;
}

RealImages real_images(const Store& store,
                       const std::string& class_name,
                       const std::string& where) {
  const auto rows = [&](const std::string& part) {
    return Where::parse(where).filter(
        store.info(), store.part(part), real_rows(store, part, class_name));
  };
  RealImages out;
  for (const int64_t row : rows("train")) {
    out.images.push_back(store.image("train", row));
    out.groups.push_back(store.part("train").groups[static_cast<size_t>(row)]);
    out.ids.push_back(store.part("train").ids[static_cast<size_t>(row)]);
  }
  check(!out.images.empty(),
        Exit::bad_data,
        cat(store.path().string(),
            ": there are no real training images",
            class_name.empty() ? "" : " of class " + class_name,
            where.empty() ? "" : " where " + where));
  for (const int64_t row : rows("val")) {
    out.held_out.push_back(store.image("val", row));
    out.held_out_groups.push_back(store.part("val").groups[static_cast<size_t>(row)]);
  }
  return out;
}

Json evaluate_gan(const std::vector<cv::Mat>& fake,
                  const RealImages& real,
                  const GanMetrics& metrics,
                  uint64_t seed,
                  const Features* features) {
  assert(features || !metrics.needs_features());
  check_sets(fake, real);
  const Rng rng(seed);
  Json out{
      {"schema", "evenray-gan-eval-1"}, {"n_fake", fake.size()}, {"n_real", real.images.size()}};

  // Few images bias SWD and FID upwards. All distances and the floor therefore use the same n.
  auto [reference, others] = halves(real.images.size(), real.groups, rng.fork("real"));
  check(!others.empty() || (!metrics.swd && !metrics.needs_features()),
        Exit::bad_data,
        cat("all real images are of group '",
            real.groups.empty() ? "" : real.groups[0],
            "': the floor of SWD, KID, FID and prdc requires images of at least two groups"));
  const size_t n = std::min({fake.size(), reference.size(), others.size(), kMostImages});
  reference.resize(n);
  others.resize(n);
  const Rows drawn = pick(fake.size(), n, rng.fork("fake"));
  if (metrics.swd) {
    const auto noise = shuffled(real.images, others, rng.fork("noise"));
    const auto found = swd_to(
        pixels_of(real.images, reference),
        {pixels_of(fake, drawn), pixels_of(real.images, others), pixels_of(noise, all_rows(n))},
        {},
        rng.fork("swd"));
    out["swd"] = swd_json(found[0]);
    out["swd"]["n"] = n;
    out["swd"]["floor"] = {{"mean", found[1].mean}, {"n", n}};
    out["swd"]["noise"] = {{"mean", found[2].mean}, {"n", n}};
  }
  throw_if_stopped();
  if (metrics.msssim) {
    const Rows some = pick(real.images.size(), kPairedImages, rng.fork("real"));
    std::vector<std::string> groups;
    if (!real.groups.empty())
      for (const size_t row : some) groups.push_back(real.groups[row]);
    const auto fakes = pixels_of(fake, pick(fake.size(), kPairedImages, rng.fork("fake")));
    out["msssim"] = {
        {"fake", diversity_ms_ssim(fakes, kPairs, rng)},
        {"real", diversity_ms_ssim(pixels_of(real.images, some), kPairs, rng, groups)}};
  }
  throw_if_stopped();
  torch::Tensor fake_features, real_features;
  if (features) {
    fake_features = features->of(fake).to(torch::kDouble);
    real_features = features->of(real.images).to(torch::kDouble);
    out["extractor"] = {{"name", features->name()},
                        {"digest", features->digest()},
                        {"dimension", fake_features.size(1)}};
  }
  if (metrics.needs_features()) {
    const size_t least = metrics.prdc ? 6 : 2;
    check(n >= least,
          Exit::bad_data,
          cat("the feature metrics require at least ",
              least,
              " images of each kind, but n = ",
              n,
              ": the number of drawn images, at most the smaller half of the real images (divided "
              "by group)"));
    const auto expected = rows_of(real_features, reference);
    out.update(feature_json(expected, rows_of(fake_features, drawn), metrics));
    out["floor"] = {{"n", n}};
    out["floor"].update(feature_json(expected, rows_of(real_features, others), metrics));
  }
  throw_if_stopped();
  if (metrics.memorisation) {
    const Memorisation found = MemorisationGauge(real).evaluate(fake);
    Json& memorisation = out["memorisation"] = {{"nearest_ratio", found.nearest_ratio},
                                                {"nearest_ratio_real", found.nearest_ratio_real},
                                                {"flagged", found.flagged}};
    memorisation.update(closeness_json(found.closeness, real.ids));
    if (features) {
      const auto held_out = real.held_out.empty() ? torch::Tensor() : features->of(real.held_out);
      memorisation["features"] = closeness_json(
          feature_closeness(fake_features, real_features, real.groups, held_out), real.ids);
    }
  }
  return out;
}

}  // namespace evenray
