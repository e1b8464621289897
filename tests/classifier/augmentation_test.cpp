// SPDX-License-Identifier: Apache-2.0
#include "classifier/augmentation.hpp"

#include "augment/pipeline.hpp"
#include "core/error.hpp"
#include "nn/loader.hpp"
#include "tests/classifier/blobs.hpp"
#include "tests/nn/torch_fixture.hpp"

using namespace evenray;

namespace {

/// Nothing happens.
ClassifyOptions still() {
  ClassifyOptions options;
  options.mirror = false;
  options.rotate_deg = options.scale = options.shift = options.intensity = 0;
  return options;
}

torch::Tensor noise(int64_t count, int64_t height = 20, int64_t width = 12) {
  torch::manual_seed(3);
  return torch::randn({count, 1, height, width});
}

/// 1 in a disc of that radius in the middle, 0 around it.
torch::Tensor disc(int64_t count, int64_t height, int64_t width, double radius) {
  const auto y = torch::arange(height).to(torch::kFloat).sub((height - 1) / 2.).view({-1, 1});
  const auto x = torch::arange(width).to(torch::kFloat).sub((width - 1) / 2.).view({1, -1});
  const auto one = (x * x + y * y <= radius * radius).to(torch::kFloat);
  return one.view({1, 1, height, width}).repeat({count, 1, 1, 1});
}

double furthest(const torch::Tensor& a, const torch::Tensor& b) {
  return (a - b).abs().max().item<double>();
}

}  // namespace

TEST_CASE("without strength the pictures stay what they are") {
  const auto batch = noise(6);
  CHECK(furthest(augment_batch(batch, still(), Rng(1)), batch) < 1e-4);
}

TEST_CASE("mirroring flips some from left to right and does nothing else") {
  ClassifyOptions options = still();
  options.mirror = true;
  const auto batch = noise(40);
  const auto out = augment_batch(batch, options, Rng(1));
  int flipped = 0;
  for (int64_t i = 0; i < batch.size(0); ++i) {
    const bool same = furthest(out[i], batch[i]) < 1e-4;
    const bool mirrored = furthest(out[i], batch[i].flip(2)) < 1e-4;
    CHECK(same != mirrored);
    flipped += mirrored;
  }
  CHECK(flipped > 10);
  CHECK(flipped < 30);
}

TEST_CASE("a picture's draws are its own, the same in any batch") {
  const ClassifyOptions options;
  const auto batch = noise(8);
  const auto out = augment_batch(batch, options, Rng(2));
  CHECK(furthest(out, augment_batch(batch, options, Rng(2))) == 0);
  CHECK(furthest(out, augment_batch(batch, options, Rng(3))) > .1);
  const auto few = augment_batch(batch.slice(0, 0, 3), options, Rng(2));
  CHECK(furthest(out.slice(0, 0, 3), few) < 1e-5);
}

TEST_CASE("rotation keeps shapes in a picture that is not square") {
  ClassifyOptions options = still();
  options.rotate_deg = 90;
  const auto batch = disc(20, 48, 30, 10);
  const auto out = augment_batch(batch, options, Rng(1));
  // The rim moves by less than a pixel: 2 pi 10 of some 314.
  CHECK((out - batch).abs().sum({1, 2, 3}).max().item<double>() < 30);
  // A bar turns.
  auto bar = torch::zeros({20, 1, 48, 30});
  bar.slice(2, 22, 26).fill_(1);
  CHECK((augment_batch(bar, options, Rng(1)) - bar).abs().sum({1, 2, 3}).max().item<double>() > 60);
}

TEST_CASE("scale and shift stay within their strengths and reach towards them") {
  ClassifyOptions options = still();
  options.scale = .2;
  const auto batch = disc(200, 60, 48, 12);
  const double area = batch[0].sum().item<double>();
  const auto sides = (augment_batch(batch, options, Rng(1)).sum({1, 2, 3}) / area).sqrt();
  CHECK(sides.min().item<double>() > .79);
  CHECK(sides.min().item<double>() < .84);
  CHECK(sides.max().item<double>() < 1.21);
  CHECK(sides.max().item<double>() > 1.16);

  options = still();
  options.shift = .1;
  const auto moved = augment_batch(batch, options, Rng(1));
  const auto rows = torch::arange(60).to(torch::kFloat).view({1, 1, -1, 1});
  const auto columns = torch::arange(48).to(torch::kFloat).view({1, 1, 1, -1});
  const auto mass = moved.sum({1, 2, 3});
  const auto down = ((moved * rows).sum({1, 2, 3}) / mass - 29.5).abs().max().item<double>();
  const auto right = ((moved * columns).sum({1, 2, 3}) / mass - 23.5).abs().max().item<double>();
  CHECK(down < 6.01);
  CHECK(down > 5.4);
  CHECK(right < 4.81);
  CHECK(right > 4.3);
}

