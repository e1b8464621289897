// SPDX-License-Identifier: Apache-2.0
#include "gan/pggan_blocks.hpp"

#include <torch/types.h>

#include <cmath>

#include "core/error.hpp"
#include "core/text.hpp"
#include "nn/compute.hpp"

namespace evenray {

EqualizedConv2dImpl::EqualizedConv2dImpl(int64_t in, int64_t out, int64_t kernel, double gain)
    : scale_(gain / std::sqrt(static_cast<double>(in * kernel * kernel))), padding_(kernel / 2) {
  weight_ = register_parameter("weight", torch::randn({out, in, kernel, kernel}));
  bias_ = register_parameter("bias", torch::zeros({out}));
}

torch::Tensor EqualizedConv2dImpl::forward(const torch::Tensor& x) {
  return torch::conv2d(x, weight_ * scale_, bias_, 1, padding_);
}

EqualizedLinearImpl::EqualizedLinearImpl(int64_t in, int64_t out, double gain, int64_t bias_length)
    : scale_(gain / std::sqrt(static_cast<double>(in))) {
  weight_ = register_parameter("weight", torch::randn({out, in}));
  bias_ = register_parameter("bias", torch::zeros({bias_length}));
}

torch::Tensor EqualizedLinearImpl::forward(const torch::Tensor& x) {
  const auto bias = bias_.repeat_interleave(weight_.size(0) / bias_.size(0));
  return torch::linear(x, weight_ * scale_, bias);
}

torch::Tensor pixel_norm(const torch::Tensor& x) {
  // On CUDA, autocast computes the squares in fp32; the product must keep the type of x.
  const auto scale = (x.square().mean(1, /*keepdim=*/true) + 1e-8).rsqrt();
  return x * scale.to(x.scalar_type());
}

torch::Tensor minibatch_stddev(const torch::Tensor& x, int64_t group) {
  const int64_t count = x.size(0);
  const int64_t size = group == 0 ? count : std::min(group, count);
  check(count % size == 0,
        Exit::config,
        cat("gan.minibatch ", count, " is not a multiple of gan.pggan.stddev_group ", size));
  // The variance is computed in fp32: bf16 has 8 bits of precision, too few for small differences.
  const Autocast fp32(Compute{x.device(), false, 1});
  const auto precise = at::isReducedFloatingType(x.scalar_type()) ? x.to(torch::kFloat) : x;
  const auto groups = precise.reshape({size, count / size, -1});
  const auto deviation = (groups.var(0, /*unbiased=*/false) + 1e-8).sqrt().mean(1);
  const auto map = deviation.repeat({size}).view({count, 1, 1, 1}).to(x.scalar_type());
  return torch::cat({x, map.expand({count, 1, x.size(2), x.size(3)})}, 1);
}

torch::Tensor twice(const torch::Tensor& x) {
  // On CUDA, autocast would upsample in fp32, but a fade mixes the result with bf16 tensors.
  const Autocast none(Compute{x.device(), false, 1});
  return torch::upsample_nearest2d(x, {2 * x.size(2), 2 * x.size(3)});
}

torch::Tensor half(const torch::Tensor& x) { return torch::avg_pool2d(x, 2); }

torch::Tensor at_growth(const torch::Tensor& images, int doublings, const Growth& growth) {
  const int shrink = 1 << (doublings - growth.level);
  const auto shrunk = shrink == 1 ? images : torch::avg_pool2d(images, shrink);
  return growth.fading() ? torch::lerp(twice(half(shrunk)), shrunk, growth.alpha) : shrunk;
}

torch::Tensor enlarged(const torch::Tensor& images, int64_t height) {
  const int64_t times = height / images.size(2);
  if (times == 1) return images;
  return torch::upsample_nearest2d(images, {height, images.size(3) * times});
}

}  // namespace evenray
