// SPDX-License-Identifier: Apache-2.0
#include "nn/resize.hpp"

#include "tests/nn/torch_fixture.hpp"

using namespace evenray;

TEST_CASE("resizing is Pillow's antialiased bicubic, smaller and larger") {
  const Json golden = golden_json("nn/resize.json");
  REQUIRE(golden.size() == 5);
  for (const auto& made : golden) {
    const int64_t height = made["height"], width = made["width"];
    const int64_t to_height = made["to_height"], to_width = made["to_width"];
    INFO(height << "x" << width << " to " << to_height << "x" << to_width);
    const auto y = torch::arange(height).view({height, 1}), x = torch::arange(width);
    const auto picture = (3 * x * x + 5 * x * y + 11 * y).remainder(256).to(torch::kByte);
    const auto found = resize_bicubic(picture.view({1, 1, height, width}), to_height, to_width);
    CHECK(found.scalar_type() == torch::kFloat);
    REQUIRE(found.sizes() == std::vector<int64_t>{1, 1, to_height, to_width});
    CHECK(largest_difference(found.flatten(), tensor_of(made["pixels"])) < 1e-3);
  }
}
