// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <torch/nn/module.h>
#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/container/sequential.h>
#include <torch/nn/modules/conv.h>

#include <memory>

namespace evenray {

/// k x k convolution without bias, padding (k - 1) / 2.
torch::nn::Conv2d conv(int64_t in, int64_t out, int64_t kernel, int64_t stride = 1);

/// Kaiming-normal (fan out, ReLU) for all convolutions, as torchvision initialises its residual
/// networks.
void kaiming_init(torch::nn::Module& module);

/// Puts 4-d parameters into channels_last. A plain .contiguous() leaves weights with one channel in
/// the slow layout.
void to_channels_last(torch::nn::Module& module);

/// Turns requires_grad of all parameters off, and back on for those that had it when it goes.
class FreezeGuard {
 public:
  explicit FreezeGuard(torch::nn::Module& module);
  ~FreezeGuard();
  FreezeGuard(const FreezeGuard&) = delete;
  FreezeGuard& operator=(const FreezeGuard&) = delete;

 private:
  std::vector<torch::Tensor> frozen_;
};

/// train(false) for as long as it lives.
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

/// A convolution whose weight is divided by its largest singular value, found by one power
/// iteration a training forward (Miyato et al. 2018, algorithm 1), in fp32 also under autocast. The
/// vector u is a buffer.
class SpectralConv2dImpl : public torch::nn::Module {
 public:
  SpectralConv2dImpl(int64_t in,
                     int64_t out,
                     std::vector<int64_t> kernel,
                     int64_t stride,
                     int64_t padding,
                     bool bias);
  torch::Tensor forward(const torch::Tensor& x);
  /// The weight as it is applied.
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

}  // namespace evenray
