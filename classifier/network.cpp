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

ClassifierNet::ClassifierNet(const std::string& arch, int64_t classes, double cosine_scale)
    : trunk(register_module("trunk", make_backbone(arch))),
      head(registered(*this, trunk->head, torch::nn::Linear(trunk->features, classes))),
      cosine_scale(cosine_scale) {
  torch::NoGradGuard no_grad;
  // A vector of length 0 has no cosine.
  if (cosine_scale == 0) head->weight.zero_();
  head->bias.zero_();
}

torch::Tensor ClassifierNet::classify(const torch::Tensor& features) {
  if (cosine_scale == 0) return head(features);
  namespace F = torch::nn::functional;
  // The scale would enlarge the steps of bf16.
  const c10::impl::ExcludeDispatchKeyGuard no_autocast(c10::autocast_dispatch_keyset);
  const auto lengths_one = F::NormalizeFuncOptions().dim(1);
  return cosine_scale * F::linear(F::normalize(features.to(torch::kFloat), lengths_one),
                                  F::normalize(head->weight, lengths_one));
}

std::shared_ptr<ClassifierNet> make_classifier(const std::string& arch,
                                               int64_t classes,
                                               double cosine_scale) {
  return std::make_shared<ClassifierNet>(arch, classes, cosine_scale);
}

}  // namespace evenray
