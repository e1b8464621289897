// SPDX-License-Identifier: Apache-2.0
#include "nn/loader.hpp"

#include "tests/dataset/store/small_store.hpp"
#include "tests/nn/torch_fixture.hpp"

using namespace evenray;

namespace {

/// All values of a depth as one picture.
cv::Mat every_value(int bits) {
  const int side = bits == 8 ? 16 : 256;
  cv::Mat image(side, side, bits == 8 ? CV_8UC1 : CV_16UC1);
  for (int i = 0; i < side * side; ++i) {
    if (bits == 8) {
      image.at<uint8_t>(i / side, i % side) = static_cast<uint8_t>(i);
    } else {
      image.at<uint16_t>(i / side, i % side) = static_cast<uint16_t>(i);
    }
  }
  return image;
}

}  // namespace

TEST_CASE("a store's pixels become tensors, all or chosen rows") {
  const int bits = GENERATE(8, 16);
  const ScratchFolder scratch;
  write_small(scratch / "set.h5", bits);
  const Store store(scratch / "set.h5");
  const auto all = load_images(store, "train", torch::kCPU);
  CHECK(all.sizes() == std::vector<int64_t>{4, 1, 12, 10});
  CHECK(all.scalar_type() == (bits == 8 ? torch::kByte : torch::kFloat));
  const auto chosen = load_images(store, "train", {3, 0, 3}, torch::kCPU);
  CHECK(same(chosen, torch::stack({all[3], all[0], all[3]})));
  for (int64_t row = 0; row < 4; ++row) {
    cv::Mat expected, found(12, 10, CV_32FC1);
    store.image("train", row).convertTo(expected, CV_32F);
    const auto pixels = all[row].to(torch::kFloat).contiguous();
    std::copy(pixels.data_ptr<float>(), pixels.data_ptr<float>() + 120, found.ptr<float>());
    CHECK(cv::norm(expected, found, cv::NORM_INF) == 0);
  }
  CHECK(load_images(store, "train", {}, torch::kCPU).sizes() == std::vector<int64_t>{0, 1, 12, 10});
}

TEST_CASE("GAN input spans -1 to 1 and comes back exactly") {
  const int bits = GENERATE(8, 16);
  const int value_max = bits == 8 ? 255 : 65535;
  const cv::Mat image = every_value(bits);
  const auto input = gan_input(from_mats({image, image}), value_max);
  CHECK(input.min().item<float>() == -1);
  CHECK(input.max().item<float>() == Approx(1).margin(1e-6));
  CHECK(input.is_contiguous(at::MemoryFormat::ChannelsLast));
  const auto back = to_mats(input, value_max);
  REQUIRE(back.size() == 2);
  CHECK(same_pixels(back[0], image));
  CHECK(same_pixels(back[1], image));
}

TEST_CASE("what a network draws beyond -1..1 is clipped, what lies between is rounded") {
  const auto mats =
      to_mats(torch::tensor({-7., -1., 0., 1.01, .99998, -.99}).view({1, 1, 2, 3}), 255);
  const std::vector<uint8_t> found(mats[0].begin<uint8_t>(), mats[0].end<uint8_t>());
  CHECK(found == std::vector<uint8_t>{0, 0, 128, 255, 255, 1});
  CHECK(to_mats(torch::ones({1, 1, 2, 3}), 65535)[0].type() == CV_16UC1);
}

TEST_CASE("standardised input has the measured mean and deviation") {
  const auto images = torch::tensor({0, 51, 102, 255}, torch::kByte).view({2, 1, 1, 2});
  const Standardise found = measure(images, 255);
  CHECK(found.mean == Approx(.4).margin(1e-7));
  CHECK(found.deviation == Approx(std::sqrt((.16 + .04 + 0 + .36) / 4)).margin(1e-7));
  const auto input = network_input(images, 255, {.4, .5});
  CHECK(largest_difference(input.flatten(), torch::tensor({-.8, -.4, 0., 1.2})) < 1e-6);
  const auto own = network_input(images, 255, found);
  CHECK(own.mean().item<double>() == Approx(0).margin(1e-6));
  CHECK(own.std(/*unbiased=*/false).item<double>() == Approx(1).margin(1e-6));
}

TEST_CASE("a constant picture has a deviation to divide by") {
  CHECK(measure(torch::full({1, 1, 4, 4}, 9, torch::kByte), 255).deviation == Approx(1e-3));
}

TEST_CASE("making input leaves the resident images as they are, at either depth") {
  const auto type = GENERATE(torch::kByte, torch::kFloat);
  const auto images = torch::arange(24).view({2, 1, 3, 4}).to(type);
  const auto before = images.clone();
  gan_input(images, 255);
  CHECK(same(images, before));
  network_input(images, 255, {});
  CHECK(same(images, before));
  measure(images, 255);
  CHECK(same(images, before));
}

TEST_CASE("images of different sizes or depths are not stacked") {
  const cv::Mat image(4, 5, CV_8UC1, cv::Scalar(3));
  CHECK(same(from_mats({image}), torch::full({1, 1, 4, 5}, 3, torch::kByte)));
  CHECK(same(from_mats({cv::Mat(4, 5, CV_16UC1, cv::Scalar(40000))}),
             torch::full({1, 1, 4, 5}, 40000.f)));
  for (const auto& other : {cv::Mat(5, 4, CV_8UC1), cv::Mat(4, 5, CV_16UC1)}) {
    CHECK(error_of([&] { from_mats({image, other}); }).code() == Exit::bad_data);
  }
  CHECK(error_of([] { from_mats({}); }).code() == Exit::bad_data);
}

TEST_CASE("row numbers become an index") {
  CHECK(same(index_tensor({4, 0, 4}, torch::kCPU), torch::tensor({4, 0, 4}, torch::kLong)));
}
