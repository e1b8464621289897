// SPDX-License-Identifier: Apache-2.0
#include "nn/loader.hpp"

#include <torch/types.h>

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "core/text.hpp"

namespace evenray {
namespace {

/// Pixels of a block of images that are processed at a time.
constexpr int64_t kBlockPixels = int64_t{1} << 24;

/// Returns `count` images, which `read` writes as stored. u8 stays u8. u16 becomes f32, because
/// torch supports few operations on u16.
torch::Tensor read_to(const StoreInfo& info,
                      int64_t count,
                      torch::Device device,
                      const std::function<void(char*)>& read) {
  const std::vector<int64_t> shape{count, 1, info.height, info.width};
  if (info.bits == 8) {
    const auto out = torch::empty(shape, torch::kByte);
    read(static_cast<char*>(out.data_ptr()));
    return out.to(device);
  }
  const auto out = torch::empty(shape, torch::kFloat);
  std::vector<uint16_t> values(static_cast<size_t>(out.numel()));
  read(reinterpret_cast<char*>(values.data()));
  std::copy(values.begin(), values.end(), out.data_ptr<float>());
  return out.to(device);
}

torch::Tensor read_range(const Store& store,
                         const std::string& part,
                         int64_t first,
                         int64_t count,
                         torch::Device device) {
  return read_to(store.info(), count, device, [&](char* bytes) {
    if (count > 0) store.read_images(part, first, count, bytes);
  });
}

}  // namespace

torch::Tensor load_images(const Store& store, const std::string& part, torch::Device device) {
  return read_range(store, part, 0, store.part(part).size(), device);
}

torch::Tensor load_images(const Store& store,
                          const std::string& part,
                          const std::vector<int64_t>& rows,
                          torch::Device device) {
  const auto& info = store.info();
  const size_t image = static_cast<size_t>(info.height) * info.width * (info.bits / 8);
  return read_to(info, static_cast<int64_t>(rows.size()), device, [&](char* bytes) {
    for (size_t i = 0; i < rows.size(); ++i) store.read_images(part, rows[i], 1, bytes + i * image);
  });
}

void read_blocks(const Store& store,
                 const std::string& part,
                 int64_t rows,
                 torch::Device device,
                 const std::function<void(const torch::Tensor& images)>& use) {
  const int64_t count = store.part(part).size();
  for (int64_t first = 0; first < count; first += rows)
    use(read_range(store, part, first, std::min(rows, count - first), device));
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

void PixelMeasure::add(const torch::Tensor& images) {
  const int64_t rows = std::max<int64_t>(1, kBlockPixels / std::max<int64_t>(1, images[0].numel()));
  for (const auto& block : images.split(rows)) {
    // Exact for u8, whose squares fit into f32 and whose sums fit into double.
    const auto values = block.to(torch::kFloat);
    sum_ += values.sum(torch::kDouble).item<double>();
    squares_ += values.square().sum(torch::kDouble).item<double>();
    pixels_ += static_cast<double>(block.numel());
  }
}

Standardise PixelMeasure::result(int value_max) const {
  const double mean = sum_ / pixels_ / value_max;
  const double square = squares_ / pixels_ / value_max / value_max;
  // The lower bound keeps a later division by the deviation finite for constant images.
  return {mean, std::sqrt(std::max(1e-6, square - mean * mean))};
}

Standardise measure(const torch::Tensor& images, int value_max) {
  PixelMeasure pixels;
  pixels.add(images);
  return pixels.result(value_max);
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
