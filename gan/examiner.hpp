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

/// The result of an evaluation during a training.
struct Examination {
  double swd = 0, floor = 0;           ///< both with the same number of images; floor may be NaN
  double msssim = 0, msssim_real = 0;  ///< msssim_real is NaN if the floor is
  Closeness closeness;
  /// False if it reproduces training images and is compared with training images: the SWD to these
  /// would then be low although nothing new is drawn.
  bool original = true;
};

/// Evaluates a generator during its training like evaluate_gan(), but faster: SWD with fewer
/// patches, MS-SSIM with fewer pairs, memorisation against at most 4,096 training images.
class Examiner {
 public:
  /// Compares with `validation` if it has at least 300 images, otherwise with the training images.
  /// These are divided into two halves with no group in both, one to compare with and one for the
  /// floor, each of at most `eval_images` images. If the smaller half has fewer than 8 images, the
  /// images are not divided (at most `eval_images` of them are used) and there is no floor. Throws
  /// 65 for fewer than 2 training images.
  Examiner(const RealImages& train,
           const RealImages& validation,
           int64_t eval_images,
           const Rng& rng);

  /// Evaluates images() drawn images of the real images' size and depth.
  Examination examine(const std::vector<cv::Mat>& drawn) const;

  /// The number of images in an evaluation.
  int64_t images() const { return count_; }
  /// Whether drawn images are compared with validation images; else with training images.
  bool by_validation() const { return by_validation_; }

 private:
  Rng rng_;
  bool by_validation_;
  int64_t count_;
  std::unique_ptr<SwdSet> reference_;
  std::unique_ptr<MemorisationGauge> gauge_;
  double floor_ = NAN, msssim_real_ = NAN;
};

/// An evaluated checkpoint, with the criteria that decide which checkpoint of a training is best.
struct Candidate {
  int64_t step = 0;       ///< 0: none yet
  bool labelled = false;  ///< labels had their full weight, or there are none
  bool grown = false;     ///< it draws images of the full size
  bool original = false;  ///< Examination::original
  double swd = INFINITY;
  std::vector<std::string> leaks;  ///< measures in which the augmentation shows

  /// Compares `labelled`, then `grown`, then `original`, and the SWD last (lower is better).
  bool better_than(const Candidate& other) const;
};

/// Detects that a training has collapsed: in three consecutive evaluations the samples were less
/// diverse than real ones (MS-SSIM higher by more than .1), or the discriminator was saturated (it
/// rated real above drawn in more than 99.5 % of pairs), or training images were memorised (more
/// drawn images are near training images than chance explains).
class CollapseWatch {
 public:
  /// Adds an evaluation and returns the reason to stop, if there is one. `separation`: mean sign of
  /// D(real) - D(drawn) since the previous evaluation.
  std::optional<std::string> see(const Examination& found, double separation);
  /// The whole state: number of consecutive evaluations in which each reason held.
  std::array<int64_t, 3> counts{};
};

}  // namespace evenray
