// SPDX-License-Identifier: Apache-2.0
#include "detector/network.hpp"

#include <torch/nn.h>

#include <cmath>

#include "detector/frozen.hpp"
#include "nn/blocks.hpp"

namespace evenray {
namespace {

constexpr size_t kMaps = kStrides.size();

/// The number of channels of pyramid and head, and of convolutions in the head.
struct Widths {
  int64_t channels, head_layers;
};
Widths widths_of(const std::string& size) { return size == "nano" ? Widths{64, 1} : Widths{96, 2}; }

/// A 3x3 depthwise and a 1x1 convolution, without norms.
class SeparableImpl final : public torch::nn::Module {
 public:
  SeparableImpl(int64_t channels, int64_t stride)
      : depthwise(register_module("depthwise",
                                  torch::nn::Conv2d(torch::nn::Conv2dOptions(channels, channels, 3)
                                                        .stride(stride)
                                                        .padding(1)
                                                        .groups(channels)
                                                        .bias(false)))),
        pointwise(register_module("pointwise", conv(channels, channels, 1))) {}

  torch::nn::Conv2d depthwise, pointwise;
};
using Separable = torch::nn::ModuleHolder<SeparableImpl>;

/// The norms after both convolutions.
class SeparableNormsImpl final : public torch::nn::Module {
 public:
  explicit SeparableNormsImpl(int64_t channels)
      : first(register_module("first", torch::nn::BatchNorm2d(channels))),
        second(register_module("second", torch::nn::BatchNorm2d(channels))) {}

  /// Returns the output of the layers with these norms.
  torch::Tensor forward(Separable& layers, const torch::Tensor& x) {
    return torch::relu(second(layers->pointwise(torch::relu(first(layers->depthwise(x))))));
  }

  torch::nn::BatchNorm2d first, second;
};
using SeparableNorms = torch::nn::ModuleHolder<SeparableNormsImpl>;

/// A separable convolution with norms of its own.
class LayerImpl final : public torch::nn::Module {
 public:
  LayerImpl(int64_t channels, int64_t stride)
      : layers_(register_module("layers", Separable(channels, stride))),
        norms_(register_module("norms", SeparableNorms(channels))) {}
  torch::Tensor forward(const torch::Tensor& x) { return norms_(layers_, x); }

 private:
  Separable layers_;
  SeparableNorms norms_;
};
using Layer = torch::nn::ModuleHolder<LayerImpl>;

torch::Tensor enlarged(const torch::Tensor& map, const torch::Tensor& like) {
  namespace F = torch::nn::functional;
  return F::interpolate(map,
                        F::InterpolateFuncOptions()
                            .size(std::vector<int64_t>{like.size(2), like.size(3)})
                            .mode(torch::kNearest));
}

}  // namespace

struct DetectorNet::Pyramid final : torch::nn::Module {
  Pyramid(const std::vector<int64_t>& stages, int64_t channels) {
    for (size_t i = 0; i < kMaps; ++i) {
      if (i < stages.size()) {
        laterals->push_back(
            torch::nn::Sequential(conv(stages[i], channels, 1), torch::nn::BatchNorm2d(channels)));
      } else {
        further->push_back(Layer(channels, 2));
      }
      if (i + 1 == kMaps) break;
      down->push_back(Layer(channels, 1));
      halve->push_back(Layer(channels, 2));
      up->push_back(Layer(channels, 1));
    }
    register_module("laterals", laterals);
    register_module("further", further);
    register_module("down", down);
    register_module("halve", halve);
    register_module("up", up);
  }

  std::vector<torch::Tensor> forward(const std::vector<torch::Tensor>& stages) {
    std::vector<torch::Tensor> maps;
    for (size_t i = 0; i < kMaps; ++i) {
      maps.push_back(i < laterals->size()
                         ? torch::relu(laterals[i]->as<torch::nn::Sequential>()->forward(stages[i]))
                         : further[i - laterals->size()]->as<Layer>()->forward(maps.back()));
    }
    // From the coarsest map down to the finest, then up again.
    for (size_t i = kMaps - 1; i-- > 0;)
      maps[i] = down[i]->as<Layer>()->forward(maps[i] + enlarged(maps[i + 1], maps[i]));
    for (size_t i = 0; i + 1 < kMaps; ++i)
      maps[i + 1] =
          up[i]->as<Layer>()->forward(maps[i + 1] + halve[i]->as<Layer>()->forward(maps[i]));
    return maps;
  }

  torch::nn::ModuleList laterals, further, down, halve, up;
};

struct DetectorNet::Head final : torch::nn::Module {
  Head(int64_t channels, int64_t layers, int64_t classes)
      : class_output(register_module(
            "class_output", torch::nn::Conv2d(torch::nn::Conv2dOptions(channels, classes, 1)))),
        side_output(register_module(
            "side_output", torch::nn::Conv2d(torch::nn::Conv2dOptions(channels, 4 * kBins, 1)))) {
    for (int64_t i = 0; i < layers; ++i) {
      shared->push_back(Separable(channels, 1));
      torch::nn::ModuleList of_layer;
      for (size_t map = 0; map < kMaps; ++map) of_layer->push_back(SeparableNorms(channels));
      norms->push_back(of_layer);
    }
    register_module("shared", shared);
    register_module("norms", norms);
  }

  PointOutputs forward(const std::vector<torch::Tensor>& maps) {
    std::vector<torch::Tensor> classes, sides;
    for (size_t map = 0; map < kMaps; ++map) {
      auto x = maps[map];
      for (size_t i = 0; i < shared->size(); ++i) {
        Separable layers(shared->ptr<SeparableImpl>(i));
        x = norms[i]->as<torch::nn::ModuleList>()->ptr<SeparableNormsImpl>(map)->forward(layers, x);
      }
      const auto by_point = [](const torch::Tensor& output) {
        return output.permute({0, 2, 3, 1}).flatten(1, 2);
      };
      classes.push_back(by_point(class_output(x)));
      sides.push_back(by_point(side_output(x)));
    }
    return {torch::cat(classes, 1), torch::cat(sides, 1)};
  }

  torch::nn::Conv2d class_output, side_output;
  torch::nn::ModuleList shared, norms;
};

DetectorNet::DetectorNet(const DetectOptions& options, int64_t classes, int threads)
    : trunk(register_module("trunk", make_backbone(options.arch))),
      options_(options),
      threads_(threads) {
  least_px = trunk->least_px;
  const Widths widths = widths_of(options.size);
  pyramid_ = register_module("pyramid",
                             std::make_shared<Pyramid>(stage_channels(*trunk), widths.channels));
  head_ =
      register_module("head", std::make_shared<Head>(widths.channels, widths.head_layers, classes));
  kaiming_init(*pyramid_);
  for (size_t i = 0; i < head_->shared->size(); ++i)
    kaiming_init(*head_->shared->ptr<SeparableImpl>(i));
  torch::NoGradGuard no_grad;
  for (const auto& output : {head_->class_output, head_->side_output}) {
    output->weight.normal_(0, .01);
    output->bias.zero_();
  }
  head_->class_output->bias.fill_(-std::log((1 - .01) / .01));
  frozen_ = frozen_modules(*trunk, options);
}

void DetectorNet::train(bool on) {
  Module::train(on);
  for (const auto& module : frozen_) module->eval();
}

PointOutputs DetectorNet::forward(const torch::Tensor& images) {
  return head_->forward(pyramid_->forward(trunk->stages(images)));
}

}  // namespace evenray
