// SPDX-License-Identifier: Apache-2.0
#include "detector/start_weights.hpp"

#include <torch/types.h>

#include "core/error.hpp"
#include "core/text.hpp"
#include "nn/checkpoint.hpp"

namespace evenray {
namespace {

/// Returns the kind of a file of weights; empty if there is no such file: `weights` is then the
/// name of installed ones.
std::string kind_of(const std::string& weights) {
  if (!std::filesystem::exists(weights)) return "";
  const Path path = model_file(weights);
  return require_metadata(read_safetensors(path), "kind", path);
}

DetectorFile trained_detector(const DetectOptions& options) {
  DetectorFile out = read_detector_file(options.weights);
  check(out.options.arch == options.arch && out.options.size == options.size,
        Exit::bad_data,
        cat(out.path.string(),
            ": weights of ",
            out.options.arch,
            " with the size ",
            out.options.size,
            ", not of ",
            options.arch,
            " with ",
            options.size));
  std::erase_if(out.file.tensors, [](const auto& item) { return !item.first.starts_with("ema."); });
  return out;
}

RcnnWeights whole_weights(const DetectOptions& options) {
  RcnnWeights out = read_rcnn_weights(options.weights);
  check(out.arch == options.arch,
        Exit::bad_data,
        cat(options.weights, ": weights of ", out.arch, ", not of ", options.arch));
  return out;
}

/// Whether two tensors differ in their first dimension only, which in last layers follows the
/// number of classes.
bool is_of_other_classes(const torch::Tensor& a, const torch::Tensor& b) {
  return a.dim() > 0 && a.dim() == b.dim() && a.size(0) != b.size(0) &&
         a.sizes().slice(1) == b.sizes().slice(1);
}

}  // namespace

StartWeights::StartWeights(const DetectOptions& options) : two_stage_(is_two_stage(options.arch)) {
  const std::string kind = kind_of(options.weights);
  if (kind == kDetectorKind) {
    trained_ = trained_detector(options);
    digest_ = tensor_digest(trained_->file.tensors);
  } else if (two_stage_ && kind == kRcnnKind) {
    whole_ = whole_weights(options);
    digest_ = whole_->digest;
  } else {
    backbone_ = read_pretrained(options.weights, backbone_of(options.arch));
    digest_ = backbone_->digest;
  }
}

const std::string& StartWeights::digest() const { return digest_; }

PixelInput StartWeights::input() const {
  if (trained_) return trained_->pixels;
  if (whole_)
    return {{whole_->mean.begin(), whole_->mean.end()},
            {whole_->deviation.begin(), whole_->deviation.end()},
            whole_->norm_epsilon};
  const auto three = [](double value) { return std::vector<double>(3, value); };
  return {
      three(backbone_->input.mean), three(backbone_->input.deviation), PixelInput{}.norm_epsilon};
}

std::optional<Standardise> StartWeights::standardise() const {
  if (two_stage_) return std::nullopt;
  return trained_ ? trained_->standardise : backbone_->input;
}

void StartWeights::load(BoxModel& model) const {
  if (trained_) {
    load_trained(model);
  } else if (whole_) {
    whole_->load(two_stage_net(model));
  } else if (two_stage_) {
    load_trunk(two_stage_net(model), *backbone_);
  } else {
    backbone_->load(*model.one_channel_trunk());
  }
}

void StartWeights::load_trained(BoxModel& model) const {
  const auto& tensors = trained_->file.tensors;
  for (auto [name, tensor] : tensors_of(model)) {
    const std::string own = "ema." + name;
    const auto found = tensors.find(own);
    if (found != tensors.end()) {
      check(found->second.isfinite().all().item<bool>(),
            Exit::bad_data,
            cat(trained_->path.string(), ": tensor '", own, "' holds values that are not finite"));
      if (is_of_other_classes(found->second, tensor)) continue;
    }
    load_tensor(trained_->file, own, tensor, trained_->path);
  }
}

}  // namespace evenray
