// SPDX-License-Identifier: Apache-2.0
#include "gan/quality.hpp"

#include "tests/nn/torch_fixture.hpp"

using namespace evenray;

namespace {

/// The pictures of make_quality.py: grain on a slope.
torch::Tensor quality_pictures(const std::string& name,
                               int64_t count,
                               int64_t height,
                               int64_t width) {
  auto out = torch::empty({count, 1, height, width}, torch::kByte);
  uint8_t* pixel = out.data_ptr<uint8_t>();
  for (int64_t i = 0; i < count; ++i) {
    Rng grain = Rng(5).fork(name, static_cast<uint64_t>(i));
    for (int64_t y = 0; y < height; ++y) {
      for (int64_t x = 0; x < width; ++x) {
        const auto value = static_cast<int64_t>(grain.below(static_cast<uint64_t>(128 - 8 * i))) +
                           x + 2 * y / 3 + 4 * i;
        *pixel++ = static_cast<uint8_t>(std::min<int64_t>(255, value));
      }
    }
  }
  return out;
}

torch::Tensor matrix_of(const Json& rows) {
  std::vector<torch::Tensor> lines;
  for (const auto& row : rows) lines.push_back(tensor_of(row));
  return torch::stack(lines);
}

}  // namespace

TEST_CASE("the Laplacian pyramid is SciPy's with mirrored borders") {
  const Json golden = golden_json("gan/quality.json").at("pyramid");
  const auto levels = laplacian_pyramid(quality_pictures("a", 2, 40, 32).to(torch::kDouble));
  REQUIRE(levels.size() == 2);
  CHECK(levels[0].sizes() == std::vector<int64_t>{2, 1, 40, 32});
  CHECK(levels[1].sizes() == std::vector<int64_t>{2, 1, 20, 16});
  using torch::indexing::None;
  using torch::indexing::Slice;
  CHECK(largest_difference(levels[0][1][0].index({Slice(None, None, 13)}),
                           matrix_of(golden["fine_rows"])) < 1e-8);
  CHECK(largest_difference(levels[1][0][0].index({Slice(None, None, 3)}),
                           matrix_of(golden["coarse"])) < 1e-8);
}

TEST_CASE("pyramids end at a short side of 16") {
  const auto sides = [](int64_t height, int64_t width) {
    std::vector<int64_t> out;
    for (const auto& level : laplacian_pyramid(torch::zeros({1, 1, height, width})))
      out.push_back(std::min(level.size(2), level.size(3)));
    return out;
  };
  CHECK(sides(64, 64) == std::vector<int64_t>{64, 32, 16});
  CHECK(sides(80, 128) == std::vector<int64_t>{80, 40, 20});
  CHECK(sides(31, 64) == std::vector<int64_t>{31});
  CHECK(sides(16, 16) == std::vector<int64_t>{16});
}

TEST_CASE("a flat picture has nothing in the fine levels of its pyramid") {
  const auto levels = laplacian_pyramid(torch::full({1, 1, 64, 64}, 90.));
  CHECK(levels[0].abs().max().item<double>() < 1e-4);
  CHECK(levels[1].abs().max().item<double>() < 1e-4);
  CHECK(largest_difference(levels[2], torch::full({1, 1, 16, 16}, 90.)) < 1e-4);
}

TEST_CASE("SWD is that of the published procedure, distances along directions by POT") {
  const Json golden = golden_json("gan/quality.json").at("swd");
  const SwdOptions options{24, 2, 16};
  const SwdSet a(quality_pictures("a", 6, 72, 64), options, Rng(8));
  const SwdSet b(quality_pictures("b", 6, 72, 64), options, Rng(8));
  const Swd found = a.distance(b);
  REQUIRE(found.levels.size() == 3);
  for (const auto& [side, value] : found.levels) {
    INFO(side);
    CHECK(value == Approx(golden["levels"][std::to_string(side)].get<double>()).epsilon(1e-4));
  }
  CHECK(found.mean == Approx(golden["mean"].get<double>()).epsilon(1e-4));
  CHECK(b.distance(a).mean == found.mean);
  const auto at_once = swd_to(quality_pictures("b", 6, 72, 64),
                              {quality_pictures("a", 6, 72, 64), quality_pictures("b", 6, 72, 64)},
                              options,
                              Rng(8));
  CHECK(at_once[0].levels == found.levels);
  CHECK(at_once[0].mean == found.mean);
  CHECK(at_once[1].mean == 0);
}

