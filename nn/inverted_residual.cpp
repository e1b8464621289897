// SPDX-License-Identifier: Apache-2.0
#include "nn/inverted_residual.hpp"

#include <torch/nn.h>

#include <cmath>
#include <string>

namespace evenray {

torch::Tensor activate(torch::Tensor x, Activation kind) {
  // Of an input that has a gradient, silu_ and hardswish_ would keep a copy.
  const bool in_place = !x.requires_grad();
  switch (kind) {
    case Activation::relu:
      return x.relu_();
    case Activation::relu6:
      return torch::relu6_(x);
    case Activation::silu:
      return in_place ? torch::silu_(x) : torch::silu(x);
    case Activation::hard_swish:
      return in_place ? torch::hardswish_(x) : torch::hardswish(x);
  }
  return x;
}

torch::nn::BatchNorm2d batch_norm(int64_t channels, bool tensorflow) {
  auto options = torch::nn::BatchNorm2dOptions(channels);
  if (tensorflow) options.eps(1e-3);
  return torch::nn::BatchNorm2d(options);
}

SameConvImpl::SameConvImpl(
    int64_t in, int64_t out, int64_t kernel, int64_t stride, int64_t groups, bool tensorflow)
    : weight_(register_parameter("weight", torch::empty({out, in / groups, kernel, kernel}))),
      stride_(stride),
      groups_(groups),
      tensorflow_(tensorflow) {
  torch::NoGradGuard no_grad;
  weight_.normal_(
      0, std::sqrt(2. * static_cast<double>(groups) / static_cast<double>(out * kernel * kernel)));
}

torch::Tensor SameConvImpl::normalised(const torch::Tensor& x, torch::nn::BatchNorm2d& norm) {
  if (norm->is_training()) return norm->forward(forward(x));
  const auto scale = norm->weight * torch::rsqrt(norm->running_var + norm->options.eps());
  return convolved(x, weight_ * scale.view({-1, 1, 1, 1}), norm->bias - norm->running_mean * scale);
}

torch::Tensor SameConvImpl::convolved(const torch::Tensor& x,
                                      const torch::Tensor& weight,
                                      const torch::Tensor& bias) const {
  const int64_t half = (weight_.size(2) - 1) / 2;
  if (!tensorflow_ || stride_ == 1)
    return torch::conv2d(x, weight, bias, stride_, half, 1, groups_);
  const auto [top, bottom] = padding(x.size(2));
  const auto [left, right] = padding(x.size(3));
  const bool even = top == bottom && left == right;
  const auto padded = even ? x : torch::constant_pad_nd(x, {left, right, top, bottom});
  const std::vector<int64_t> sides = even ? std::vector{top, left} : std::vector<int64_t>{0, 0};
  return torch::conv2d(padded, weight, bias, stride_, sides, 1, groups_);
}

/// TensorFlow's padding before and after a side.
std::pair<int64_t, int64_t> SameConvImpl::padding(int64_t size) const {
  const int64_t positions = (size + stride_ - 1) / stride_;
  const int64_t needed = std::max<int64_t>(0, (positions - 1) * stride_ + weight_.size(2) - size);
  return {needed / 2, needed - needed / 2};
}

PooledConvImpl::PooledConvImpl(int64_t in, int64_t out)
    : weight_(register_parameter("weight", torch::empty({out, in, 1, 1}))),
      bias_(register_parameter("bias", torch::zeros({out}))) {
  torch::NoGradGuard no_grad;
  weight_.normal_(0, std::sqrt(2. / static_cast<double>(out)));
}

torch::Tensor PooledConvImpl::forward(const torch::Tensor& x) {
  return torch::linear(x, weight_.flatten(1), bias_);
}

SqueezeExcitationImpl::SqueezeExcitationImpl(int64_t channels, int64_t reduced, bool hard)
    : reduce_(register_module("conv_reduce", PooledConv(channels, reduced))),
      expand_(register_module("conv_expand", PooledConv(reduced, channels))),
      hard_(hard) {}

torch::Tensor SqueezeExcitationImpl::forward(const torch::Tensor& x) {
  const auto inside =
      activate(reduce_(x.mean({2, 3})), hard_ ? Activation::relu : Activation::silu);
  const auto gate = expand_(inside);
  return x * (hard_ ? torch::hardsigmoid(gate) : torch::sigmoid(gate)).unsqueeze(2).unsqueeze(3);
}

InvertedResidualImpl::InvertedResidualImpl(const InvertedResidualOptions& o)
    : activation_(o.activation), shortcut_(o.stride == 1 && o.in == o.out) {
  const auto norm = [&](int number, int64_t channels) {
    return register_module("bn" + std::to_string(number), batch_norm(channels, o.tensorflow));
  };
  if (o.expands) {
    expand_ = register_module("conv_pw", SameConv(o.in, o.wide, 1, 1, 1, o.tensorflow));
    expand_norm_ = norm(1, o.wide);
  }
  depthwise_ = register_module("conv_dw",
                               SameConv(o.wide, o.wide, o.kernel, o.stride, o.wide, o.tensorflow));
  depthwise_norm_ = norm(o.expands ? 2 : 1, o.wide);
  if (o.reduced > 0)
    squeeze_ = register_module("se", SqueezeExcitation(o.wide, o.reduced, o.hard_gate));
  project_ = register_module(o.expands ? "conv_pwl" : "conv_pw",
                             SameConv(o.wide, o.out, 1, 1, 1, o.tensorflow));
  project_norm_ = norm(o.expands ? 3 : 2, o.out);
}

torch::Tensor InvertedResidualImpl::forward(const torch::Tensor& x) {
  auto y = x;
  if (!expand_.is_empty()) y = activate(expand_->normalised(y, expand_norm_), activation_);
  y = activate(depthwise_->normalised(y, depthwise_norm_), activation_);
  if (!squeeze_.is_empty()) y = squeeze_(y);
  y = project_->normalised(y, project_norm_);
  return shortcut_ ? y.add_(x) : y;
}

}  // namespace evenray
