// SPDX-License-Identifier: Apache-2.0
#include "gan/examiner.hpp"

#include <torch/types.h>

#include <limits>
#include <numeric>
#include <tuple>

namespace evenray {
namespace {

constexpr SwdOptions kSwd{64, 1, 128};
constexpr int64_t kExaminedPairs = 256;
constexpr size_t kMostKnown = 4096;
/// Smallest number of validation images of the class that checkpoints are chosen by.
constexpr size_t kEnoughValidation = 300;
/// Smallest number of images in each half for a floor: the distance between smaller sets is no
/// evidence about their distribution.
constexpr size_t kFewestOfHalf = 8;

/// Limits on MS-SSIM above that of real images and on the mean sign of D(real) - D(drawn).
constexpr double kLessDiverse = .1, kSaturated = .99;
/// Consecutive evaluations that must agree.
constexpr int64_t kPatience = 3;

/// Returns at most `most` of the images, chosen in a seeded order.
RealImages first_images(const RealImages& real, size_t most, const Rng& rng) {
  if (real.images.size() <= most) return real;
  Rows order = all_rows(real.images.size());
  Rng stream = rng.fork("order");
  stream.shuffle(order);
  RealImages out{{}, {}, real.held_out};
  for (size_t i = 0; i < most; ++i) {
    out.images.push_back(real.images[order[i]]);
    if (!real.groups.empty()) out.groups.push_back(real.groups[order[i]]);
  }
  return out;
}

}  // namespace

Examiner::Examiner(const RealImages& train,
                   const RealImages& validation,
                   int64_t eval_images,
                   const Rng& rng)
    : rng_(rng),
      by_validation_(validation.images.size() >= kEnoughValidation),
      gauge_(
          std::make_unique<MemorisationGauge>(first_images(train, kMostKnown, rng.fork("known")))) {
  const RealImages& real = by_validation_ ? validation : train;
  auto [reference, others] = halves(real.images.size(), real.groups, rng.fork("halves"));
  const size_t smaller = std::min(reference.size(), others.size());
  const bool has_floor = smaller >= kFewestOfHalf;
  if (!has_floor) reference = all_rows(real.images.size());
  const size_t n =
      std::min(static_cast<size_t>(eval_images), has_floor ? smaller : reference.size());
  reference.resize(n);
  others.resize(has_floor ? n : 0);
  count_ = static_cast<int64_t>(n);
  const auto shown = pixels_of(real.images, reference);
  reference_ = std::make_unique<SwdSet>(shown, kSwd, rng.fork("swd"));
  if (!has_floor) return;
  floor_ = reference_->distance(SwdSet(pixels_of(real.images, others), kSwd, rng.fork("swd"))).mean;
  // MS-SSIM needs pairs of images of different groups. Both halves together have two groups at
  // least; one half may have only one.
  Rows both = reference;
  both.insert(both.end(), others.begin(), others.end());
  std::vector<std::string> groups;
  if (!real.groups.empty())
    for (const size_t row : both) groups.push_back(real.groups[row]);
  msssim_real_ =
      diversity_ms_ssim(pixels_of(real.images, both), kExaminedPairs, rng.fork("pairs"), groups);
}

Examination Examiner::examine(const std::vector<cv::Mat>& drawn) const {
  Examination out;
  const auto shown = pixels_of(drawn, all_rows(drawn.size()));
  out.swd = reference_->distance(SwdSet(shown, kSwd, rng_.fork("swd"))).mean;
  out.floor = floor_;
  out.msssim = drawn.size() > 1 ? diversity_ms_ssim(shown, kExaminedPairs, rng_.fork("pairs"))
                                : std::numeric_limits<double>::quiet_NaN();
  out.msssim_real = msssim_real_;
  out.closeness = gauge_->evaluate(drawn).closeness;
  out.original = by_validation_ || out.closeness.share <= out.closeness.bound;
  return out;
}

bool Candidate::better_than(const Candidate& other) const {
  return std::tuple(!labelled, !grown, !original, swd) <
         std::tuple(!other.labelled, !other.grown, !other.original, other.swd);
}

std::optional<std::string> CollapseWatch::see(const Examination& found, double separation) {
  const std::array<bool, 3> seen{found.msssim > found.msssim_real + kLessDiverse,
                                 separation > kSaturated,
                                 found.closeness.share > found.closeness.bound};
  constexpr std::array reasons{"drawn images are less diverse than real ones",
                               "the discriminator is saturated",
                               "training images are drawn again"};
  std::optional<std::string> reason;
  for (size_t i = 0; i < seen.size(); ++i) {
    counts[i] = seen[i] ? counts[i] + 1 : 0;
    if (counts[i] >= kPatience && !reason) reason = reasons[i];
  }
  return reason;
}

}  // namespace evenray
