// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <torch/types.h>

#include <string>
#include <vector>

#include "augment/thumbnails.hpp"
#include "gan/gan.hpp"

namespace evenray {

/// The distances of drawn images to their nearest training images, compared with those of unseen
/// images, which are images of patients that training did not use. A drawn image is too close if
/// its distance is below the 5 % quantile of theirs. The unseen images are the held-out images if
/// there are at least 20, the fewest that define a 5 % quantile; otherwise they are the training
/// images, each compared with those of other groups (with all others if there is one group only).
struct Closeness {
  double threshold = 0;   ///< the 5 % quantile, a distance
  bool held_out = false;  ///< whether the unseen images are held-out images
  double share = 0;       ///< share of drawn images below the threshold; 5 % is expected by chance
  /// The largest share that as many unseen images reach or exceed with a probability of 5 %
  /// (one-sided). A larger share is significant. Beta-binomial, because the threshold itself is
  /// estimated from a limited number of distances.
  double bound = 0;
  std::vector<size_t> drops{};  ///< indices of the drawn images below the threshold, ascending
  /// Share of drawn images whose nearest training image is nearer to another training image than to
  /// the drawn one (Alaa et al. 2022).
  double authentic = 0;
  double authentic_real = 0;  ///< the same for the unseen images: the expected value
  struct Nearest {
    size_t index;
    double distance;
  };
  std::vector<Nearest> nearest{};  ///< the nearest training image of each drawn image
};

/// Similarity of drawn images and training images in pixel space. Distances are between thumbnails
/// of zero mean and unit norm, sqrt(2 - 2 * correlation); one of the two is mirrored if that is
/// nearer.
struct Memorisation {
  double nearest_ratio = 0;       ///< median distance to the nearest training image, divided by the
                                  ///< median between training images; below 1: nearer than these
  double nearest_ratio_real = 0;  ///< the same for the unseen images
  int64_t flagged = 0;            ///< near duplicates of a training image
  Closeness closeness;            ///< its drops include the near duplicates
};

/// Compares any number of sets of drawn images with one set of training images. The time of the
/// constructor grows with the square of the number of training images, that of evaluate() with the
/// product of both numbers.
class MemorisationGauge {
 public:
  /// Throws 65 for images of different sizes or fewer than two training images.
  explicit MemorisationGauge(const RealImages& real);
  /// Throws 65 for images of another size, or none.
  Memorisation evaluate(const std::vector<cv::Mat>& fake) const;
  /// Returns the distance of each image to its nearest training image.
  std::vector<double> distances(const std::vector<cv::Mat>& images) const;
  double threshold() const { return threshold_; }

 private:
  std::vector<Neighbour> nearest(const std::vector<cv::Mat>& images) const;

  cv::Size size_;
  Thumbnails form_;
  std::vector<float> training_;         ///< thumbnails, one after another
  std::vector<Neighbour> among_train_;  ///< the nearest other training image of each
  double among_ = 0;                    ///< median distance of among_train_
  bool held_out_ = false;
  /// Of the unseen images: their number, the 5 % quantile and the median of their distances, and
  /// their authentic share.
  size_t known_ = 0;
  double threshold_ = 0, unseen_ = 0, authentic_real_ = 0;
};

/// Returns the closeness in a feature space, with Euclidean distances and without mirroring, of
/// features [N,D] of drawn, training (at least two, with their groups) and held-out images. Throws
/// 65 for fewer images.
Closeness feature_closeness(const torch::Tensor& fake,
                            const torch::Tensor& train,
                            const std::vector<std::string>& groups,
                            const torch::Tensor& held_out);

}  // namespace evenray
