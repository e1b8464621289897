// SPDX-License-Identifier: Apache-2.0
#include "nn/backbone.hpp"

#include <torch/autograd.h>

#include "nn/checkpoint.hpp"
#include "nn/compute.hpp"
#include "nn/inverted_residual.hpp"
#include "tests/nn/torch_fixture.hpp"

using namespace evenray;

namespace {

/// After this many, the numbers repeat.
constexpr int64_t kPeriod = 4194301;

/// The numbers of make_backbones.py, from -1 to 1.
torch::Tensor noise(int64_t count, int64_t seed) {
  constexpr int64_t k32Bits = int64_t{1} << 32;
  auto x = (torch::arange(std::min(count, kPeriod), torch::kLong) + 1000003 * seed) * 2654435761 %
           k32Bits;
  x = (x ^ x.bitwise_right_shift(15)) * 0x45D9F3B % k32Bits;
  return (x ^ x.bitwise_right_shift(16)).to(torch::kDouble) / (int64_t{1} << 31) - 1;
}

torch::Tensor image(int64_t height, int64_t width) {
  return noise(height * width, 3).view({1, 1, height, width});
}

void fill(torch::nn::Module& module) {
  torch::NoGradGuard no_grad;
  for (auto& item : module.named_parameters()) {
    auto& p = item.value();
    auto values = noise(p.numel(), static_cast<int64_t>(item.key().size()));
    // Those with three dimensions are the class token and the position embeddings.
    const double fan = p.dim() == 3 ? 6 : static_cast<double>(p.numel() / p.size(0));
    values = p.dim() == 1 ? 1 + .1 * values : values * std::sqrt(6 / fan);
    for (auto& part : p.view(-1).split(kPeriod)) part.copy_(values.slice(0, 0, part.numel()));
  }
}

}  // namespace

TEST_CASE("a norm in the weights is the norm after the convolution") {
  torch::manual_seed(3);
  SameConv conv(4, 6, 3, 2, 1, /*tensorflow=*/true);
  torch::nn::BatchNorm2d norm = batch_norm(6, /*tensorflow=*/true);
  conv->to(torch::kDouble);
  norm->to(torch::kDouble);
  {
    torch::NoGradGuard no_grad;
    for (auto& p : norm->parameters()) p.uniform_(.5, 1.5);
    norm->running_mean.normal_();
    norm->running_var.uniform_(.2, 3);
  }
  norm->eval();
  const auto x = torch::randn({2, 4, 7, 8}, torch::kDouble);
  const auto found = [&](bool inside) {
    auto input = x.clone().requires_grad_();
    const auto y = inside ? conv->normalised(input, norm) : norm->forward(conv->forward(input));
    const auto loss = (y * torch::arange(y.numel(), torch::kDouble).view(y.sizes())).sum();
    const auto weights = conv->parameters()[0];
    std::vector<torch::Tensor> out =
        torch::autograd::grad({loss}, {input, weights, norm->weight, norm->bias});
    out.push_back(y);
    return out;
  };
  const auto inside = found(true), after = found(false);
  for (size_t i = 0; i < inside.size(); ++i)
    CHECK(torch::allclose(inside[i], after[i], 1e-9, 1e-9));
  norm->train();
  CHECK(torch::equal(conv->normalised(x, norm), [&] {
    torch::nn::BatchNorm2d other = batch_norm(6, true);
    other->to(torch::kDouble);
    torch::NoGradGuard no_grad;
    other->weight.copy_(norm->weight);
    other->bias.copy_(norm->bias);
    return other->forward(conv->forward(x));
  }()));
}

TEST_CASE("backbones have the tensors of their packages', and compute what they do") {
  const Json golden = golden_json("nn/backbones.json");
  const Json tables = read_json(source_folder() / "tools" / "architectures.json");
  CHECK(golden.size() + 1 == backbone_names().size());  // all but small
  for (const auto& [name, expected] : golden.items()) {
    INFO(name);
    const auto network = make_backbone(name);
    CHECK(parameter_count(*network) == expected["parameters"]);
    std::map<std::string, Json> tensors;
    for (const auto& [key, tensor] : tensors_of(*network))
      if (!key.ends_with("num_batches_tracked")) tensors[key] = tensor.sizes().vec();
    const bool same_tensors = tensors == tables[name]["tensors"].get<std::map<std::string, Json>>();
    CHECK(same_tensors);
    CHECK(network->head == tables[name]["head"]);
    CHECK(network->features == tables[name]["inputs"]);
    CHECK(tensors[network->stem + ".weight"][1] == 1);

    network->to(torch::kDouble);
    fill(*network);
    torch::NoGradGuard no_grad;
    const auto sizes = expected["sizes"].get<std::vector<std::pair<int64_t, int64_t>>>();
    REQUIRE(sizes.size() == 2);
    const auto first = image(sizes[0].first, sizes[0].second);
    network->final_map(torch::cat({first, first.flip(3)}));  // moves the running statistics
    network->eval();
    size_t k = 0;
    for (const auto& [height, width] : sizes) {
      const auto found = network->pooled(network->final_map(image(height, width)))[0];
      CHECK(found.numel() == network->features);
      const auto values = tensor_of(expected["features"][k++]);
      CHECK(largest_difference(found.slice(0, 0, c10::nullopt, 16), values) <
            1e-9 * values.abs().max().item<double>());
    }
  }
}

