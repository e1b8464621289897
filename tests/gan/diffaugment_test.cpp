// SPDX-License-Identifier: Apache-2.0
#include "gan/diffaugment.hpp"

#include "tests/nn/torch_fixture.hpp"

using namespace evenray;

namespace {

constexpr int64_t kDiffaugmentHeight = 24, kDiffaugmentWidth = 16;

/// No value is 0.
torch::Tensor diffaugment_pictures(int64_t count) {
  return wave(count * kDiffaugmentHeight * kDiffaugmentWidth, 1)
                 .view({count, 1, kDiffaugmentHeight, kDiffaugmentWidth})
                 .abs() *
             .8 +
         .1;
}

/// Rows or columns of an image that hold anything but zeros.
std::vector<int64_t> zero_lines(const torch::Tensor& image, int64_t along) {
  const auto zero = (image[0] == 0).all(along).nonzero().flatten();
  return std::vector<int64_t>(zero.data_ptr<int64_t>(), zero.data_ptr<int64_t>() + zero.numel());
}

/// `image` moved so that out[y][x] = in[y + dy][x + dx], zeros where there is none.
torch::Tensor moved(const torch::Tensor& image, int64_t dy, int64_t dx) {
  auto out = torch::zeros_like(image);
  for (int64_t y = 0; y < kDiffaugmentHeight; ++y) {
    for (int64_t x = 0; x < kDiffaugmentWidth; ++x) {
      if (y + dy >= 0 && y + dy < kDiffaugmentHeight && x + dx >= 0 && x + dx < kDiffaugmentWidth)
        out[0][y][x] = image[0][y + dy][x + dx];
    }
  }
  return out;
}

}  // namespace

TEST_CASE("DiffAugment's names") {
  const auto off = DiffAugment::parse("none");
  CHECK_FALSE((off.brightness || off.contrast || off.translation || off.cutout));
  const auto some = DiffAugment::parse("cutout, brightness");
  CHECK(some.cutout);
  CHECK(some.brightness);
  CHECK_FALSE(some.contrast);
  CHECK_FALSE(some.translation);
  for (const std::string names : {"", "saturation", "none,cutout", "cutout,", "Cutout"}) {
    INFO(names);
    const Error error = error_of([&] { DiffAugment::parse(names); });
    CHECK(error.code() == Exit::config);
    CHECK(contains(error.what(), "gan.augment"));
    CHECK(contains(error.what(), "none and ada cannot be combined"));
  }
}

TEST_CASE("DiffAugment switched off changes nothing") {
  const auto x = diffaugment_pictures(3);
  CHECK(same(DiffAugment{}.apply(x, Rng(1)), x));
}

TEST_CASE("brightness adds U(-.5, .5), one number an image") {
  const auto x = diffaugment_pictures(400);
  const auto added = (DiffAugment::parse("brightness").apply(x, Rng(2)) - x).flatten(1);
  CHECK((added.amax(1) - added.amin(1)).max().item<double>() < 1e-6);
  CHECK(added.min().item<double>() >= -.5 - 1e-6);
  CHECK(added.min().item<double>() < -.48);
  CHECK(added.max().item<double>() <= .5 + 1e-6);
  CHECK(added.max().item<double>() > .48);
  CHECK(added.mean().item<double>() == Approx(0).margin(4 / std::sqrt(12 * 400.)));
}

TEST_CASE("contrast scales by U(.5, 1.5) about the image's mean") {
  const auto x = diffaugment_pictures(400);
  const auto y = DiffAugment::parse("contrast").apply(x, Rng(2));
  CHECK(largest_difference(y.mean({1, 2, 3}), x.mean({1, 2, 3})) < 1e-5);
  const auto factor = y.flatten(1).std(1) / x.flatten(1).std(1);
  const auto centre = x.mean({1, 2, 3}, true);
  CHECK(largest_difference(y, (x - centre) * factor.view({-1, 1, 1, 1}) + centre) < 1e-5);
  CHECK(factor.min().item<double>() >= .5 - 1e-5);
  CHECK(factor.min().item<double>() < .52);
  CHECK(factor.max().item<double>() <= 1.5 + 1e-5);
  CHECK(factor.max().item<double>() > 1.48);
}

