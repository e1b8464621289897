// SPDX-License-Identifier: Apache-2.0
#include <torch/torch.h>

#include "core/error.hpp"
#include "core/text.hpp"
#include "gan/gan.hpp"
#include "gan/networks.hpp"
#include "gan/pggan_blocks.hpp"
#include "nn/blocks.hpp"
#include "nn/checkpoint.hpp"
#include "nn/loader.hpp"

namespace evenray {
namespace {

/// Images are drawn in whole aligned blocks, so that image i does not depend on how many are asked
/// for: kernels may sum in another order for another batch size.
constexpr int64_t kBlock = 64;

}  // namespace

struct Generator::State {
  Json facts;
  std::string class_name, digest;
  int height = 0, width = 0, value_max = 255;
  int64_t latent = 0;
  torch::Device device = torch::kCPU;
  std::shared_ptr<GeneratorNet> net;
  /// The block drawn last, since the next images often lie in it.
  uint64_t seed = 0;
  int64_t block = -1;
  std::vector<cv::Mat> images;
};

Generator::Generator(const Path& path, const Compute& compute) : state_(std::make_unique<State>()) {
  const Path file_path = model_file(path);
  const TensorFile file = read_safetensors(file_path);
  check(require_metadata(file, "kind", file_path) == "gan",
        Exit::bad_data,
        cat(file_path.string(), " is no generator"));
  State& state = *state_;
  GanOptions options;
  Growth growth;
  try {
    read_config_text([&](Fields& f) { f.section("gan", options); },
                     require_metadata(file, "config", file_path),
                     file_path.string());
    state.facts = Json::parse(require_metadata(file, "facts", file_path));
    state.height = state.facts.at("size_px").at(0);
    state.width = state.facts.at("size_px").at(1);
    state.value_max = state.facts.at("value_max");
    state.class_name = state.facts.at("class");
    options.check();
    growth = {state.facts.at("level"), state.facts.at("alpha")};
    check(growth.level >= 0 && growth.level <= plan_size(state.height, state.width).doublings &&
              growth.alpha >= 0 && growth.alpha <= 1 && (growth.level > 0 || !growth.fading()),
          Exit::bad_data,
          cat("level ", growth.level, " and alpha ", growth.alpha));
    check(state.value_max == 255 || state.value_max == 65535,
          Exit::bad_data,
          cat("value_max is ", state.value_max));
    // A file cannot make us build a network larger than itself.
    int64_t stored = 0;
    for (const auto& [name, tensor] : file.tensors)
      if (name.starts_with("ema.")) stored += tensor.numel();
    check(generator_weights(options, state.height, state.width) <= stored,
          Exit::bad_data,
          "its tensors are too small for them");
  } catch (const Error& error) {
    throw Error(Exit::bad_data, cat(file_path.string(), ": damaged settings: ", error.what()));
  } catch (const Json::exception&) {
    throw Error(Exit::bad_data, cat(file_path.string(), ": damaged facts"));
  }
  state.digest = require_metadata(file, "tensor_digest", file_path);
  state.latent = options.latent;
  state.device = compute.device;
  state.net = make_generator(options, state.height, state.width);
  state.net->growth = growth;
  load_module(file, "ema", *state.net, file_path);
  to_channels_last(*state.net);
  state.net->to(state.device);
  state.net->eval();
}

Generator::~Generator() = default;
Generator::Generator(Generator&&) noexcept = default;

int Generator::height() const { return state_->height; }
int Generator::width() const { return state_->width; }
int Generator::value_max() const { return state_->value_max; }
const std::string& Generator::class_name() const { return state_->class_name; }
const std::string& Generator::digest() const { return state_->digest; }
const Json& Generator::facts() const { return state_->facts; }

std::vector<cv::Mat> Generator::sample(int64_t first, int64_t count, uint64_t seed) const {
  torch::InferenceMode inference;
  State& state = *state_;
  std::vector<cv::Mat> images;
  for (int64_t block = first / kBlock; block * kBlock < first + count; ++block) {
    if (block != state.block || seed != state.seed) {
      const auto latent = latents(Rng(seed), block * kBlock, kBlock, state.latent);
      const auto drawn = state.net->forward(latent.to(state.device));
      state.images = to_mats(enlarged(drawn, state.height), state.value_max);
      state.block = block;
      state.seed = seed;
    }
    for (int64_t i = 0; i < kBlock; ++i) {
      const int64_t number = block * kBlock + i;
      if (number >= first && number < first + count)
        images.push_back(state.images[static_cast<size_t>(i)].clone());
    }
  }
  return images;
}

}  // namespace evenray