TEST_CASE("SWD of a set with itself is 0, with another of its kind more, with another kind most") {
  const SwdOptions options{32, 2, 32};
  const auto set = [&](const torch::Tensor& images) { return SwdSet(images, options, Rng(1)); };
  const auto images = quality_pictures("a", 8, 32, 32), likewise = quality_pictures("b", 8, 32, 32);
  CHECK(set(images).distance(set(images.clone())).mean == 0);
  const double floor = set(images).distance(set(likewise)).mean;
  CHECK(floor > 1);
  const auto smooth = torch::avg_pool2d(likewise.to(torch::kFloat), 5, 1, 2);
  CHECK(set(images).distance(set(smooth)).mean > 1.5 * floor);
}

TEST_CASE("SWD compares equally many images of one size") {
  const SwdSet eight(quality_pictures("a", 8, 32, 32), {8, 1, 8}, Rng(1));
  const SwdSet seven(quality_pictures("a", 7, 32, 32), {8, 1, 8}, Rng(1));
  CHECK(error_of([&] { eight.distance(seven); }).code() == Exit::bad_data);
  const SwdSet tall(quality_pictures("a", 8, 64, 32), {8, 1, 8}, Rng(1));
  CHECK(error_of([&] { tall.distance(eight); }).code() == Exit::bad_data);
  CHECK(error_of([&] { eight.distance(tall); }).code() == Exit::bad_data);
  const Error small = error_of([&] { SwdSet(quality_pictures("a", 8, 6, 32), {8, 1, 8}, Rng(1)); });
  CHECK(small.code() == Exit::bad_data);
  CHECK(contains(small.what(),
                 "SWD requires images with sides of at least 7 px, but these have 6x32 px"));
}

TEST_CASE("SWD to a set of flat pictures is a number: a collapsed generator is no best one") {
  const auto images = quality_pictures("a", 4, 32, 32);
  const SwdSet real(images, {16, 1, 16}, Rng(1)),
      flat(torch::full_like(images, 128), {16, 1, 16}, Rng(1));
  CHECK(std::isfinite(real.distance(flat).mean));
  CHECK(real.distance(flat).mean > 400);
}

TEST_CASE("MS-SSIM is that of pytorch-msssim where its window fits") {
  const auto images = quality_pictures("d", 2, 176, 208);
  CHECK(ms_ssim(images.slice(0, 0, 1), images.slice(0, 1, 2)) ==
        Approx(golden_json("gan/quality.json").at("ms_ssim_large").get<double>()).margin(1e-9));
}

TEST_CASE("MS-SSIM is SciPy's by the published constants") {
  const Json golden = golden_json("gan/quality.json");
  const auto a = quality_pictures("a", 6, 72, 64).to(torch::kDouble),
             b = quality_pictures("b", 6, 72, 64).to(torch::kDouble);
  const auto one = [](const torch::Tensor& images, int64_t i) { return images.slice(0, i, i + 1); };
  const auto dim = one(b, 2) * .5 + 40, inverse = 255 - one(a, 3);
  const std::vector<std::pair<torch::Tensor, torch::Tensor>> pairs{
      {one(a, 0), one(a, 1)}, {one(a, 0), one(a, 5)}, {one(b, 2), dim}, {one(a, 3), inverse}};
  double sum = 0;
  std::vector<torch::Tensor> left, right;
  for (size_t i = 0; i < pairs.size(); ++i) {
    INFO(i);
    const double expected = golden["ms_ssim"][i].get<double>();
    CHECK(ms_ssim(pairs[i].first, pairs[i].second) == Approx(expected).margin(1e-9));
    CHECK(ms_ssim(pairs[i].second, pairs[i].first) == Approx(expected).margin(1e-9));
    sum += expected;
    left.push_back(pairs[i].first);
    right.push_back(pairs[i].second);
  }
  CHECK(ms_ssim(torch::cat(left), torch::cat(right)) == Approx(sum / 4).margin(1e-9));
  const auto odd = quality_pictures("c", 2, 45, 37);
  CHECK(ms_ssim(one(odd, 0), one(odd, 1)) ==
        Approx(golden["ms_ssim_odd"].get<double>()).margin(1e-9));
}

