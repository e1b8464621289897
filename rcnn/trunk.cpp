// SPDX-License-Identifier: Apache-2.0
#include "rcnn/trunk.hpp"

#include <torch/nn.h>

#include <algorithm>
#include <set>

#include "nn/backbone.hpp"
#include "nn/blocks.hpp"

namespace evenray {
namespace {

/// Backbones whose maps do not have ceil(side / stride) positions, or only one map.
const std::set<std::string> kUnsuitable{"densenet121",
                                        "densenet201",
                                        "legacy_xception",
                                        "vgg16_bn",
                                        "vit_tiny_patch16_224",
                                        "inception_resnet_v2",
                                        "nasnetamobile",
                                        "resnet50"};

/// A backbone of the classifiers.
struct BackboneTrunk final : Trunk {
  explicit BackboneTrunk(const std::string& arch)
      : net(register_module("net", make_backbone(arch))) {
    for (const auto& group : net->depths) {
      auto& own = depths.emplace_back();
      for (const auto& prefix : group) own.push_back("net." + prefix);
    }
    torch::NoGradGuard no_grad;
    EvalGuard eval(*net);
    for (const auto& map : net->stages(torch::zeros({1, 1, 64, 64})))
      channels.push_back(map.size(1));
  }
  std::vector<torch::Tensor> maps(const torch::Tensor& images) override {
    return net->stages(images);
  }
  std::shared_ptr<Backbone> net;
};

void choose_trained(Trunk& trunk, int64_t layers) {
  const auto count = static_cast<int64_t>(trunk.depths.size());
  for (auto& item : trunk.named_parameters()) {
    bool trained = false;
    for (int64_t i = std::max<int64_t>(0, count - layers); i < count; ++i)
      for (const auto& prefix : trunk.depths[static_cast<size_t>(i)])
        trained = trained || item.key().starts_with(prefix);
    item.value().requires_grad_(trained);
  }
  if (!trunk.frozen_norms) return;
  for (const auto& module : trunk.modules())
    if (auto* norm = module->as<torch::nn::BatchNorm2d>())
      for (auto& parameter : norm->parameters()) parameter.requires_grad_(false);
}

}  // namespace

void Trunk::train(bool on) {
  torch::nn::Module::train(on);
  if (!frozen_norms) return;
  for (const auto& module : modules(/*include_self=*/false))
    if (module->as<torch::nn::BatchNorm2d>()) module->train(false);
}

std::vector<std::string> rcnn_architectures() {
  std::vector<std::string> names{"resnet50", "vgg16"};
  for (const auto& name : backbone_names())
    if (!kUnsuitable.contains(name)) names.push_back(name);
  return names;
}

std::shared_ptr<Trunk> make_trunk(const RcnnOptions& options) {
  std::shared_ptr<Trunk> trunk;
  if (options.arch == "resnet50")
    trunk = make_resnet50_trunk(options.norm_epsilon);
  else if (options.arch == "vgg16")
    trunk = make_vgg16_trunk();
  else
    trunk = std::make_shared<BackboneTrunk>(options.arch);
  trunk->frozen_norms = options.frozen_norms;
  choose_trained(*trunk, options.trainable_layers);
  trunk->train();
  return trunk;
}

}  // namespace evenray
