// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <torch/types.h>

#include <string>
#include <vector>

namespace evenray {

/// The losses that discriminator and generator minimise, as functions of logits [B]. Each returns a
/// scalar in f32, also for bf16 logits. If `paired`, the generator's loss needs the real logits.
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
/// Returns the loss of a name. Throws 78 for an unknown name.
const AdversarialLoss& loss_named(const std::string& name);

/// Returns the R1 penalty (Mescheder et al. 2018): the mean over the batch of
/// |d sum(logits) / d images|^2, without the factor gamma / 2. With fake images it is R2. Twice
/// differentiable.
torch::Tensor r1_penalty(const torch::Tensor& logits, const torch::Tensor& images);

/// Returns LeCam's regulariser (Tseng et al. 2021, equation 4) of f32 logits, without its weight:
/// the mean of relu(real - fake_anchor)^2 plus the mean of relu(real_anchor - fake)^2. The anchors
/// are moving averages of the logits.
torch::Tensor lecam_penalty(const torch::Tensor& real,
                            const torch::Tensor& fake,
                            const torch::Tensor& real_anchor,
                            const torch::Tensor& fake_anchor);

/// Returns wgan-gp's penalty, without its weight: the mean over the batch of
/// (|d sum(logits) / d images| - target)^2 / target^2, where `images` are interpolated between real
/// and fake ones (Gulrajani et al. 2017; the target as in Karras et al. 2018).
torch::Tensor gradient_penalty(const torch::Tensor& logits,
                               const torch::Tensor& images,
                               double target);

}  // namespace evenray
