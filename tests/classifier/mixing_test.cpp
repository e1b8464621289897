// SPDX-License-Identifier: Apache-2.0
#include "classifier/mixing.hpp"

#include <cmath>

#include "tests/nn/torch_fixture.hpp"

using namespace evenray;

namespace {

/// Row i has the value 20 i everywhere and the label i.
Batch levels() {
  const auto value = torch::arange(8);
  return {(value * 20).to(torch::kByte).view({8, 1, 1, 1}).expand({8, 1, 16, 12}).contiguous(),
          value.to(torch::kFloat).view({8, 1}),
          torch::ones({8})};
}

}  // namespace

TEST_CASE("without mixup and cutmix a minibatch stays as it is") {
  const Batch batch = levels();
  const Mix mix = draw_mix(batch, {}, Rng(1));
  CHECK(mix.share == 1);
  CHECK(torch::equal(mix.images, batch.images));
}

TEST_CASE("mixup shows weighted means") {
  const Batch batch = levels();
  ClassifyOptions options;
  options.mixup = .4;
  const Mix mix = draw_mix(batch, options, Rng(1));
  CHECK(mix.images.dtype() == torch::kByte);
  const auto expected = 20 * (mix.share * batch.labels + (1 - mix.share) * mix.labels);
  CHECK(largest_difference(mix.images.to(torch::kFloat).mean({1, 2, 3}), expected.flatten()) <=
        .501);
  // Features are not rounded.
  const Batch features{batch.labels.clone(), batch.labels, batch.weights};
  const Mix of_features = draw_mix(features, options, Rng(1));
  CHECK(largest_difference(of_features.images * 20, expected) < 1e-4);
}

TEST_CASE("cutmix takes a rectangle whose area is the share of the other label") {
  const Batch batch = levels();
  ClassifyOptions options;
  options.cutmix = 1;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const Mix mix = draw_mix(batch, options, Rng(seed));
    const auto expected = 20 * (mix.share * batch.labels + (1 - mix.share) * mix.labels);
    CHECK(largest_difference(mix.images.to(torch::kFloat).mean({1, 2, 3}), expected.flatten()) <
          1e-3);
    // Each pixel is of one of the two images.
    const auto own = mix.images == batch.images;
    const auto other = mix.images == (mix.labels * 20).to(torch::kByte).view({8, 1, 1, 1});
    CHECK((own | other).all().item<bool>());
  }
}

TEST_CASE("both are used for half of the minibatches each") {
  ClassifyOptions options;
  options.mixup = options.cutmix = 1;
  int mixed = 0;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    const Mix mix = draw_mix(levels(), options, Rng(seed));
    mixed += mix.images.amax({1, 2, 3}).equal(mix.images.amin({1, 2, 3}));
  }
  CHECK(mixed > 70);
  CHECK(mixed < 145);  // some rectangles are empty
}

TEST_CASE("shares have the moments of a beta distribution") {
  const double a = GENERATE(.2, 1., 2.);
  Rng rng(3);
  double sum = 0, squares = 0;
  constexpr int kDraws = 4000;
  for (int i = 0; i < kDraws; ++i) {
    const double share = draw_beta(a, rng);
    sum += share;
    squares += (share - .5) * (share - .5);
  }
  CHECK(sum / kDraws == Approx(.5).margin(.03));
  CHECK(squares / kDraws == Approx(1 / (4 * (2 * a + 1))).epsilon(.06));
}