TEST_CASE("each tensor of a backbone has one depth, and the smallest images have features") {
  seed_torch(1);
  for (const auto& name : backbone_names()) {
    const auto network = make_backbone(name);
    for (const auto& item : network->named_parameters()) {
      INFO(name + " " + item.key());
      int64_t groups = 0;
      for (const auto& prefixes : network->depths)
        groups += std::any_of(prefixes.begin(), prefixes.end(), [&](const auto& prefix) {
          return item.key().starts_with(prefix);
        });
      CHECK(groups == 1);
    }
    INFO(name);
    network->eval();
    torch::NoGradGuard no_grad;
    const auto images = torch::rand({2, 1, network->least_px, network->least_px + 1});
    const auto features = network->pooled(network->final_map(images));
    CHECK(features.sizes() == std::vector{int64_t{2}, network->features});
    CHECK(features.isfinite().all().item<bool>());
    CHECK(features.std().item<double>() > 0);
  }
}

TEST_CASE("the names of a backbone's tensors are part of the format") {
  const std::string small = keys_text(*make_backbone("small"));
  CHECK(small == golden_bytes("nn/backbone_keys.txt", small));
  CHECK(parameter_count(*make_backbone("small")) == 302'832);
}

TEST_CASE("the stages of a backbone have strides 4, 8, ... for images of any shape") {
  seed_torch(2);
  const std::map<std::string, std::vector<int64_t>> widths_of{
      {"small", {32, 64, 128}},
      {"resnet18", {64, 128, 256, 512}},
      {"resnet50", {256, 512, 1024, 2048}},
      {"efficientnet_b0", {24, 40, 112, 320}},
      {"tf_efficientnet_lite0", {24, 40, 112, 320}},
      {"mobilenetv2_100", {24, 32, 96, 320}},
      {"mobilenetv3_small_100", {16, 24, 48, 576}},
      {"densenet121", {256, 512, 1024, 1024}},
      {"vgg16_bn", {256, 512, 512, 512}}};
  for (const auto& [name, widths] : widths_of) {
    INFO(name);
    const auto network = make_backbone(name);
    network->eval();
    torch::NoGradGuard no_grad;
    for (const auto& [height, width] : {std::pair{32, 32}, std::pair{80, 64}, std::pair{33, 47}}) {
      if ((name == "densenet121" || name == "vgg16_bn") && height % 32 > 0) continue;
      const auto stages = network->stages(torch::rand({2, 1, height, width}));
      REQUIRE(stages.size() == widths.size());
      int64_t stride = 4;
      for (size_t s = 0; s < stages.size(); ++s, stride *= 2) {
        const std::vector<int64_t> size{
            2, widths[s], (height + stride - 1) / stride, (width + stride - 1) / stride};
        CHECK(stages[s].sizes() == size);
        CHECK(stages[s].isfinite().all().item<bool>());
        CHECK(stages[s].std().item<double>() > 0);
      }
    }
  }
}

TEST_CASE("the stages of some are smaller, and vit_tiny_patch16_224 has one") {
  seed_torch(2);
  torch::NoGradGuard no_grad;
  const auto shapes = [](const std::string& name, int64_t height, int64_t width) {
    const auto network = make_backbone(name);
    network->eval();
    std::vector<std::vector<int64_t>> out;
    for (const auto& map : network->stages(torch::rand({2, 1, height, width})))
      out.push_back(map.sizes().vec());
    return out;
  };
  CHECK(shapes("legacy_xception", 64, 33) ==
        std::vector<std::vector<int64_t>>{
            {2, 128, 15, 7}, {2, 256, 8, 4}, {2, 728, 4, 2}, {2, 2048, 2, 1}});
  CHECK(shapes("inception_resnet_v2", 107, 80) ==
        std::vector<std::vector<int64_t>>{
            {2, 192, 23, 16}, {2, 320, 11, 7}, {2, 1088, 5, 3}, {2, 1536, 2, 1}});
  // With odd sides before each halving, which pretrainedmodels refuses.
  CHECK(shapes("nasnetamobile", 37, 50) ==
        std::vector<std::vector<int64_t>>{
            {2, 44, 9, 12}, {2, 264, 5, 6}, {2, 528, 3, 3}, {2, 1056, 2, 2}});
  CHECK(shapes("vit_tiny_patch16_224", 64, 33) ==
        std::vector<std::vector<int64_t>>{{2, 192, 4, 3}});
}

TEST_CASE("a vision transformer pads with zeros, and its features depend on its whole map") {
  seed_torch(3);
  const auto network = make_backbone("vit_tiny_patch16_224");
  network->eval();
  FinalMap seen;
  {
    torch::NoGradGuard no_grad;
    const auto image = torch::rand({1, 1, 33, 40});
    seen = network->final_map(image);
    CHECK(seen.token.sizes() == std::vector<int64_t>{1, 192});
    // Zeros beside an image change nothing.
    const auto padded = network->final_map(torch::constant_pad_nd(image, {0, 8, 0, 15}));
    CHECK(largest_difference(padded.map, seen.map) == 0);
  }
  seen.map.set_requires_grad(true);
  const auto feature = network->pooled(seen)[0][0];
  const auto gradient = torch::autograd::grad({feature}, {seen.map})[0];
  CHECK((gradient.abs().amax(1) > 0).all().item<bool>());
  torch::NoGradGuard no_grad;
  const auto products = (seen.map * gradient).sum(1).abs();  // of HiResCAM
  CHECK(products.max().item<double>() > gradient.abs().max().item<double>());
}

TEST_CASE("an unknown architecture is named with those that are known") {
  const Error error = error_of([] { make_backbone("resnet81"); });
  CHECK(error.code() == Exit::config);
  CHECK(contains(error.what(), "unknown architecture 'resnet81' (known: small, resnet18, "));
}
