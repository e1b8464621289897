// SPDX-License-Identifier: Apache-2.0
#include "classifier/network.hpp"

#include <torch/nn.h>

namespace evenray {

ClassifierNet::ClassifierNet(const std::string& arch, int64_t classes)
    : trunk(register_module("trunk", make_backbone(arch))),
      head(register_module(trunk->head, torch::nn::Linear(trunk->features, classes))) {
  torch::NoGradGuard no_grad;
  head->weight.zero_();
  head->bias.zero_();
}

torch::Tensor ClassifierNet::features(const torch::Tensor& images) {
  return torch::adaptive_avg_pool2d(map(images), {1, 1}).flatten(1);
}

std::shared_ptr<ClassifierNet> make_classifier(const std::string& arch, int64_t classes) {
  return std::make_shared<ClassifierNet>(arch, classes);
}

}  // namespace evenray
