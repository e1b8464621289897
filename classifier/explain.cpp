// SPDX-License-Identifier: Apache-2.0
#include "classifier/explain.hpp"

#include <torch/nn.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <opencv2/imgproc.hpp>

#include "core/error.hpp"
#include "core/text.hpp"
#include "nn/blocks.hpp"
#include "nn/loader.hpp"

namespace evenray {
namespace {

constexpr std::array<const char*, 3> kMethods{"grad-cam", "hirescam", "occlusion"};
constexpr int64_t kMapBatch = 16, kSquares = 8;
/// Of the longer side of an image.
constexpr double kPointingTolerance = 15. / 224;

/// Maps of the size of the network's final map.
torch::Tensor gradient_maps(ClassifierNet& network,
                            const torch::Tensor& input,
                            int64_t class_index,
                            bool mean_gradient) {
  FinalMap seen;
  {
    torch::NoGradGuard no_grad;
    seen = network.map(input);
  }
  const torch::AutoGradMode gradients(true);
  seen.map.set_requires_grad(true);
  const auto logit = network.classify(network.pooled(seen)).select(1, class_index).sum();
  auto weights = torch::autograd::grad({logit}, {seen.map})[0];
  if (mean_gradient) weights = weights.mean({2, 3}, /*keepdim=*/true);
  return (seen.map.detach() * weights).sum(1).relu();
}

/// Maps of the size of the image.
torch::Tensor occlusion_maps(ClassifierNet& network,
                             const torch::Tensor& input,
                             int64_t class_index) {
  torch::NoGradGuard no_grad;
  const int64_t height = input.size(2), width = input.size(3);
  const int64_t side = std::max<int64_t>(1, std::max(height, width) / kSquares);
  const int64_t step = std::max<int64_t>(1, side / 2);
  const auto logit = [&](const torch::Tensor& images) {
    return network.forward(images).select(1, class_index).to(torch::kFloat);
  };
  const auto whole = logit(input);
  auto falls = torch::zeros({input.size(0), height, width}, whole.options());
  auto count = torch::zeros({height, width}, whole.options());
  const auto starts = [&](int64_t size) {
    std::vector<int64_t> places;
    for (int64_t at = 0; at + side < size; at += step) places.push_back(at);
    places.push_back(std::max<int64_t>(0, size - side));
    return places;
  };
  for (const int64_t y : starts(height)) {
    for (const int64_t x : starts(width)) {
      auto covered = input.clone();
      const auto square = [&](torch::Tensor of) {
        return of.slice(-2, y, std::min(height, y + side)).slice(-1, x, std::min(width, x + side));
      };
      square(covered).zero_();  // the mean of the training images, once standardised
      square(falls) += (whole - logit(covered)).view({-1, 1, 1});
      square(count) += 1;
    }
  }
  return (falls / count).relu();
}

}  // namespace

void check_explanation(const std::string& method) {
  const std::vector<std::string> known(kMethods.begin(), kMethods.end());
  check(std::find(known.begin(), known.end(), method) != known.end(),
        Exit::usage,
        unknown_name("explanation", method, known));
}

torch::Tensor explanation_maps(ClassifierNet& network,
                               const torch::Tensor& images,
                               int64_t class_index,
                               const std::string& method,
                               const Reading& reading,
                               const Compute& compute) {
  check_explanation(method);
  namespace F = torch::nn::functional;
  EvalGuard eval(network);
  std::vector<torch::Tensor> maps;
  for (const auto& batch : images.split(kMapBatch)) {
    const auto input =
        network_input(batch.to(compute.device), reading.value_max, reading.standardise);
    if (method == "occlusion") {
      maps.push_back(occlusion_maps(network, input, class_index).cpu());
      continue;
    }
    const auto small = gradient_maps(network, input, class_index, method == "grad-cam");
    maps.push_back(F::interpolate(small.unsqueeze(1),
                                  F::InterpolateFuncOptions()
                                      .size(std::vector{images.size(2), images.size(3)})
                                      .mode(torch::kBilinear)
                                      .align_corners(false))
                       .squeeze(1)
                       .cpu());
  }
  return torch::cat(maps);
}

Located locate(const torch::Tensor& map, const std::vector<Box>& boxes) {
  const auto values = map.to(torch::kFloat).contiguous();
  const int64_t height = values.size(0), width = values.size(1);
  const float* value = values.data_ptr<float>();
  /// Distance in px from the middle of a pixel to the nearest box; 0 inside.
  const auto distance = [&](int64_t x, int64_t y) {
    double least = std::numeric_limits<double>::infinity();
    for (const auto& box : boxes) {
      const double cx = static_cast<double>(x) + .5, cy = static_cast<double>(y) + .5;
      const double dx = std::max({0., box.x0 - cx, cx - box.x1});
      const double dy = std::max({0., box.y0 - cy, cy - box.y1});
      least = std::min(least, std::hypot(dx, dy));
    }
    return least;
  };
  const double tolerance = kPointingTolerance * static_cast<double>(std::max(height, width));
  double sum = 0, sum_inside = 0;
  int64_t pixels_inside = 0, pixels_near = 0;
  float largest = 0;
  Located out;
  for (int64_t y = 0; y < height; ++y) {
    for (int64_t x = 0; x < width; ++x, ++value) {
      const double px = distance(x, y);
      const bool in = px == 0, near = px <= tolerance;
      sum += *value;
      sum_inside += in ? *value : 0;
      pixels_inside += in;
      pixels_near += near;
      if (*value <= largest) continue;
      largest = *value;
      out.hit = near;
    }
  }
  out.energy = sum > 0 ? sum_inside / sum : 0;
  const auto pixels = static_cast<double>(height * width);
  out.area = static_cast<double>(pixels_inside) / pixels;
  out.chance = static_cast<double>(pixels_near) / pixels;
  return out;
}

cv::Mat overlay(const cv::Mat& image, const torch::Tensor& map) {
  const auto values = map.to(torch::kFloat).contiguous();
  const auto largest = std::max(values.max().item<float>(), 1e-12f);
  const cv::Mat view(static_cast<int>(values.size(0)),
                     static_cast<int>(values.size(1)),
                     CV_32F,
                     values.data_ptr<float>());
  cv::Mat levels, colours, grey, coloured;
  view.convertTo(levels, CV_8U, 255 / largest);
  cv::applyColorMap(levels, colours, cv::COLORMAP_INFERNO);
  image.convertTo(grey, CV_8U, image.depth() == CV_16U ? 255. / 65535 : 1.);
  cv::cvtColor(grey, coloured, cv::COLOR_GRAY2BGR);
  cv::Mat out;
  cv::hconcat(coloured, coloured * .6 + colours * .4, out);
  return out;
}

}  // namespace evenray
