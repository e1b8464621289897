// SPDX-License-Identifier: Apache-2.0
#include "nn/blocks.hpp"

#include <torch/nn.h>

#include "nn/compute.hpp"

namespace evenray {

torch::nn::Conv2d conv(int64_t in, int64_t out, int64_t kernel, int64_t stride) {
  return torch::nn::Conv2d(torch::nn::Conv2dOptions(in, out, kernel)
                               .stride(stride)
                               .padding((kernel - 1) / 2)
                               .bias(false));
}

void kaiming_init(torch::nn::Module& module) {
  for (const auto& child : module.modules(/*include_self=*/false)) {
    if (auto* layer = child->as<torch::nn::Conv2d>()) {
      torch::nn::init::kaiming_normal_(layer->weight, 0, torch::kFanOut, torch::kReLU);
    }
  }
}

void to_channels_last(torch::nn::Module& module) {
  for (auto& p : module.parameters()) {
    if (p.dim() != 4) continue;
    p.set_data(
        torch::empty_like(p, p.options().requires_grad(false), at::MemoryFormat::ChannelsLast)
            .copy_(p.detach()));
  }
}

FreezeGuard::FreezeGuard(torch::nn::Module& module) {
  for (const auto& p : module.parameters())
    if (p.requires_grad()) frozen_.push_back(p.requires_grad_(false));
}
FreezeGuard::~FreezeGuard() {
  for (auto& p : frozen_) p.requires_grad_(true);
}

EvalGuard::EvalGuard(torch::nn::Module& module)
    : module_(module), was_training_(module.is_training()) {
  module_.eval();
}
EvalGuard::~EvalGuard() { module_.train(was_training_); }

SpectralConv2dImpl::SpectralConv2dImpl(int64_t in,
                                       int64_t out,
                                       std::vector<int64_t> kernel,
                                       int64_t stride,
                                       int64_t padding,
                                       bool bias)
    : weight_(register_parameter("weight",
                                 torch::empty({out, in, kernel[0], kernel[1]}).normal_(0, .02))),
      u_(register_buffer(
          "u",
          torch::nn::functional::normalize(torch::randn({out}),
                                           torch::nn::functional::NormalizeFuncOptions().dim(0)))),
      stride_(stride),
      padding_(padding) {
  if (bias) bias_ = register_parameter("bias", torch::zeros({out}));
}

torch::Tensor SpectralConv2dImpl::normalised_weight() {
  const Autocast fp32(Compute{weight_.device(), false, 1});
  const auto rows = weight_.flatten(1);
  // u and v are constants for the gradient, as in the paper; only the weight gets a gradient.
  torch::Tensor u, v;
  {
    torch::NoGradGuard no_grad;
    const auto unit = [](const torch::Tensor& x) { return x / (x.norm() + 1e-12); };
    v = unit(rows.t().mv(u_));
    u = unit(rows.mv(v));
    if (is_training()) u_.copy_(u);
  }
  return weight_ / u.dot(rows.mv(v));
}

torch::Tensor SpectralConv2dImpl::forward(const torch::Tensor& x) {
  return torch::conv2d(x, normalised_weight(), bias_, stride_, padding_);
}

namespace {

/// Returns what brings the shortcut of a residual block to the shape of its output; empty if it has
/// that shape.
torch::nn::Sequential shortcut_of(int64_t in, int64_t out, int64_t stride) {
  if (stride == 1 && in == out) return nullptr;
  return torch::nn::Sequential(conv(in, out, 1, stride), torch::nn::BatchNorm2d(out));
}

}  // namespace

BasicBlockImpl::BasicBlockImpl(int64_t in, int64_t out, int64_t stride)
    : conv1_(register_module("conv1", conv(in, out, 3, stride))),
      bn1_(register_module("bn1", torch::nn::BatchNorm2d(out))),
      conv2_(register_module("conv2", conv(out, out, 3))),
      bn2_(register_module("bn2", torch::nn::BatchNorm2d(out))) {
  if (auto shortcut = shortcut_of(in, out, stride); !shortcut.is_empty())
    downsample_ = register_module("downsample", shortcut);
}

torch::Tensor BasicBlockImpl::forward(const torch::Tensor& x) {
  const auto shortcut = downsample_.is_empty() ? x : downsample_->forward(x);
  auto y = torch::relu(bn1_(conv1_(x)));
  y = bn2_(conv2_(y));
  return torch::relu(y + shortcut);
}

BottleneckImpl::BottleneckImpl(int64_t in, int64_t width, int64_t out, int64_t stride)
    : conv1_(register_module("conv1", conv(in, width, 1))),
      bn1_(register_module("bn1", torch::nn::BatchNorm2d(width))),
      conv2_(register_module("conv2", conv(width, width, 3, stride))),
      bn2_(register_module("bn2", torch::nn::BatchNorm2d(width))),
      conv3_(register_module("conv3", conv(width, out, 1))),
      bn3_(register_module("bn3", torch::nn::BatchNorm2d(out))) {
  if (auto shortcut = shortcut_of(in, out, stride); !shortcut.is_empty())
    downsample_ = register_module("downsample", shortcut);
}

torch::Tensor BottleneckImpl::forward(const torch::Tensor& x) {
  const auto shortcut = downsample_.is_empty() ? x : downsample_->forward(x);
  auto y = torch::relu(bn1_(conv1_(x)));
  y = torch::relu(bn2_(conv2_(y)));
  return torch::relu(bn3_(conv3_(y)) + shortcut);
}

}  // namespace evenray
