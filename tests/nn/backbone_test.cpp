// SPDX-License-Identifier: Apache-2.0
#include "nn/backbone.hpp"

#include "nn/compute.hpp"
#include "tests/nn/torch_fixture.hpp"

using namespace evenray;

namespace {

/// The weights of make_nn.py.
void fill_with_waves(torch::nn::Module& module) {
  torch::NoGradGuard no_grad;
  for (auto& item : module.named_parameters()) {
    auto& p = item.value();
    const auto values = wave(p.numel(), static_cast<double>(item.key().size())).view(p.sizes());
    const double fan = static_cast<double>(p.numel() / p.size(0));
    p.copy_(p.dim() == 1 ? 1 + .1 * values : values * std::sqrt(2 / fan));
  }
}

}  // namespace

TEST_CASE("backbones have their published sizes") {
  seed_torch(1);
  // torchvision's 11,689,512 without fc (513,000) and two of the stem's three channels (6,272).
  CHECK(parameter_count(*make_backbone("resnet18")) == 11'170'240);
  CHECK(make_backbone("resnet18")->features == 512);
  const auto small = make_backbone("small");
  CHECK(small->features == 128);
  CHECK(parameter_count(*small) == 302'832);
}

TEST_CASE("the names of a backbone's tensors are part of the format") {
  const std::string resnet18 = keys_text(*make_backbone("resnet18"));
  CHECK(resnet18 == read_file(golden_path("nn/resnet18_keys.txt")));
  std::string all;
  for (const auto& name : backbone_names()) all += name + "\n" + keys_text(*make_backbone(name));
  CHECK(all == golden_bytes("nn/backbone_keys.txt", all));
}

TEST_CASE("resnet18 computes what torchvision's does") {
  const auto network = make_backbone("resnet18");
  fill_with_waves(*network);
  torch::NoGradGuard no_grad;
  const auto image = wave(64 * 48, 3).view({1, 1, 64, 48});
  network->stages(torch::cat({image, image.flip(3)}));
  network->eval();
  const auto found = network->stages(image).back().mean({2, 3})[0];
  const auto expected = tensor_of(golden_json("nn/resnet18.json"));
  CHECK(largest_difference(found, expected) < 1e-4 * expected.abs().max().item<double>());
}

TEST_CASE("the stages of a backbone have strides 4, 8, ... for images of any shape") {
  seed_torch(2);
  for (const auto& [name, widths] :
       {std::pair{"small", std::vector<int64_t>{32, 64, 128}},
        std::pair{"resnet18", std::vector<int64_t>{64, 128, 256, 512}}}) {
    INFO(name);
    const auto network = make_backbone(name);
    network->eval();
    CHECK(network->features == widths.back());
    torch::NoGradGuard no_grad;
    for (const auto& [height, width] : {std::pair{32, 32}, std::pair{80, 64}, std::pair{33, 47}}) {
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
  CHECK(contains(error.what(), "unknown architecture 'resnet81' (known: small, resnet18)"));
}
