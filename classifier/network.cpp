// SPDX-License-Identifier: Apache-2.0
#include "classifier/network.hpp"

#include <torch/nn.h>

namespace evenray {
namespace {

/// Registers a layer in `module` under a path such as head.fc: within modules that hold nothing
/// else, because torch forbids dots in names.
torch::nn::Linear registered(torch::nn::Module& module,
                             const std::string& path,
                             const torch::nn::Linear& layer) {
  const size_t dot = path.find('.');
  if (dot == std::string::npos) return module.register_module(path, layer);
  const auto part =
      module.register_module(path.substr(0, dot), std::make_shared<torch::nn::Module>());
  return registered(*part, path.substr(dot + 1), layer);
}

}  // namespace

ClassifierNet::ClassifierNet(const std::string& arch, int64_t classes)
    : trunk(register_module("trunk", make_backbone(arch))),
      head(registered(*this, trunk->head, torch::nn::Linear(trunk->features, classes))) {
  torch::NoGradGuard no_grad;
  head->weight.zero_();
  head->bias.zero_();
}

std::shared_ptr<ClassifierNet> make_classifier(const std::string& arch, int64_t classes) {
  return std::make_shared<ClassifierNet>(arch, classes);
}

}  // namespace evenray
