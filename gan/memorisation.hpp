// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <torch/types.h>

#include <string>
#include <vector>

#include "augment/thumbnails.hpp"
#include "gan/gan.hpp"

namespace evenray {

/// Drawn images that lie nearer to a training image than images of patients whom training never saw
/// do: below the 5 % quantile of these. They are the held-out images where there are 20 of them, as
/// one in 20 is the least that tells a quantile, else the training images, each against those of
/// other groups (of its own too where all are of one).
struct Closeness {
  double threshold = 0;   ///< that quantile, a distance
  bool held_out = false;  ///< whether it is that of held-out images
  double share = 0;       ///< of the drawn images below it; 5 % where they lie as held-out ones do
  double bound = 0;  ///< the largest share that so many images that lie as those do reach with a
                     ///< probability of 5 % (one-sided, beta-binomial: the threshold is a quantile
                     ///< of few distances itself): a greater one is more than chance
  std::vector<size_t> drops{};  ///< the images below it, by number, rising
  double authentic = 0;       ///< share whose nearest training image is nearer to another training
                              ///< image (Alaa et al. 2022)
  double authentic_real = 0;  ///< the same of the images that the threshold is of: what to expect
  struct Nearest {
    size_t index;
    double distance;
  };
  std::vector<Nearest> nearest{};  ///< of each drawn image its nearest training image
};

/// How close drawn images come to the training images, in pixels: distances are those of images of
/// zero mean and unit norm (the square root of 2 - 2 correlation), one of the two mirrored where
/// that is nearer.
struct Memorisation {
  double nearest_ratio = 0;       ///< median distance to the nearest training image over the same
                                  ///< between training images; near 1: as far as they
  double nearest_ratio_real = 0;  ///< the same of the images that the threshold is of
  int64_t flagged = 0;            ///< near duplicates of a training image
  Closeness closeness;            ///< its drops with the near duplicates
};

/// Knows the training images and judges drawn ones against them, as often as wanted: what it takes
/// to know them grows with their square, judging with the product of both numbers.
class MemorisationGauge {
 public:
  /// Images of one size, two of training or more; throws 65 otherwise.
  explicit MemorisationGauge(const RealImages& real);
  /// Throws 65 for images of another size, or none.
  Memorisation judge(const std::vector<cv::Mat>& fake) const;
  /// Of each image to its nearest training image.
  std::vector<double> distances(const std::vector<cv::Mat>& images) const;
  double threshold() const { return threshold_; }

 private:
  std::vector<Neighbour> nearest(const std::vector<cv::Mat>& images) const;

  cv::Size size_;
  Thumbnails form_;
  std::vector<float> training_;         ///< thumbnails, one after another
  std::vector<Neighbour> among_train_;  ///< of each training image the nearest other one
  double among_ = 0;                    ///< median distance of these
  bool held_out_ = false;
  /// Of the images whose distances the threshold is the quantile of: their number, the median of
  /// these distances, and the share of the authentic.
  size_t known_ = 0;
  double threshold_ = 0, unseen_ = 0, authentic_real_ = 0;
};

/// The same in a feature space (Euclidean, mirrors not looked for): [N,D] of drawn, training (two
/// or more, with their groups) and held-out images.
Closeness feature_closeness(const torch::Tensor& fake,
                            const torch::Tensor& train,
                            const std::vector<std::string>& groups,
                            const torch::Tensor& held_out);

}  // namespace evenray
