// SPDX-License-Identifier: Apache-2.0
#include "nn/ema.hpp"

#include "nn/blocks.hpp"
#include "tests/nn/torch_fixture.hpp"

using namespace evenray;

namespace {

struct Pair : torch::nn::Module {
  explicit Pair(double value) {
    weight = register_parameter("weight", torch::full({2, 1, 3, 3}, value));
    bias = register_parameter("bias", torch::full({2}, value));
    count = register_buffer("count", torch::full({}, static_cast<int64_t>(value), torch::kLong));
  }
  torch::Tensor weight, bias, count;
};

}  // namespace

TEST_CASE("an average moves by 1 - decay; buffers are copied") {
  Pair average(1), source(3);
  ema_update(average, source, .75);
  CHECK(same(average.weight, torch::full({2, 1, 3, 3}, 1.5)));
  CHECK(same(average.bias, torch::full({2}, 1.5)));
  CHECK(average.count.item<int64_t>() == 3);
  ema_update(average, source, .75);
  CHECK(same(average.bias, torch::full({2}, 1.875)));
  CHECK(same(source.weight, torch::full({2, 1, 3, 3}, 3.)));
  CHECK(average.weight.requires_grad());
  CHECK(average.weight.is_leaf());
}

TEST_CASE("decay 0 gives the source, decay 1 keeps the average") {
  Pair average(1), source(3);
  ema_update(average, source, 1);
  CHECK(same(average.weight, torch::full({2, 1, 3, 3}, 1.)));
  ema_update(average, source, 0);
  CHECK(same(average.weight, source.weight));
}

TEST_CASE("an average of networks in channels_last equals the plain one") {
  BasicBlock plain(2, 4, 2), slow(2, 4, 2), fast(2, 4, 2);
  copy_module(*fast, *slow);
  to_channels_last(*fast);
  ema_update(*slow, *plain, .9);
  ema_update(*fast, *plain, .9);
  for (size_t i = 0; i < slow->parameters().size(); ++i)
    CHECK(same(slow->parameters()[i], fast->parameters()[i]));
}

TEST_CASE("copy_module copies parameters and buffers and shares nothing") {
  Pair target(1), source(3);
  copy_module(target, source);
  CHECK(same(target.weight, source.weight));
  CHECK(target.count.item<int64_t>() == 3);
  torch::NoGradGuard no_grad;
  source.weight.zero_();
  source.count.zero_();
  CHECK(target.weight[0][0][0][0].item<float>() == 3);
  CHECK(target.count.item<int64_t>() == 3);
}
