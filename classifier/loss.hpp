// SPDX-License-Identifier: Apache-2.0
#pragma once
// The loss of a classifier. Internal to classifier.
#include <torch/types.h>

#include "classifier/examples.hpp"
#include "classifier/options.hpp"

namespace evenray {

/// The loss named by classify.loss, with the weights of classify.loss_weights. p is the softmax of
/// exclusive classes, or the sigmoid of each other class:
/// - cross-entropy: -log p, or binary cross entropy;
/// - focal: (1 - p)^gamma times that (Lin et al. 2017, equation 4);
/// - asymmetric: binary; for negatives p is first lowered by shift, and gamma_negative is their
///   exponent (Ridnik et al. 2021, equation 7, without an exponent for positives);
/// - logit-adjusted: cross entropy of the logits plus adjustment * log(share of the class), or
///   log(odds) (Menon et al. 2021, equation 10);
/// - ldam: exclusive; logits are cosines times `scale`, see ClassifierNet. The cosine of the true
///   class is lowered by a margin in proportion to n^-1/4 of its n rows, the largest of which is
///   `margin` (Cao et al. 2019, equation 13; the default scale is that of the authors' code).
class Loss {
 public:
  /// Takes counts from the training rows. Throws 65 for a loss that does not suit their labels.
  Loss(const Examples& examples, const ClassifyOptions& options);

  /// Returns the mean over the known labels of a minibatch: logits [B,C], labels [B,C] f32 (1 yes,
  /// 0 no, -1 unknown), weights [B] of the rows. `weighted`: with the weights of the classes.
  torch::Tensor operator()(const torch::Tensor& logits,
                           const torch::Tensor& labels,
                           const torch::Tensor& weights,
                           bool weighted) const;

 private:
  torch::Tensor exclusive(const torch::Tensor& logits,
                          const torch::Tensor& labels,
                          const torch::Tensor& class_weights) const;
  torch::Tensor binary(const torch::Tensor& logits,
                       const torch::Tensor& labels,
                       const torch::Tensor& class_weights) const;

  LossOptions options_;
  bool exclusive_;
  torch::Tensor class_weights_, plain_weights_;  ///< [C]
  torch::Tensor offset_;                         ///< [C], added to all logits
  torch::Tensor margin_;                         ///< [C], subtracted from the true class's logit
};

}  // namespace evenray
