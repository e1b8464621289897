// SPDX-License-Identifier: Apache-2.0
#include "rcnn/roi_align.hpp"

#include <ATen/Dispatch.h>
#include <ATen/Parallel.h>
#include <torch/autograd.h>

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "rcnn/roi_samples.hpp"

namespace evenray {
namespace {

/// Adds weight * in[0..n) to out[0..n).
template <class T>
void add_scaled(T* __restrict out, const T* __restrict in, T weight, int64_t n) {
  for (int64_t c = 0; c < n; ++c) out[c] += weight * in[c];
}

/// A map [N,C,h,w] whose channels are adjacent in memory.
template <class T>
struct ChannelsLastMap {
  explicit ChannelsLastMap(const torch::Tensor& map)
      : data(map.data_ptr<T>()), channels(map.size(1)), height(map.size(2)), width(map.size(3)) {}
  T* at(int64_t image, int64_t y, int64_t x) const {
    return data + ((image * height + y) * width + x) * channels;
  }
  T* data;
  int64_t channels, height, width;
};

/// Copies maps so that their channels are adjacent, unless they are.
std::vector<torch::Tensor> channels_last(const std::vector<torch::Tensor>& maps) {
  std::vector<torch::Tensor> out;
  for (const auto& map : maps) {
    // One channel or position makes contiguous() keep any strides, so the layout is made by hand.
    out.push_back(map.permute({0, 2, 3, 1}).contiguous().permute({0, 3, 1, 2}));
  }
  return out;
}

template <class T>
void pool_forward(const std::vector<torch::Tensor>& maps,
                  const std::vector<RoiSamples<T>>& samples,
                  const RoiBins& bins,
                  torch::Tensor& out) {
  std::vector<ChannelsLastMap<T>> views(maps.begin(), maps.end());
  const int64_t channels = out.size(1), area = bins.height * bins.width;
  T* const result = out.data_ptr<T>();
  at::parallel_for(0, out.size(0), 1, [&](int64_t first, int64_t end) {
    std::vector<T> of_bins(static_cast<size_t>(channels * area));
    for (int64_t k = first; k < end; ++k) {
      std::fill(of_bins.begin(), of_bins.end(), T(0));
      const auto& roi = samples[static_cast<size_t>(k)];
      const auto& map = views[static_cast<size_t>(roi.level)];
      roi.each(bins, [&](int64_t bin, int64_t y, int64_t x, T weight) {
        add_scaled(of_bins.data() + bin * channels, map.at(roi.image, y, x), weight, channels);
      });
      T* const target = result + k * channels * area;
      for (int64_t c = 0; c < channels; ++c)
        for (int64_t bin = 0; bin < area; ++bin)
          target[c * area + bin] = of_bins[static_cast<size_t>(bin * channels + c)];
    }
  });
}

/// Each thread adds its own channels of all boxes, so that sums have one order.
template <class T>
void pool_backward(const torch::Tensor& gradient,
                   const std::vector<RoiSamples<T>>& samples,
                   const RoiBins& bins,
                   const std::vector<torch::Tensor>& of_maps) {
  std::vector<ChannelsLastMap<T>> views(of_maps.begin(), of_maps.end());
  const int64_t channels = gradient.size(1), area = bins.height * bins.width;
  const T* const given = gradient.data_ptr<T>();
  constexpr int64_t kChannels = 64;
  at::parallel_for(0, (channels + kChannels - 1) / kChannels, 1, [&](int64_t begin, int64_t end) {
    const int64_t first = begin * kChannels, count = std::min(channels, end * kChannels) - first;
    std::vector<T> of_bins(static_cast<size_t>(count * area));
    for (size_t k = 0; k < samples.size(); ++k) {
      const T* source = given + (static_cast<int64_t>(k) * channels + first) * area;
      for (int64_t c = 0; c < count; ++c)
        for (int64_t bin = 0; bin < area; ++bin)
          of_bins[static_cast<size_t>(bin * count + c)] = source[c * area + bin];
      const auto& roi = samples[k];
      const auto& map = views[static_cast<size_t>(roi.level)];
      roi.each(bins, [&](int64_t bin, int64_t y, int64_t x, T weight) {
        add_scaled(map.at(roi.image, y, x) + first, of_bins.data() + bin * count, weight, count);
      });
    }
  });
}

/// What is no tensor. In one object, because apply() takes the numbers of a vector for inputs.
struct RoiRecipe {
  std::vector<double> scales;
  RoiBins bins;
};

/// Pools on the CPU. Its inputs are the boxes, their levels, and all maps.
class RoiAlign final : public torch::autograd::Function<RoiAlign> {
 public:
  static torch::Tensor forward(torch::autograd::AutogradContext* context,
                               const torch::Tensor& boxes,
                               const torch::Tensor& levels,
                               const RoiRecipe& recipe,
                               at::TensorList maps) {
    const auto& [scales, bins] = recipe;
    const auto rows = channels_last(maps.vec());
    std::vector<std::vector<int64_t>> sizes;
    for (const auto& map : maps) sizes.push_back(map.sizes().vec());
    auto out = torch::empty({boxes.size(0), maps[0].size(1), bins.height, bins.width},
                            maps[0].options().memory_format(at::MemoryFormat::Contiguous));
    AT_DISPATCH_FLOATING_TYPES(out.scalar_type(), "roi_align", [&] {
      pool_forward<scalar_t>(
          rows,
          roi_samples<scalar_t>(boxes, levels, recipe.scales, sizes, recipe.bins),
          recipe.bins,
          out);
    });
    context->save_for_backward({boxes, levels});
    context->saved_data["scales"] = scales;
    context->saved_data["bins"] =
        std::vector<int64_t>{bins.height, bins.width, bins.samples, bins.aligned};
    context->saved_data["sizes"] = sizes;
    return out;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const auto scales = context->saved_data["scales"].toDoubleVector();
    const auto numbers = context->saved_data["bins"].toIntVector();
    const RoiBins bins{numbers[0], numbers[1], numbers[2], numbers[3] != 0};
    const auto sizes = context->saved_data["sizes"].to<std::vector<std::vector<int64_t>>>();
    const auto gradient = gradients[0].contiguous();
    torch::autograd::variable_list out(3);
    std::vector<torch::Tensor> of_maps;
    for (const auto& size : sizes) {
      of_maps.push_back(torch::zeros({size[0], size[2], size[3], size[1]}, gradient.options())
                            .permute({0, 3, 1, 2}));
      out.push_back(of_maps.back());
    }
    AT_DISPATCH_FLOATING_TYPES(gradient.scalar_type(), "roi_align_backward", [&] {
      pool_backward<scalar_t>(
          gradient, roi_samples<scalar_t>(saved[0], saved[1], scales, sizes, bins), bins, of_maps);
    });
    return out;
  }
};

}  // namespace

torch::Tensor roi_align(const ScaledMaps& maps,
                        const torch::Tensor& boxes,
                        const torch::Tensor& levels,
                        const RoiBins& bins) {
  const auto device = maps.maps[0].device();
  // The kernel is one of the CPU; elsewhere maps travel there and back.
  std::vector<torch::Tensor> host;
  for (const auto& map : maps.maps) host.push_back(map.cpu());
  return RoiAlign::apply(boxes.detach().cpu().to(host[0].scalar_type()).contiguous(),
                         levels.cpu().to(torch::kLong).contiguous(),
                         RoiRecipe{maps.scales, bins},
                         at::TensorList(host))
      .to(device);
}

torch::Tensor roi_levels(const torch::Tensor& boxes, const std::vector<double>& scales) {
  const double lowest = -std::log2(scales.front()), highest = -std::log2(scales.back());
  const auto side =
      ((boxes.select(1, 2) - boxes.select(1, 0)) * (boxes.select(1, 3) - boxes.select(1, 1)))
          .sqrt();
  const auto level = torch::floor(4 + torch::log2(side / 224) + 1e-6);
  return (level.clamp(lowest, highest) - lowest).to(torch::kLong);
}

torch::Tensor pool_boxes(const ScaledMaps& maps,
                         const std::vector<torch::Tensor>& boxes,
                         const RoiBins& bins) {
  std::vector<torch::Tensor> rows;
  for (size_t i = 0; i < boxes.size(); ++i)
    rows.push_back(torch::cat(
        {torch::full({boxes[i].size(0), 1}, static_cast<double>(i), boxes[i].options()), boxes[i]},
        1));
  const auto all = torch::cat(rows);
  return roi_align(maps, all, roi_levels(all.narrow(1, 1, 4), maps.scales), bins);
}

std::vector<double> map_scales(const std::vector<torch::Tensor>& maps, int64_t height) {
  std::vector<double> scales;
  for (const auto& map : maps)
    scales.push_back(std::exp2(
        std::round(std::log2(static_cast<double>(map.size(2)) / static_cast<double>(height)))));
  return scales;
}

}  // namespace evenray
