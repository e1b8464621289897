// SPDX-License-Identifier: Apache-2.0
#include "detector/start_weights.hpp"

#include <torch/types.h>

#include <algorithm>
#include <array>

#include "core/error.hpp"
#include "core/text.hpp"
#include "nn/checkpoint.hpp"

namespace evenray {
namespace {

DetectorFile trained_detector(const Path& path, TensorFile file, const DetectOptions& options) {
  DetectorFile out = detector_file(path, std::move(file));
  check(out.options.arch == options.arch && out.options.size == options.size,
        Exit::bad_data,
        cat(path.string(),
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

RcnnWeights whole_weights(const Path& path, TensorFile file, const std::string& arch) {
  RcnnWeights out = rcnn_weights(path, std::move(file));
  check(out.arch == arch,
        Exit::bad_data,
        cat(path.string(), ": weights of ", out.arch, ", not of ", arch));
  return out;
}

/// Whether a tensor is of the last layers of a one-stage network, a U-Net or a two-stage network,
/// whose first dimension follows the number of classes.
bool is_last_layer(const std::string& name) {
  constexpr std::array<std::string_view, 4> kLastLayers{
      "head.class_output.",
      "output.",
      "rcnn.roi_heads.box_predictor.",
      "rcnn.roi_heads.mask_predictor.mask_fcn_logits."};
  return std::any_of(kLastLayers.begin(), kLastLayers.end(), [&](std::string_view layer) {
    return name.starts_with(layer);
  });
}

/// Whether two tensors differ in their first dimension only.
bool is_of_other_classes(const torch::Tensor& a, const torch::Tensor& b) {
  return a.dim() > 0 && a.dim() == b.dim() && a.size(0) != b.size(0) &&
         a.sizes().slice(1) == b.sizes().slice(1);
}

}  // namespace

StartWeights::StartWeights(const DetectOptions& options) : two_stage_(is_two_stage(options.arch)) {
  Path path;
  TensorFile file;
  std::string kind;  // empty: the name of installed weights
  if (std::filesystem::exists(options.weights)) {
    path = model_file(options.weights);
    file = read_safetensors(path);
    kind = require_metadata(file, "kind", path);
  }
  if (kind == kDetectorKind) {
    trained_ = trained_detector(path, std::move(file), options);
    digest_ = tensor_digest(trained_->file.tensors);
  } else if (two_stage_ && kind == kRcnnKind) {
    whole_ = whole_weights(path, std::move(file), options.arch);
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

bool StartWeights::load(BoxModel& model) const {
  if (trained_) return load_trained(model);
  if (whole_) return whole_->load(two_stage_net(model));
  if (two_stage_)
    load_trunk(two_stage_net(model), *backbone_);
  else
    backbone_->load(*model.one_channel_trunk());
  return true;
}

bool StartWeights::load_trained(BoxModel& model) const {
  bool all = true;
  const auto& tensors = trained_->file.tensors;
  for (auto [name, tensor] : tensors_of(model)) {
    const std::string own = "ema." + name;
    const auto found = tensors.find(own);
    if (found != tensors.end()) {
      check(found->second.isfinite().all().item<bool>(),
            Exit::bad_data,
            cat(trained_->path.string(), ": tensor '", own, "' holds values that are not finite"));
      if (is_last_layer(name) && is_of_other_classes(found->second, tensor)) {
        all = false;
        continue;
      }
    }
    load_tensor(trained_->file, own, tensor, trained_->path);
  }
  return all;
}

}  // namespace evenray
