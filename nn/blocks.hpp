// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <torch/nn/module.h>
#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/container/sequential.h>
#include <torch/nn/modules/conv.h>

#include <memory>

namespace evenray {

/// Returns a k x k convolution without bias, with padding (k - 1) / 2 (k = `kernel`).
torch::nn::Conv2d conv(int64_t in, int64_t out, int64_t kernel, int64_t stride = 1);

/// Initialises all convolutions with Kaiming-normal weights (fan out, ReLU), like torchvision's
/// residual networks.
void kaiming_init(torch::nn::Module& module);

/// Converts 4-d parameters to the channels_last layout. (contiguous(ChannelsLast) would return a
/// weight with one channel unchanged, in the slow layout.)
void to_channels_last(torch::nn::Module& module);

/// Disables requires_grad of all parameters. The destructor enables it again for the parameters
/// that had it.
class FreezeGuard {
 public:
  explicit FreezeGuard(torch::nn::Module& module);
  ~FreezeGuard();
  FreezeGuard(const FreezeGuard&) = delete;
  FreezeGuard& operator=(const FreezeGuard&) = delete;

 private:
  std::vector<torch::Tensor> frozen_;
};

/// Sets a module to eval mode during its lifetime; the destructor restores the previous mode.
class EvalGuard {
 public:
  explicit EvalGuard(torch::nn::Module& module);
  ~EvalGuard();
  EvalGuard(const EvalGuard&) = delete;
  EvalGuard& operator=(const EvalGuard&) = delete;

 private:
  torch::nn::Module& module_;
  bool was_training_;
};

/// A convolution whose weight is divided by an estimate of its largest singular value, which is
/// updated by one power iteration per forward pass in training mode (Miyato et al. 2018, algorithm
/// 1). Computed in fp32 even under autocast. The vector u is a buffer, so checkpoints include it.
class SpectralConv2dImpl : public torch::nn::Module {
 public:
  SpectralConv2dImpl(int64_t in,
                     int64_t out,
                     std::vector<int64_t> kernel,
                     int64_t stride,
                     int64_t padding,
                     bool bias);
  torch::Tensor forward(const torch::Tensor& x);
  /// Returns the weight divided by the singular value; updates u in training mode.
  torch::Tensor normalised_weight();

 private:
  torch::Tensor weight_, bias_, u_;
  int64_t stride_, padding_;
};
using SpectralConv2d = torch::nn::ModuleHolder<SpectralConv2dImpl>;

/// Two 3x3 convolutions with batch norm and a shortcut (He et al. 2016, basic block); keys conv1,
/// bn1, conv2, bn2, downsample.{0,1}.
class BasicBlockImpl : public torch::nn::Module {
 public:
  BasicBlockImpl(int64_t in, int64_t out, int64_t stride);
  torch::Tensor forward(const torch::Tensor& x);

 private:
  torch::nn::Conv2d conv1_;
  torch::nn::BatchNorm2d bn1_;
  torch::nn::Conv2d conv2_;
  torch::nn::BatchNorm2d bn2_;
  torch::nn::Sequential downsample_{nullptr};
};
using BasicBlock = torch::nn::ModuleHolder<BasicBlockImpl>;

/// 1x1, 3x3 (with the stride) and 1x1 convolutions with batch norm and a shortcut (He et al. 2016,
/// bottleneck block); keys conv1, bn1, conv2, bn2, conv3, bn3, downsample.{0,1}.
class BottleneckImpl : public torch::nn::Module {
 public:
  BottleneckImpl(int64_t in, int64_t width, int64_t out, int64_t stride);
  torch::Tensor forward(const torch::Tensor& x);

 private:
  torch::nn::Conv2d conv1_;
  torch::nn::BatchNorm2d bn1_;
  torch::nn::Conv2d conv2_;
  torch::nn::BatchNorm2d bn2_;
  torch::nn::Conv2d conv3_;
  torch::nn::BatchNorm2d bn3_;
  torch::nn::Sequential downsample_{nullptr};
};
using Bottleneck = torch::nn::ModuleHolder<BottleneckImpl>;

}  // namespace evenray
