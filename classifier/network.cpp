// SPDX-License-Identifier: Apache-2.0
#include "classifier/network.hpp"

#include <torch/nn.h>

#include "nn/backbone.hpp"

namespace evenray {
namespace {

struct TrunkAndHead final : ClassifierNet {
  TrunkAndHead(const std::string& arch, int64_t classes)
      : trunk(register_module("trunk", make_backbone(arch))),
        fc(register_module("fc", torch::nn::Linear(trunk->features, classes))) {
    torch::NoGradGuard no_grad;
    fc->weight.zero_();
    fc->bias.zero_();
  }
  torch::Tensor features(const torch::Tensor& images) override {
    return torch::adaptive_avg_pool2d(trunk->stages(images).back(), {1, 1}).flatten(1);
  }
  torch::Tensor forward(const torch::Tensor& images) override { return fc(features(images)); }
  std::shared_ptr<Backbone> trunk;
  torch::nn::Linear fc;
};

}  // namespace

std::shared_ptr<ClassifierNet> make_classifier(const std::string& arch, int64_t classes) {
  return std::make_shared<TrunkAndHead>(arch, classes);
}

}  // namespace evenray
