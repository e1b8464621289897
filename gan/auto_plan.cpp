// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "dataset/where.hpp"
#include "gan/gan.hpp"

namespace evenray {
namespace {

/// Below so many images a generator begins with the networks of a larger class, from so many on
/// the strength of augmentation is adapted, above so many there is none: it can do harm (Zhao et
/// al. 2020, table 2; Karras et al. 2020, section 4).
constexpr int64_t kTransferBelow = 300, kAdaFrom = 5000, kPlainFrom = 30000;

}  // namespace

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
  out.gpu = make_compute(runtime).device.is_cuda();
  return out;
}

GanOptions plan_gan_options(const GanOptions& given, const GanSituation& situation) {
  GanOptions plan;
  plan.family = given.family;
  plan.preset = "small";
  plan.apply_preset();
  plan.preset = kAutoPreset;
  const auto images = static_cast<double>(situation.images);
  if (situation.gpu) {
    plan.minibatch = 32;
    plan.fmap_base = 4096;
    plan.fmap_max = 256;
    plan.total_kimg = std::clamp(images, 300., 1000.);
  } else {
    plan.total_kimg = std::clamp(.2 * images, 40., 100.);
  }
  if (situation.images >= kPlainFrom) {
    plan.augment = "none";
  } else if (situation.images >= kAdaFrom) {
    plan.augment = "ada";
  }
  if (situation.images < kTransferBelow && situation.largest_other >= kTransferBelow) {
    plan.transfer = "majority";
    plan.freeze_d = 2;
    plan.parent_kimg = plan.total_kimg;
    plan.total_kimg /= 2;
  }
  return plan;
}

}  // namespace evenray
