// SPDX-License-Identifier: Apache-2.0
#include "detector/box_model.hpp"

#include <torch/types.h>

#include "core/error.hpp"
#include "core/text.hpp"
#include "detector/network.hpp"
#include "detector/unet.hpp"
#include "nn/checkpoint.hpp"

namespace evenray {
namespace {

/// Returns the weights if `path` is a file of a whole two-stage detector.
std::optional<RcnnWeights> whole_weights(const std::string& path, const std::string& arch) {
  if (!std::filesystem::is_regular_file(path)) return std::nullopt;
  const TensorFile file = read_safetensors(path);
  const auto kind = file.metadata.find("kind");
  if (kind == file.metadata.end() || kind->second != kRcnnKind) return std::nullopt;
  auto weights = read_rcnn_weights(path);
  check(weights.arch == arch,
        Exit::bad_data,
        cat(path, ": weights of ", weights.arch, ", not of ", arch));
  return weights;
}

}  // namespace

StartWeights::StartWeights(const DetectOptions& options) : two_stage_(is_two_stage(options.arch)) {
  if (two_stage_) whole_ = whole_weights(options.weights, options.arch);
  if (!whole_) backbone_ = read_pretrained(options.weights, backbone_of(options.arch));
}

const std::string& StartWeights::digest() const {
  return whole_ ? whole_->digest : backbone_->digest;
}

PixelInput StartWeights::input() const {
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
  return backbone_->input;
}

void StartWeights::load(BoxModel& model) const {
  if (whole_) {
    whole_->load(two_stage_net(model));
  } else if (two_stage_) {
    load_trunk(two_stage_net(model), *backbone_);
  } else {
    backbone_->load(*model.one_channel_trunk());
  }
}

std::shared_ptr<BoxModel> make_box_model(const DetectOptions& options,
                                         int64_t classes,
                                         const PixelInput& input,
                                         int threads) {
  if (is_two_stage(options.arch)) return make_two_stage(options, classes, input);
  if (is_unet(options.arch)) return make_unet(options, classes, threads);
  return std::make_shared<DetectorNet>(options, classes, threads);
}

}  // namespace evenray
