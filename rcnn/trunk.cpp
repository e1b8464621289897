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
                                        "nasnetamobile"};

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

void freeze(Trunk& trunk, const RcnnOptions& options) {
  const auto& depths = trunk.depths;
  const int64_t groups = std::max<int64_t>(0, std::ssize(depths) - options.trainable_layers);
  const auto is_frozen = [&](const std::string& name) {
    return std::any_of(depths.begin(), depths.begin() + groups, [&](const auto& group) {
      return std::any_of(group.begin(), group.end(), [&](const std::string& prefix) {
        return name.starts_with(prefix);
      });
    });
  };
  for (auto& item : trunk.named_parameters()) item.value().requires_grad_(!is_frozen(item.key()));
  for (const auto& item : trunk.named_modules("", /*include_self=*/false)) {
    const bool frozen_norm = options.frozen_norms && item.value()->as<torch::nn::BatchNorm2d>();
    if (frozen_norm)
      for (auto& parameter : item.value()->parameters()) parameter.requires_grad_(false);
    if (frozen_norm || is_frozen(item.key())) trunk.frozen.push_back(item.value());
  }
}

}  // namespace

void Trunk::train(bool on) {
  torch::nn::Module::train(on);
  for (const auto& module : frozen) module->eval();
}

std::vector<std::string> rcnn_architectures() {
  std::vector<std::string> names;
  for (const auto& name : backbone_names())
    if (!kUnsuitable.contains(name)) names.push_back(name);
  names.emplace_back("vgg16");
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
  freeze(*trunk, options);
  trunk->train();
  return trunk;
}

}  // namespace evenray
