// SPDX-License-Identifier: Apache-2.0
#include <torch/types.h>

#include <cmath>

#include "core/error.hpp"
#include "core/text.hpp"
#include "gan/networks.hpp"

namespace evenray {
namespace {

constexpr std::array kNames{"none", "projection", "acgan"};  // in the order of the enumerators

}  // namespace

std::vector<std::string> conditioning_names() { return {kNames.begin(), kNames.end()}; }

Conditioning conditioning_named(const std::string& name) {
  const auto found = std::find(kNames.begin(), kNames.end(), name);
  check(found != kNames.end(),
        Exit::config,
        unknown_name("gan.conditioning", name, conditioning_names()));
  return static_cast<Conditioning>(found - kNames.begin());
}

void DiscriminatorNet::condition(const GanOptions& options, int64_t classes) {
  const Conditioning conditioning = conditioning_named(options.conditioning);
  if (conditioning == Conditioning::projection && options.dcgan.spectral_norm) {
    normalised_vectors_ = register_module(
        "class_vectors",
        SpectralConv2d(classes, feature_count, std::vector<int64_t>{1, 1}, 1, 0, false));
  } else if (conditioning == Conditioning::projection) {
    class_vectors_ = register_parameter("class_vectors", torch::randn({classes, feature_count}));
  } else if (conditioning == Conditioning::acgan) {
    class_scores_ = register_module("class_scores", EqualizedLinear(feature_count, classes, 1.));
  }
}

DiscriminatorOutput DiscriminatorNet::discriminate(const torch::Tensor& images,
                                                   const torch::Tensor& labels) {
  const auto found = features(images);
  DiscriminatorOutput out{score(found), {}};
  if (!class_vectors_.defined() && normalised_vectors_.is_empty() && class_scores_.is_empty())
    return out;
  const auto pooled = found.dim() > 2 ? found.mean({2, 3}) : found;
  if (!class_scores_.is_empty()) {
    out.classes = class_scores_->forward(pooled);
    return out;
  }
  // The square root keeps the variance of the dot product independent of the number of features.
  const auto vectors =
      class_vectors_.defined()
          ? labels.matmul(class_vectors_) / std::sqrt(static_cast<double>(feature_count))
          : normalised_vectors_->forward(labels.unsqueeze(2).unsqueeze(3)).flatten(1);
  out.logits = out.logits + (pooled * vectors).sum(1);
  return out;
}

torch::Tensor class_loss(const DiscriminatorOutput& output, const torch::Tensor& labels) {
  const auto likely = output.classes.to(torch::kFloat).log_softmax(1);
  return -(likely * labels).sum(1).mean();
}

}  // namespace evenray