TEST_CASE("MS-SSIM of equal pictures is 1, at any size") {
  for (const int64_t side : {16, 33, 64}) {
    const auto images = quality_pictures("a", 2, side, side + 8);
    CHECK(ms_ssim(images, images) == Approx(1).margin(1e-12));
  }
}

TEST_CASE(
    "MS-SSIM of small pictures has as many scales as fit, their weights summing to the "
    "same") {
  // One scale at 2 px, where the window covers the picture: one structural similarity by hand.
  const auto a = torch::tensor({10., 20., 30., 40.}, torch::kDouble).view({1, 1, 2, 2});
  const auto b = torch::tensor({20., 20., 40., 40.}, torch::kDouble).view({1, 1, 2, 2});
  // Means 25 and 30, variances 125 and 100, covariance 100.
  const double c1 = 2.55 * 2.55, c2 = 7.65 * 7.65;
  const double one = (2 * 25 * 30 + c1) * (2 * 100 + c2) / ((625 + 900 + c1) * (225 + c2));
  CHECK(ms_ssim(a, b) == Approx(std::pow(one, 1.0001)).epsilon(1e-9));
  // Of blocks the window's average at 4 px is that of their values.
  const auto blocks = [](const torch::Tensor& x) {
    return x.repeat_interleave(2, 2).repeat_interleave(2, 3);
  };
  CHECK(ms_ssim(blocks(a), blocks(b)) ==
        Approx(std::pow((2 * 100 + c2) / (225 + c2), 1.0001 * .0448 / .3304) *
               std::pow(one, 1.0001 * .2856 / .3304))
            .epsilon(1e-9));
}

TEST_CASE("diversity: copies score 1, other pictures less; the draw is the stream's") {
  const auto images = quality_pictures("a", 5, 32, 32);
  const auto copies = images.slice(0, 0, 1).expand({5, 1, 32, 32});
  CHECK(diversity_ms_ssim(copies, 10, Rng(1)) == Approx(1).margin(1e-12));
  const double found = diversity_ms_ssim(images, 70, Rng(1));
  CHECK(found < .9);
  CHECK(found > 0);
  CHECK(diversity_ms_ssim(images, 70, Rng(1)) == found);
  CHECK(diversity_ms_ssim(images, 70, Rng(2)) != found);
  // Pairs are of different images, so two images make one pair however often it is drawn.
  const auto two = images.slice(0, 0, 2);
  CHECK(diversity_ms_ssim(two, 9, Rng(3)) ==
        Approx(ms_ssim(two.slice(0, 0, 1), two.slice(0, 1, 2))).margin(1e-12));
  CHECK(error_of([&] { diversity_ms_ssim(images.slice(0, 0, 1), 3, Rng(1)); }).code() ==
        Exit::bad_data);
}

TEST_CASE("the pairs of a diversity are of two groups") {
  // Two groups of copies: a pair within one would score 1.
  const auto images = quality_pictures("a", 2, 32, 32).repeat_interleave(4, 0);
  const std::vector<std::string> groups{"p", "p", "p", "p", "q", "q", "q", "q"};
  const double across = ms_ssim(images.slice(0, 0, 1), images.slice(0, 4, 5));
  CHECK(diversity_ms_ssim(images, 40, Rng(1), groups) == Approx(across).margin(1e-12));
  CHECK(diversity_ms_ssim(images, 40, Rng(1)) > across + .05);
  // Without a group an image is its own.
  CHECK(diversity_ms_ssim(images, 40, Rng(1), std::vector<std::string>(8)) ==
        diversity_ms_ssim(images, 40, Rng(1)));
  const Error error =
      error_of([&] { diversity_ms_ssim(images, 3, Rng(1), std::vector<std::string>(8, "p")); });
  CHECK(error.code() == Exit::bad_data);
  CHECK(contains(error.what(), "two groups"));
}