TEST_CASE("intensity changes level and contrast by so many standard deviations") {
  ClassifyOptions options = still();
  options.intensity = .2;
  const auto zero =
      augment_batch(torch::zeros({200, 1, 8, 8}), options, Rng(1)).select(3, 0).select(2, 0);
  const auto one =
      augment_batch(torch::ones({200, 1, 8, 8}), options, Rng(1)).select(3, 0).select(2, 0);
  CHECK(zero.abs().max().item<double>() <= .2);
  CHECK(zero.abs().max().item<double>() > .18);
  const auto contrast = one - zero;
  CHECK(contrast.min().item<double>() >= .8 - 1e-5);
  CHECK(contrast.max().item<double>() <= 1.2 + 1e-5);
  CHECK(contrast.max().item<double>() - contrast.min().item<double>() > .36);
}

namespace {

ClassifyOptions with_policy(const std::string& policy) {
  ClassifyOptions options;
  options.policy = policy;
  return options;
}

/// Blobs of 8 or 16 bits.
std::vector<cv::Mat> noisy_images(int count, int depth) {
  std::vector<cv::Mat> images;
  for (int i = 0; i < count; ++i) {
    cv::Mat image;
    blob_picture(static_cast<uint64_t>(i), i % 2).convertTo(image, depth, depth == CV_8U ? 1 : 257);
    images.push_back(image);
  }
  return images;
}

}  // namespace

TEST_CASE("a policy makes of each picture of a minibatch what it makes of the picture alone") {
  const int depth = GENERATE(CV_8U, CV_16U);
  const std::string name = GENERATE("trivialaugment", "randaugment=2:15", "augmix", "xray");
  const Rng rng = Rng(4).fork("policy", 7);
  const auto images = noisy_images(24, depth);
  const auto before = from_mats(images);
  const auto after = augment_with_policy(before, with_policy(name), 1, rng);
  std::vector<cv::Mat> expected;
  int changed = 0;
  for (size_t i = 0; i < images.size(); ++i) {
    expected.push_back(
        apply_policy(find_policy(name), images[i], {}, rng.fork("image", i)).augmented.image);
    changed += cv::norm(expected[i], images[i], cv::NORM_INF) > 0;
  }
  CHECK(same(after, from_mats(expected)));
  CHECK(changed > 12);
  CHECK(same(before, from_mats(images)));
  // Neither the other pictures of the batch nor the threads matter, nor how the tensor lies.
  CHECK(same(augment_with_policy(before, with_policy(name), 3, rng), after));
  CHECK(same(augment_with_policy(before.slice(0, 0, 5), with_policy(name), 2, rng),
             after.slice(0, 0, 5)));
  const auto turned = before.transpose(2, 3).contiguous().transpose(2, 3);
  CHECK(same(augment_with_policy(turned, with_policy(name), 1, rng), after));
  CHECK_FALSE(same(augment_with_policy(before, with_policy(name), 1, Rng(5)), after));
}

TEST_CASE("without a policy the pictures are the same tensor") {
  const auto before = from_mats(noisy_images(3, CV_8U));
  CHECK(augment_with_policy(before, {}, 1, Rng(1)).is_same(before));
}

TEST_CASE("a policy that cannot be used is refused as a setting") {
  ClassifyOptions options = with_policy("trivialaugmet");
  Error error = error_of([&] { options.check(); });
  CHECK(error.code() == Exit::config);
  CHECK(contains(error.what(), "classify.policy: unknown policy 'trivialaugmet'"));
  CHECK(contains(error.what(), "randaugment, trivialaugment, augmix"));
  options = with_policy("randaugment=2:31");
  CHECK(contains(error_of([&] { options.check(); }).what(), "classify.policy: policy randaugment"));
  options = with_policy("trivialaugment");
  CHECK(error_of([&] { options.check(); }).code() == Exit::done);
  options.weights = "imagenet";
  options.tune = "norm";
  CHECK(error_of([&] { options.check(); }).code() == Exit::done);
  options.tune = "head";
  error = error_of([&] { options.check(); });
  CHECK(error.code() == Exit::config);
  CHECK(contains(error.what(), "classify.policy needs images"));
}
