// SPDX-License-Identifier: Apache-2.0
#pragma once
// Layers of the progressive GAN (Karras et al. 2018, section 3 and 4).
#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>

#include "gan/growth.hpp"

namespace evenray {

/// A convolution, padding kernel / 2, with equalised learning rate (section 4.1): weights drawn
/// from N(0,1) and multiplied by gain / sqrt(fan in) where they are used; the bias starts at 0 and
/// is not multiplied.
class EqualizedConv2dImpl : public torch::nn::Module {
 public:
  EqualizedConv2dImpl(int64_t in, int64_t out, int64_t kernel, double gain);
  torch::Tensor forward(const torch::Tensor& x);

 private:
  torch::Tensor weight_, bias_;
  double scale_;
  int64_t padding_;
};
TORCH_MODULE(EqualizedConv2d);

/// The same for a matrix. `bias_length`: outputs share a bias in runs of out / bias_length, as the
/// pixels of a channel do.
class EqualizedLinearImpl : public torch::nn::Module {
 public:
  EqualizedLinearImpl(int64_t in, int64_t out, double gain, int64_t bias_length);
  EqualizedLinearImpl(int64_t in, int64_t out, double gain)
      : EqualizedLinearImpl(in, out, gain, out) {}
  torch::Tensor forward(const torch::Tensor& x);

 private:
  torch::Tensor weight_, bias_;
  double scale_;
};
TORCH_MODULE(EqualizedLinear);

/// Divides each pixel's vector over the channels (dimension 1) by its root mean square; 1e-8 is
/// added below the root (section 4.2).
torch::Tensor pixel_norm(const torch::Tensor& x);

/// [N,C,H,W] -> [N,C+1,H,W]: the standard deviation (of the population, 1e-8 below the root) over
/// each group of images, averaged over channels and pixels, as one more map (section 3). Groups are
/// strided: of N images in groups of G, image i is in group i mod (N / G). group 0, or N smaller
/// than the group: all of them are one. Throws 78 where N is no multiple of the group.
torch::Tensor minibatch_stddev(const torch::Tensor& x, int64_t group);

/// Nearest neighbour to twice the sides; mean of 2x2 pixels to half of them.
torch::Tensor twice(const torch::Tensor& x);
torch::Tensor half(const torch::Tensor& x);

/// What a growing discriminator is shown of real images [N,1,H,W] of the last of `doublings`
/// levels: shrunk by means of squares to the growth's level, and while that fades in mixed with the
/// level below as drawn images are.
torch::Tensor at_growth(const torch::Tensor& images, int doublings, const Growth& growth);

/// The way back: each pixel repeated until the images are `height` high.
torch::Tensor enlarged(const torch::Tensor& images, int64_t height);

}  // namespace evenray
