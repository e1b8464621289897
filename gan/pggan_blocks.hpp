// SPDX-License-Identifier: Apache-2.0
#pragma once
// Layers of the progressive GAN (Karras et al. 2018, sections 3 and 4).
#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>

#include "gan/growth.hpp"

namespace evenray {

/// A convolution with padding kernel / 2 and equalised learning rate (section 4.1): weights are
/// drawn from N(0,1) and multiplied by gain / sqrt(fan-in) in each forward pass. The bias starts at
/// 0 and is not scaled.
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

/// A linear layer with equalised learning rate. `bias_length`: number of biases; each is shared by
/// out / bias_length consecutive outputs, for example by the pixels of a channel.
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

/// Divides each pixel's vector over the channels (dimension 1) by its root mean square. 1e-8 is
/// added to the mean square (section 4.2).
torch::Tensor pixel_norm(const torch::Tensor& x);

/// [N,C,H,W] -> [N,C+1,H,W]: appends a map with the standard deviation over each group of images
/// (of the population, 1e-8 added to the variance), averaged over channels and pixels (section 3).
/// Groups are strided: of N images in groups of G, image i is in group i mod (N / G). If `group` is
/// 0 or larger than N, all images are one group. Throws 78 if N is not a multiple of the group.
torch::Tensor minibatch_stddev(const torch::Tensor& x, int64_t group);

/// Doubles the sides by repeating pixels.
torch::Tensor twice(const torch::Tensor& x);
/// Halves the sides by averaging 2x2 pixels.
torch::Tensor half(const torch::Tensor& x);

/// Returns real images [N,1,H,W] of the last of `doublings` levels as a growing discriminator needs
/// them: shrunk to the growth's level by averaging square blocks, and, during a fade, mixed with
/// the level below in the same way as drawn images.
torch::Tensor at_growth(const torch::Tensor& images, int doublings, const Growth& growth);

/// Returns the images enlarged to the height `height` by repeating pixels.
torch::Tensor enlarged(const torch::Tensor& images, int64_t height);

}  // namespace evenray
