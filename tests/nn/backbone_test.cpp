// SPDX-License-Identifier: Apache-2.0
#include "nn/backbone.hpp"

#include "nn/checkpoint.hpp"
#include "nn/compute.hpp"
#include "tests/nn/torch_fixture.hpp"

using namespace evenray;

namespace {

/// The numbers of make_backbones.py, from -1 to 1.
torch::Tensor noise(int64_t count, int64_t seed) {
  constexpr int64_t k32Bits = int64_t{1} << 32;
  auto x = (torch::arange(count, torch::kLong) + 1000003 * seed) * 2654435761 % k32Bits;
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
    const auto values = noise(p.numel(), static_cast<int64_t>(item.key().size())).view(p.sizes());
    const double fan = static_cast<double>(p.numel() / p.size(0));
    p.copy_(p.dim() == 1 ? 1 + .1 * values : values * std::sqrt(6 / fan));
  }
}

}  // namespace

TEST_CASE("backbones have the tensors of timm's, and compute what they do") {
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
    CHECK(tensors[network->stem + ".weight"][1] == 1);

    network->to(torch::kDouble);
    fill(*network);
    torch::NoGradGuard no_grad;
    const auto first = image(64, 48);
    network->final_map(torch::cat({first, first.flip(3)}));  // moves the running statistics
    network->eval();
    size_t k = 0;
    for (const auto& [height, width] : {std::pair{64, 48}, std::pair{77, 53}}) {
      const auto found = network->final_map(image(height, width)).mean({2, 3})[0];
      CHECK(found.numel() == network->features);
      const auto values = tensor_of(expected["features"][k++]);
      CHECK(largest_difference(found.slice(0, 0, c10::nullopt, 16), values) <
            1e-9 * values.abs().max().item<double>());
    }
  }
}

TEST_CASE("each tensor of a backbone has one depth") {
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
      {"tf_efficientnet_lite0", {24, 40, 112, 320}},
      {"mobilenetv2_100", {24, 32, 96, 320}},
      {"densenet121", {256, 512, 1024, 1024}}};
  for (const auto& [name, widths] : widths_of) {
    INFO(name);
    const auto network = make_backbone(name);
    network->eval();
    torch::NoGradGuard no_grad;
    for (const auto& [height, width] : {std::pair{32, 32}, std::pair{80, 64}, std::pair{33, 47}}) {
      if (name == "densenet121" && height % 32 > 0) continue;  // rounds down
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

TEST_CASE("an unknown architecture is named with those that are known") {
  const Error error = error_of([] { make_backbone("resnet81"); });
  CHECK(error.code() == Exit::config);
  CHECK(contains(error.what(), "unknown architecture 'resnet81' (known: small, resnet18, "));
}
