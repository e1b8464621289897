// SPDX-License-Identifier: Apache-2.0
#include <torch/nn.h>

#include "nn/backbone_families.hpp"

namespace evenray {
namespace {

constexpr int64_t kPatch = 16, kHeadWidth = 64;
constexpr int64_t kGrid = 14;  ///< patches per side of the images that it is published for
constexpr double kVitDeviation = .02;

torch::nn::LayerNorm layer_norm(int64_t width) {
  return torch::nn::LayerNorm(torch::nn::LayerNormOptions({width}).eps(1e-6));
}

/// Attention of each token to all, in heads of 64 channels.
struct AttentionImpl final : torch::nn::Module {
  explicit AttentionImpl(int64_t width)
      : qkv(register_module("qkv", torch::nn::Linear(width, 3 * width))),
        proj(register_module("proj", torch::nn::Linear(width, width))) {}
  /// [B,N,C] -> [B,count,C]: of the first `count` tokens.
  torch::Tensor forward(const torch::Tensor& x, int64_t count) {
    const int64_t images = x.size(0), width = x.size(2);
    const auto parts = qkv(x)
                           .view({images, x.size(1), 3, width / kHeadWidth, kHeadWidth})
                           .permute({2, 0, 3, 1, 4})
                           .unbind(0);
    const auto seen =
        at::scaled_dot_product_attention(parts[0].slice(2, 0, count), parts[1], parts[2]);
    return proj(seen.transpose(1, 2).reshape({images, count, width}));
  }
  torch::nn::Linear qkv, proj;
};
using Attention = torch::nn::ModuleHolder<AttentionImpl>;

struct VitMlpImpl final : torch::nn::Module {
  explicit VitMlpImpl(int64_t width)
      : fc1(register_module("fc1", torch::nn::Linear(width, 4 * width))),
        fc2(register_module("fc2", torch::nn::Linear(4 * width, width))) {}
  torch::Tensor forward(const torch::Tensor& x) { return fc2(torch::gelu(fc1(x))); }
  torch::nn::Linear fc1, fc2;
};
using VitMlp = torch::nn::ModuleHolder<VitMlpImpl>;

struct VitBlockImpl final : torch::nn::Module {
  explicit VitBlockImpl(int64_t width)
      : norm1(register_module("norm1", layer_norm(width))),
        attn(register_module("attn", Attention(width))),
        norm2(register_module("norm2", layer_norm(width))),
        mlp(register_module("mlp", VitMlp(width))) {}
  torch::Tensor forward(const torch::Tensor& x) { return finish(x, norm1(x)); }
  /// Returns its output for the first tokens of its input, `x`. `normed`: norm1 of all its tokens.
  torch::Tensor finish(const torch::Tensor& x, const torch::Tensor& normed) {
    const auto y = x + attn(normed, x.size(1));
    return y + mlp(norm2(y));
  }
  torch::nn::LayerNorm norm1;
  Attention attn;
  torch::nn::LayerNorm norm2;
  VitMlp mlp;
};
using VitBlock = torch::nn::ModuleHolder<VitBlockImpl>;

/// timm keeps the projection in a module `patch_embed`.
struct PatchEmbedImpl final : torch::nn::Module {
  explicit PatchEmbedImpl(int64_t width)
      : proj(register_module(
            "proj", torch::nn::Conv2d(torch::nn::Conv2dOptions(1, width, kPatch).stride(kPatch)))) {
  }
  /// [B,1,H,W] -> [B,C,h,w]; pads the image with zeros at the right and the bottom.
  torch::Tensor forward(const torch::Tensor& x) {
    const auto lacking = [&](int64_t side) { return (kPatch - x.size(side) % kPatch) % kPatch; };
    const int64_t below = lacking(2), right = lacking(3);
    return proj(below + right > 0 ? torch::constant_pad_nd(x, {0, right, 0, below}) : x);
  }
  torch::nn::Conv2d proj;
};
using PatchEmbed = torch::nn::ModuleHolder<PatchEmbedImpl>;

struct VisionTransformer final : Backbone {
  VisionTransformer(int64_t width, int64_t count)
      : cls_token(register_parameter("cls_token", torch::empty({1, 1, width}))),
        pos_embed(register_parameter("pos_embed", torch::empty({1, 1 + kGrid * kGrid, width}))),
        patch_embed(register_module("patch_embed", PatchEmbed(width))) {
    features = width;
    head = "head";
    stem = "patch_embed.proj";
    depths = {{"cls_token", "pos_embed", "patch_embed"}};
    const auto list = register_module("blocks", torch::nn::ModuleList());
    for (int64_t b = 0; b < count; ++b) {
      depths.push_back({"blocks." + std::to_string(b) + "."});
      blocks.push_back(VitBlock(width));
      list->push_back(blocks.back());
    }
    norm = register_module("norm", layer_norm(width));
    depths.back().push_back("norm.");
    draw();
  }
  std::vector<torch::Tensor> stages(const torch::Tensor& x) override { return {final_map(x).map}; }
  FinalMap final_map(const torch::Tensor& x) override {
    const auto patches = patch_embed(x);
    const int64_t h = patches.size(2), w = patches.size(3);
    auto tokens =
        torch::cat({cls_token.expand({x.size(0), -1, -1}), patches.flatten(2).transpose(1, 2)}, 1);
    tokens = tokens + positions(h, w);
    for (size_t b = 0; b + 1 < blocks.size(); ++b) tokens = blocks[b](tokens);
    const auto patches_normed = blocks.back()->norm1(tokens).slice(1, 1);
    return {patches_normed.transpose(1, 2).unflatten(2, {h, w}), tokens.select(1, 0)};
  }
  torch::Tensor pooled(const FinalMap& seen) override {
    auto& last = *blocks.back();
    const auto token = seen.token.unsqueeze(1);
    const auto normed = torch::cat({last.norm1(token), seen.map.flatten(2).transpose(1, 2)}, 1);
    return norm(last.finish(token, normed)).select(1, 0);
  }

 private:
  /// Returns the position embeddings of the class token and of h x w patches.
  torch::Tensor positions(int64_t h, int64_t w) const {
    if (h == kGrid && w == kGrid) return pos_embed;
    namespace F = torch::nn::functional;
    const auto grid = pos_embed.slice(1, 1).transpose(1, 2).unflatten(2, {kGrid, kGrid});
    const auto resized = F::interpolate(grid.to(torch::kFloat),
                                        F::InterpolateFuncOptions()
                                            .size(std::vector{h, w})
                                            .mode(torch::kBicubic)
                                            .align_corners(false)
                                            .antialias(true));
    return torch::cat(
        {pos_embed.slice(1, 0, 1), resized.to(pos_embed.dtype()).flatten(2).transpose(1, 2)}, 1);
  }
  /// The initial weights of timm. It cuts the normal distribution at 100 deviations.
  void draw() {
    torch::NoGradGuard no_grad;
    cls_token.normal_(0, 1e-6);
    pos_embed.normal_(0, kVitDeviation);
    for (const auto& child : modules(/*include_self=*/false)) {
      auto* layer = child->as<torch::nn::Linear>();
      if (!layer) continue;
      layer->weight.normal_(0, kVitDeviation);
      layer->bias.zero_();
    }
  }

  torch::Tensor cls_token, pos_embed;
  PatchEmbed patch_embed;
  std::vector<VitBlock> blocks;
  torch::nn::LayerNorm norm{nullptr};
};

}  // namespace

std::shared_ptr<Backbone> make_vit(int64_t width, int64_t blocks) {
  return std::make_shared<VisionTransformer>(width, blocks);
}

}  // namespace evenray
