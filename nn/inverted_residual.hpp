// SPDX-License-Identifier: Apache-2.0
#pragma once
// The layers of EfficientNet and of MobileNet V2 and V3, with timm's names. Internal to nn.
#include <torch/nn/module.h>
#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/pimpl.h>

#include <utility>

namespace evenray {

enum class Activation { relu, relu6, silu, hard_swish };

/// Returns the activation of x, which may be overwritten.
torch::Tensor activate(torch::Tensor x, Activation kind);

/// Returns a batch norm, with TensorFlow's epsilon (.001) or PyTorch's (1e-5).
torch::nn::BatchNorm2d batch_norm(int64_t channels, bool tensorflow);

/// A convolution without bias whose output has ceil(size / stride) positions.
class SameConvImpl final : public torch::nn::Module {
 public:
  /// `tensorflow`: pads as little as needed, and an odd pixel after the image.
  SameConvImpl(
      int64_t in, int64_t out, int64_t kernel, int64_t stride, int64_t groups, bool tensorflow);
  torch::Tensor forward(const torch::Tensor& x) { return convolved(x, weight_, {}); }
  /// Returns the batch norm of the output. Outside training mode the norm is multiplied into the
  /// weight, which saves a pass over the map; gradients are the same.
  torch::Tensor normalised(const torch::Tensor& x, torch::nn::BatchNorm2d& norm);

 private:
  torch::Tensor convolved(const torch::Tensor& x,
                          const torch::Tensor& weight,
                          const torch::Tensor& bias) const;
  std::pair<int64_t, int64_t> padding(int64_t size) const;

  torch::Tensor weight_;
  int64_t stride_, groups_;
  bool tensorflow_;
};
using SameConv = torch::nn::ModuleHolder<SameConvImpl>;

/// A 1x1 convolution with bias of maps that were averaged over space: [B,in] -> [B,out].
class PooledConvImpl final : public torch::nn::Module {
 public:
  PooledConvImpl(int64_t in, int64_t out);
  torch::Tensor forward(const torch::Tensor& x);

 private:
  torch::Tensor weight_, bias_;
};
using PooledConv = torch::nn::ModuleHolder<PooledConvImpl>;

/// Scales each channel by a number from 0 to 1, which follows from the means of all channels (Hu et
/// al. 2018). `hard`: with ReLU and hard sigmoid, as in MobileNetV3; else with SiLU and sigmoid, as
/// in EfficientNet. Keys conv_reduce, conv_expand.
class SqueezeExcitationImpl final : public torch::nn::Module {
 public:
  SqueezeExcitationImpl(int64_t channels, int64_t reduced, bool hard);
  torch::Tensor forward(const torch::Tensor& x);

 private:
  PooledConv reduce_, expand_;
  bool hard_;
};
using SqueezeExcitation = torch::nn::ModuleHolder<SqueezeExcitationImpl>;

struct InvertedResidualOptions {
  int64_t in = 0, wide = 0, out = 0;  ///< channels; without an expansion, wide equals in
  int64_t kernel = 3, stride = 1;
  bool expands = true;
  Activation activation = Activation::relu6;
  int64_t reduced = 0;      ///< channels inside the squeeze-and-excitation; 0: there is none
  bool hard_gate = false;   ///< of the squeeze-and-excitation
  bool tensorflow = false;  ///< padding and epsilon
};

/// Expansion (1x1), depthwise convolution, squeeze-and-excitation, projection (1x1) without
/// activation, and a shortcut if the shapes allow it (Sandler et al. 2018).
class InvertedResidualImpl final : public torch::nn::Module {
 public:
  explicit InvertedResidualImpl(const InvertedResidualOptions& options);
  torch::Tensor forward(const torch::Tensor& x);

 private:
  Activation activation_;
  bool shortcut_;
  SameConv expand_{nullptr}, depthwise_{nullptr}, project_{nullptr};
  torch::nn::BatchNorm2d expand_norm_{nullptr}, depthwise_norm_{nullptr}, project_norm_{nullptr};
  SqueezeExcitation squeeze_{nullptr};
};
using InvertedResidual = torch::nn::ModuleHolder<InvertedResidualImpl>;

}  // namespace evenray
