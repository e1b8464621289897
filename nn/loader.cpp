// SPDX-License-Identifier: Apache-2.0
#include "nn/loader.hpp"

#include <torch/types.h>

#include <cstring>
#include <numeric>

#include "core/error.hpp"
#include "core/text.hpp"

namespace evenray {
namespace {

/// u8 stays u8. u16 becomes f32, because torch supports few operations on u16.
torch::Tensor wrap(std::vector<char> bytes,
                   int64_t count,
                   const StoreInfo& info,
                   torch::Device device) {
  const std::vector<int64_t> shape{count, 1, info.height, info.width};
  if (info.bits == 8) return torch::from_blob(bytes.data(), shape, torch::kByte).clone().to(device);
  auto out = torch::empty(shape, torch::kFloat);
  const auto* from = reinterpret_cast<const uint16_t*>(bytes.data());
  std::copy(from, from + out.numel(), out.data_ptr<float>());
  return out.to(device);
}

}  // namespace

torch::Tensor load_images(const Store& store, const std::string& part, torch::Device device) {
  const auto& info = store.info();
  const int64_t count = store.part(part).size();
  std::vector<char> bytes(static_cast<size_t>(count) * info.height * info.width * (info.bits / 8));
  if (count > 0) store.read_images(part, 0, count, bytes.data());
  return wrap(std::move(bytes), count, info, device);
}

torch::Tensor load_images(const Store& store,
                          const std::string& part,
                          const std::vector<int64_t>& rows,
                          torch::Device device) {
  const auto& info = store.info();
  const size_t image = static_cast<size_t>(info.height) * info.width * (info.bits / 8);
  std::vector<char> bytes(rows.size() * image);
  for (size_t i = 0; i < rows.size(); ++i)
    store.read_images(part, rows[i], 1, bytes.data() + i * image);
  return wrap(std::move(bytes), static_cast<int64_t>(rows.size()), info, device);
}

torch::Tensor gan_input(const torch::Tensor& images, int value_max) {
  return images.to(torch::kFloat)
      .mul(2. / value_max)
      .sub_(1)
      .contiguous(at::MemoryFormat::ChannelsLast);
}

torch::Tensor network_input(const torch::Tensor& images,
                            int value_max,
                            const Standardise& standardise) {
  return images.to(torch::kFloat)
      .mul(1. / (value_max * standardise.deviation))
      .sub_(standardise.mean / standardise.deviation)
      .contiguous(at::MemoryFormat::ChannelsLast);
}

Standardise measure(const torch::Tensor& images, int value_max) {
  // Sums in double: an f32 sum over all pixels of a store would lose precision.
  const auto values = images.to(torch::kFloat).div(value_max);
  const double mean = values.mean(torch::kDouble).item<double>();
  const double square = values.square().mean(torch::kDouble).item<double>();
  // The lower bound keeps a later division by the deviation finite for constant images.
  return {mean, std::sqrt(std::max(1e-6, square - mean * mean))};
}

std::vector<cv::Mat> to_mats(const torch::Tensor& minus_one_to_one, int value_max) {
  const auto values = minus_one_to_one.detach()
                          .to(torch::kFloat)
                          .add(1)
                          .mul_(value_max / 2.)
                          .round_()
                          .clamp_(0, value_max)
                          .cpu()
                          .contiguous();
  const int height = static_cast<int>(values.size(2)), width = static_cast<int>(values.size(3));
  std::vector<cv::Mat> mats;
  for (int64_t i = 0; i < values.size(0); ++i) {
    const cv::Mat view(height, width, CV_32F, values.data_ptr<float>() + i * height * width);
    cv::Mat out;
    view.convertTo(out, value_max > 255 ? CV_16U : CV_8U);
    mats.push_back(out);
  }
  return mats;
}

torch::Tensor to_device(const torch::Tensor& host, torch::Device device) {
  // Only copies from pinned memory are asynchronous.
  return device.is_cuda() ? host.pin_memory().to(device, /*non_blocking=*/true) : host;
}

torch::Tensor index_tensor(const std::vector<int64_t>& rows, torch::Device device) {
  return to_device(torch::tensor(rows, torch::kLong), device);
}

torch::Tensor from_mats(const std::vector<cv::Mat>& images) {
  check(!images.empty(), Exit::bad_data, "cannot stack images: there are none");
  const int height = images[0].rows, width = images[0].cols;
  const bool deep = images[0].depth() == CV_16U;
  auto out = torch::empty({static_cast<int64_t>(images.size()), 1, height, width},
                          deep ? torch::kFloat : torch::kByte);
  for (size_t i = 0; i < images.size(); ++i) {
    check(
        images[i].rows == height && images[i].cols == width && images[i].type() == images[0].type(),
        Exit::bad_data,
        cat("images must have the same size and depth, but found ",
            images[i].rows,
            "x",
            images[i].cols,
            " and ",
            height,
            "x",
            width));
    auto slot = out[static_cast<int64_t>(i)];
    if (deep) {
      cv::Mat view(height, width, CV_32F, slot.data_ptr<float>());
      images[i].convertTo(view, CV_32F);
    } else {
      cv::Mat view(height, width, CV_8U, slot.data_ptr<uint8_t>());
      images[i].copyTo(view);
    }
  }
  return out;
}

}  // namespace evenray