TEST_CASE("translation moves by up to an eighth of each side and fills with zeros") {
  const auto x = diffaugment_pictures(200);
  const auto y = DiffAugment::parse("translation").apply(x, Rng(3));
  std::map<std::pair<int64_t, int64_t>, int> seen;
  for (int64_t i = 0; i < x.size(0); ++i) {
    // The lines that came in tell the move; an image not moved at all has none.
    const auto rows = zero_lines(y[i], 1), columns = zero_lines(y[i], 0);
    const auto way = [](const std::vector<int64_t>& lines) {
      const auto count = static_cast<int64_t>(lines.size());
      return lines.empty() ? 0 : lines[0] == 0 ? -count : count;
    };
    const int64_t dy = way(rows), dx = way(columns);
    ++seen[{dy, dx}];
    REQUIRE(same(y[i], moved(x[i], dy, dx)));
    REQUIRE(std::abs(dy) <= 3);
    REQUIRE(std::abs(dx) <= 2);
  }
  for (int64_t dy = -3; dy <= 3; ++dy) {
    for (int64_t dx = -2; dx <= 2; ++dx) {
      INFO(dy << " " << dx);
      CHECK(seen[{dy, dx}] > 0);
    }
  }
}

TEST_CASE("cutout blanks a box of half of each side, less where it leaves the image") {
  const auto x = diffaugment_pictures(300);
  const auto y = DiffAugment::parse("cutout").apply(x, Rng(4));
  int whole = 0;
  for (int64_t i = 0; i < x.size(0); ++i) {
    const auto zero = y[i][0] == 0;
    REQUIRE(torch::equal(y[i][0], torch::where(zero, torch::zeros({}), x[i][0])));
    const auto rows = zero.any(1), columns = zero.any(0);
    REQUIRE(torch::equal(zero, rows.view({-1, 1}).logical_and(columns.view({1, -1}))));
    const auto height = rows.sum().item<int64_t>(), width = columns.sum().item<int64_t>();
    // A box centred in the image shows half of itself at the least.
    REQUIRE(height >= kDiffaugmentHeight / 4);
    REQUIRE(height <= kDiffaugmentHeight / 2);
    REQUIRE(width >= kDiffaugmentWidth / 4);
    REQUIRE(width <= kDiffaugmentWidth / 2);
    const auto in_one_piece = [](const torch::Tensor& line) {
      const auto at = line.nonzero().flatten();
      return at[-1].item<int64_t>() - at[0].item<int64_t>() + 1 == at.numel();
    };
    REQUIRE(in_one_piece(rows));
    REQUIRE(in_one_piece(columns));
    whole += 4 * height * width == kDiffaugmentHeight * kDiffaugmentWidth;
  }
  // 13 of 25 rows and 9 of 17 columns as centre leave the box whole.
  CHECK(whole / 300. == Approx(13. / 25 * 9 / 17).margin(.1));
}

TEST_CASE("DiffAugment is a function of its stream, each image with its own draw") {
  const auto all = DiffAugment::parse("brightness,contrast,translation,cutout");
  const auto x = diffaugment_pictures(4);
  Rng used(5);
  used.bits64();
  const auto y = all.apply(x, Rng(5));
  CHECK(y.sizes() == x.sizes());
  CHECK(same(all.apply(x, used), y));
  CHECK_FALSE(same(all.apply(x, Rng(6)), y));
  const auto twins =
      all.apply(x.slice(0, 0, 1).expand({4, 1, kDiffaugmentHeight, kDiffaugmentWidth}), Rng(5));
  CHECK_FALSE(same(twins[0], twins[1]));
  CHECK(y.is_contiguous(at::MemoryFormat::ChannelsLast));
  CHECK(all.apply(x.to(torch::kBFloat16), Rng(5)).scalar_type() == torch::kBFloat16);
}

TEST_CASE("DiffAugment is differentiable twice") {
  const auto x = diffaugment_pictures(2).to(torch::kDouble).requires_grad_(true);
  const auto direction = wave(x.numel(), 3).to(torch::kDouble).view(x.sizes());
  for (const std::string names : {"brightness",
                                  "contrast",
                                  "translation",
                                  "cutout",
                                  "brightness,contrast,translation,cutout"}) {
    INFO(names);
    const auto augment = DiffAugment::parse(names);
    const auto slope = [&](const torch::Tensor& at) {
      const auto value = augment.apply(at, Rng(7)).pow(3).sum();
      return torch::autograd::grad({value}, {at}, {}, true, true)[0];
    };
    const auto along = torch::autograd::grad({(slope(x) * direction).sum()}, {x})[0];
    const double step = 1e-5;
    const auto moved_by = [&](double by) {
      return slope((x.detach() + by * direction).requires_grad_(true)).detach();
    };
    CHECK(largest_difference(along, (moved_by(step) - moved_by(-step)) / (2 * step)) < 1e-6);
    CHECK(along.abs().max().item<double>() > .1);
  }
}
