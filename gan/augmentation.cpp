// SPDX-License-Identifier: Apache-2.0
#include "gan/augmentation.hpp"

#include <torch/types.h>

#include "nn/checkpoint.hpp"

namespace evenray {
namespace {

constexpr const char* kAda = "ada";

}  // namespace

Augmentation::Augmentation(const GanOptions& options, torch::Device device) {
  if (options.augment == kAda) {
    ada_ = std::make_unique<Ada>(options.ada, device);
  } else {
    diffaugment_ = DiffAugment::parse(options.augment);
  }
}

torch::Tensor Augmentation::apply(const torch::Tensor& images, const Rng& rng) const {
  return ada_ ? ada_->apply(images, rng) : diffaugment_.apply(images, rng);
}

void Augmentation::observe(const torch::Tensor& real_logits) {
  if (ada_) ada_->observe(real_logits);
}

std::optional<double> Augmentation::strength() const {
  if (!ada_) return std::nullopt;
  return ada_->state()[0].item<double>();
}

void Augmentation::save(TensorFile& file) const {
  if (ada_) file.tensors["ada.state"] = ada_->state();
}

void Augmentation::load(const TensorFile& file, const Path& path) {
  if (ada_) load_tensor(file, "ada.state", ada_->state(), path);
}

}  // namespace evenray
