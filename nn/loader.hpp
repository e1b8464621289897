// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <torch/types.h>

#include <functional>
#include <string>
#include <vector>

#include "dataset/store/store.hpp"

namespace evenray {

/// Reads the images of a part of a store to a device: [N,1,H,W] u8 (f32 with values 0..65535 for
/// 16-bit stores). `rows`: reads only these rows, in this order. Throws like Store::part() and
/// Store::read_images().
torch::Tensor load_images(const Store& store, const std::string& part, torch::Device device);
torch::Tensor load_images(const Store& store,
                          const std::string& part,
                          const std::vector<int64_t>& rows,
                          torch::Device device);
/// Reads the images of a part in blocks of `rows` consecutive rows (the last may be smaller), and
/// passes each block to `use`. Throws like load_images().
void read_blocks(const Store& store,
                 const std::string& part,
                 int64_t rows,
                 torch::Device device,
                 const std::function<void(const torch::Tensor& images)>& use);

/// Converts pixels to the input of a GAN: [B,1,H,W] f32 in -1..1, channels_last. Pixels are
/// converted to network input only here and in network_input().
torch::Tensor gan_input(const torch::Tensor& images, int value_max);
/// Mean and standard deviation of pixels, relative to value_max.
struct Standardise {
  double mean = .5, deviation = .25;
};
/// Converts pixels to the input of other networks: (x / value_max - mean) / deviation, as [B,1,H,W]
/// f32, channels_last.
torch::Tensor network_input(const torch::Tensor& images,
                            int value_max,
                            const Standardise& standardise);
/// Measures the pixels of images that need not be in memory at the same time. The result does not
/// depend on how images of 8 bits are divided into calls of add().
class PixelMeasure {
 public:
  void add(const torch::Tensor& images);  ///< [N,1,H,W] as stored
  /// Returns the mean and standard deviation of all pixels, both relative to value_max; the
  /// deviation is at least .001.
  Standardise result(int value_max) const;

 private:
  double sum_ = 0, squares_ = 0, pixels_ = 0;
};
/// Returns the measure of all pixels of `images`.
Standardise measure(const torch::Tensor& images, int value_max);

/// Converts GAN output in -1..1 to single-channel images, rounded and clipped: u8 if value_max is
/// at most 255, otherwise u16.
std::vector<cv::Mat> to_mats(const torch::Tensor& minus_one_to_one, int value_max);

/// Copies a CPU tensor to a device without waiting for pending work on the device.
torch::Tensor to_device(const torch::Tensor& host, torch::Device device);

/// Copies row numbers to an index tensor on a device.
torch::Tensor index_tensor(const std::vector<int64_t>& rows, torch::Device device);

/// Converts single-channel images of one size to [N,1,H,W] on the CPU (u8, or f32 for u16 images).
/// Throws 65 if there are no images or if sizes or depths differ.
torch::Tensor from_mats(const std::vector<cv::Mat>& images);

}  // namespace evenray
