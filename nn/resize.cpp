// SPDX-License-Identifier: Apache-2.0
#include "nn/resize.hpp"

#include <torch/nn.h>

namespace evenray {

torch::Tensor resize_bicubic(const torch::Tensor& images, int64_t height, int64_t width) {
  namespace F = torch::nn::functional;
  return F::interpolate(images.to(torch::kFloat),
                        F::InterpolateFuncOptions()
                            .size(std::vector<int64_t>{height, width})
                            .mode(torch::kBicubic)
                            .align_corners(false)
                            .antialias(true));
}

}  // namespace evenray
