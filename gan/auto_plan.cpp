// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "dataset/where.hpp"
#include "gan/gan.hpp"
#include "gan/networks.hpp"

namespace evenray {
namespace {

/// Numbers of images: below kTransferBelow a generator starts from the networks of a larger class,
/// from kAdaFrom on the strength of the augmentation is adapted, from kPlainFrom on there is no
/// augmentation, since it can do harm (Zhao et al. 2020, table 2; Karras et al. 2020, section 4).
constexpr int64_t kTransferBelow = 300, kAdaFrom = 5000, kPlainFrom = 30000;
/// gan.pggan.fmap_base of Karras et al. 2018 for 1024 px.
constexpr int64_t kPaperBase = 8192;

/// Length of the stages up to this size, divided by the length of those up to 64 px.
double more_stages(const GanOptions& plan, int short_side) {
  const auto length = [&](int side) {
    return plan.pggan.final_kimg + 2 * plan.pggan.stage_kimg * std::max(0., std::log2(side / 4.));
  };
  return length(std::max(64, short_side)) / length(64);
}

/// total_kimg of the preset `small`, and of `auto` on a CPU.
double small_kimg(const GanOptions& plan, const GanSituation& situation) {
  const double kimg = std::clamp(static_cast<double>(situation.images) / 5, 40., 100.);
  return family_grows(plan.family) ? kimg * more_stages(plan, situation.short_side) : kimg;
}

}  // namespace

bool depends_on_store(const GanOptions& options) {
  return options.preset == kAutoPreset ||
         (options.preset == "small" && family_grows(options.family));
}

GanSituation gan_situation(const Store& store,
                           const std::string& class_name,
                           const GanOptions& options,
                           const Runtime& runtime) {
  const auto count = [&](const std::string& name, const std::string& where) {
    const auto rows = real_rows(store, "train", name);
    return static_cast<int64_t>(
        Where::parse(where).filter(store.info(), store.part("train"), rows).size());
  };
  GanSituation out;
  out.images = count(class_name, options.where);
  if (!class_name.empty()) {
    for (const auto& name : store.info().class_names)
      if (name != class_name) out.largest_other = std::max(out.largest_other, count(name, ""));
    if (count(class_name, "") >= out.largest_other) out.largest_other = 0;
  }
  out.short_side = std::min(store.info().height, store.info().width);
  out.gpu = make_compute(runtime).device.is_cuda();
  return out;
}

GanOptions plan_gan_options(const GanOptions& given, const GanSituation& situation) {
  if (given.preset != kAutoPreset) {
    GanOptions plan = given;
    plan.total_kimg = small_kimg(given, situation);
    return plan;
  }
  GanOptions plan;
  plan.family = given.family;
  plan.preset = "small";
  plan.apply_preset();
  plan.preset = kAutoPreset;
  if (situation.gpu) {
    plan.minibatch = 32;
    plan.pggan.fmap_base = std::clamp<int64_t>(16 * situation.short_side, 4096, kPaperBase);
    plan.pggan.fmap_max = 256;
    plan.total_kimg = std::clamp(static_cast<double>(situation.images), 300., 1000.);
    if (family_grows(plan.family)) plan.total_kimg *= more_stages(plan, situation.short_side);
  } else {
    plan.pggan.fmap_base =
        std::clamp<int64_t>(8 * situation.short_side, plan.pggan.fmap_base, kPaperBase);
    plan.total_kimg = small_kimg(plan, situation);
  }
  if (situation.images >= kPlainFrom) {
    plan.augment = "none";
  } else if (situation.images >= kAdaFrom) {
    plan.augment = "ada";
  }
  if (situation.images < kTransferBelow && situation.largest_other >= kTransferBelow) {
    plan.transfer.from = "majority";
    plan.transfer.freeze_d = 2;
    plan.transfer.parent_kimg = plan.total_kimg;
    plan.total_kimg /= 2;
  }
  return plan;
}

}  // namespace evenray
