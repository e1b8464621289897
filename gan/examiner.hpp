// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cmath>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gan/gan.hpp"
#include "gan/halves.hpp"
#include "gan/memorisation.hpp"
#include "gan/quality.hpp"

namespace evenray {

/// What an evaluation in the course of a training finds.
struct Examination {
  double swd = 0, floor = 0;           ///< at the same number of images
  double msssim = 0, msssim_real = 0;  ///< this and the floor: NaN where no floor is taken
  Closeness closeness;
  /// Whether it may be kept as best: chosen by training images, a generator that draws them again
  /// would be.
  bool original = true;
};

/// Judges a generator in the course of its training, as evaluate_gan() does but quicker: SWD with
/// fewer patches, MS-SSIM with fewer pairs, memorisation by 4,096 training images at the most.
class Examiner {
 public:
  /// Against the training images, or from 300 of `validation` on against these, at most
  /// `eval_images` at a time: half of them, the other half for the floor, no group in both; or all
  /// and no floor where the smaller half has fewer than 8. Throws 65 for fewer than 2 training
  /// images.
  Examiner(const RealImages& train,
           const RealImages& validation,
           int64_t eval_images,
           const Rng& rng);

  /// images() drawn ones, of the real ones' size and depth.
  Examination examine(const std::vector<cv::Mat>& drawn) const;

  int64_t images() const { return count_; }
  bool by_validation() const { return by_validation_; }

 private:
  Rng rng_;
  bool by_validation_;
  int64_t count_;
  std::unique_ptr<SwdSet> reference_;
  std::unique_ptr<MemorisationGauge> gauge_;
  double floor_ = NAN, msssim_real_ = NAN;
};

/// An evaluated checkpoint, and what tells which one of a training is its best.
struct Candidate {
  int64_t step = 0;       ///< 0: none yet
  bool labelled = false;  ///< of a training with labels: they counted in full
  bool grown = false;     ///< it draws images of the full size
  bool original = false;  ///< Examination::original
  double swd = INFINITY;
  std::vector<std::string> leaks;  ///< measures in which the augmentation shows

  /// Labels come first, then the full size, then originality, the lower SWD last.
  bool better_than(const Candidate& other) const;
};

/// Tells when a training has come to its end early: three evaluations in a row found samples less
/// diverse than real ones (MS-SSIM above theirs by more than .1), or a saturated discriminator (it
/// rated real above drawn in more than 99.5 % of pairs), or memorisation (more drawn images near
/// training images than chance brings).
class CollapseWatch {
 public:
  /// `separation`: mean sign of D(real) - D(drawn) since the evaluation before. Gives the reason to
  /// stop.
  std::optional<std::string> see(const Examination& found, double separation);
  /// In a row, by reason: all of its state.
  std::array<int64_t, 3> counts{};
};

}  // namespace evenray
