// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <torch/types.h>

#include <string>
#include <vector>

namespace evenray {

/// What discriminator and generator minimise, of logits [B]; each gives a scalar in f32 also
/// where the logits are bf16. The generator's loss may look at the real logits too (`paired`).
struct AdversarialLoss {
  const char* name;
  torch::Tensor (*discriminator)(const torch::Tensor& real, const torch::Tensor& fake);
  torch::Tensor (*generator)(const torch::Tensor& real, const torch::Tensor& fake);
  bool paired = false;
};

/// bce (Goodfellow et al. 2014, non-saturating), hinge (Lim & Ye 2017), lsgan (Mao et al. 2017),
/// wgan-gp (Gulrajani et al. 2017, with the drift term of Karras et al. 2018, whose penalty is
/// gradient_penalty()), relativistic (Huang et al. 2024, R3GAN).
std::vector<std::string> loss_names();
/// Throws 78 for an unknown name.
const AdversarialLoss& loss_named(const std::string& name);

/// R1 (Mescheder et al. 2018): mean over the batch of |d sum(logits) / d images|^2, without the
/// factor gamma / 2; of fake images it is R2. Twice differentiable.
torch::Tensor r1_penalty(const torch::Tensor& logits, const torch::Tensor& images);

/// LeCam's regulariser (Tseng et al. 2021, equation 4) of f32 logits: the mean of
/// (relu(real - anchor of drawn))^2 plus that of (relu(anchor of real - drawn))^2, the anchors
/// being moving means of the logits. Without its factor.
torch::Tensor lecam_penalty(const torch::Tensor& real,
                            const torch::Tensor& fake,
                            const torch::Tensor& real_anchor,
                            const torch::Tensor& fake_anchor);

/// Mean over the batch of (|d sum(logits) / d images| - target)^2 / target^2, images between real
/// and fake ones (Gulrajani et al. 2017; the target as in Karras et al. 2018). Without its factor.
torch::Tensor gradient_penalty(const torch::Tensor& logits,
                               const torch::Tensor& images,
                               double target);

}  // namespace evenray
