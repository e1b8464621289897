// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <torch/types.h>

#include <string>
#include <vector>

#include "dataset/store/store.hpp"

namespace evenray {

/// The images of a store's part, resident on a device: [N,1,H,W] u8 (f32 for 16-bit stores).
/// `rows`: only these, in this order.
torch::Tensor load_images(const Store& store, const std::string& part, torch::Device device);
torch::Tensor load_images(const Store& store,
                          const std::string& part,
                          const std::vector<int64_t>& rows,
                          torch::Device device);

/// The one place where pixels become network input. For a GAN: [B,1,H,W] f32 in -1..1,
/// channels_last.
torch::Tensor gan_input(const torch::Tensor& images, int value_max);
/// For the others: (x / value_max - mean) / deviation.
struct Standardise {
  double mean = .5, deviation = .25;
};
torch::Tensor network_input(const torch::Tensor& images,
                            int value_max,
                            const Standardise& standardise);
/// Mean and deviation of all pixels of `images`, both relative to value_max.
Standardise measure(const torch::Tensor& images, int value_max);

/// Back: -1..1 to single-channel cv::Mat of the depth that holds value_max, rounded and clipped.
std::vector<cv::Mat> to_mats(const torch::Tensor& minus_one_to_one, int value_max);

/// A tensor of the CPU on a device, without waiting for what that is at.
torch::Tensor to_device(const torch::Tensor& host, torch::Device device);

/// Row numbers as an index tensor on a device.
torch::Tensor index_tensor(const std::vector<int64_t>& rows, torch::Device device);

/// [N,1,H,W] of single-channel images of one size.
torch::Tensor from_mats(const std::vector<cv::Mat>& images);

}  // namespace evenray
