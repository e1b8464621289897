// SPDX-License-Identifier: Apache-2.0
#include "classifier/explain.hpp"

#include <opencv2/imgproc.hpp>
#include <set>

#include "classifier/state.hpp"
#include "tests/classifier/bench.hpp"

using namespace evenray;

namespace {

/// A spot of 3x3 px in a corner of a grey image; class 1 is its brightness.
constexpr int kSpotX = 22, kSpotY = 6;

cv::Mat spot_picture() {
  cv::Mat image(32, 32, CV_8UC1, cv::Scalar(128));
  image(cv::Rect(kSpotX - 2, kSpotY - 2, 5, 5)).setTo(255);
  return image;
}

}  // namespace

TEST_CASE("explanations of an untrained network are what their formulas say") {
  // More than a linear layer follows their maps.
  const std::set<std::string> not_linear{
      "mobilenetv3_small_100", "vgg16_bn", "vit_tiny_patch16_224"};
  for (const auto& arch : backbone_names()) {
    INFO(arch);
    seed_torch(3);
    const auto network = make_classifier(arch, 2);
    network->eval();
    {
      torch::NoGradGuard no_grad;
      network->head->weight.normal_();
    }
    CHECK(network->named_parameters().contains(network->trunk->head + ".weight"));
    // Large enough for a map of several positions.
    const int64_t height = network->trunk->least_px > 48 ? 107 : 48, width = height + 16;
    const auto image = torch::randint(256, {2, 1, height, width}, torch::kByte);
    const Reading reading{255, {.5, .25}, true};
    const auto maps = [&](const std::string& method, int64_t of_class) {
      return explanation_maps(*network, image, of_class, method, reading, plain_compute());
    };
    const auto cam = maps("grad-cam", 1);
    CHECK(cam.sizes() == std::vector<int64_t>{2, height, width});
    CHECK(cam.min().item<double>() >= 0);
    if (not_linear.contains(arch)) {
      for (const auto* method : {"grad-cam", "hirescam"})
        CHECK((maps(method, 0) + maps(method, 1)).sum().item<double>() > 0);
      continue;
    }
    // A linear layer after the mean: the weights of the class, over the number of places.
    torch::NoGradGuard no_grad;
    const auto map = network->map(network_input(image, 255, reading.standardise)).map;
    const auto expected = (map * network->head->weight[1].view({1, -1, 1, 1})).sum(1).relu() /
                          (map.size(2) * map.size(3));
    const auto largest = expected.max().item<double>();
    CHECK(cam.max().item<double>() <= largest * (1 + 1e-4));
    if (largest == 0) continue;
    CHECK(cam.sum().item<double>() > 0);
    CHECK(largest_difference(cam, maps("hirescam", 1)) < 1e-4 * largest);
  }
}

TEST_CASE("occlusion points at what a trained classifier looks at") {
  Bench bench;
  bench.options.steps = 60;
  bench.train("run");
  const Classifier classifier = bench.classifier("run");
  const Store set = bench.store();
  int64_t hits = 0, images = 0;
  for (const auto row : set.part("test").rows_of(1)) {
    const cv::Mat image = set.image("test", row);
    const auto map = explanation_maps(*classifier.state().net,
                                      from_mats({image}),
                                      1,
                                      "occlusion",
                                      classifier.state().reading,
                                      plain_compute())[0];
    // The spot: the middle of what is brightest once smoothed.
    cv::Mat smooth;
    cv::GaussianBlur(image, smooth, {0, 0}, 2);
    cv::Point spot;
    cv::minMaxLoc(smooth, nullptr, nullptr, nullptr, &spot);
    const auto x = static_cast<float>(spot.x), y = static_cast<float>(spot.y);
    hits += locate(map, {Box{x - 4, y - 4, x + 5, y + 5, 1, {}}}).hit;
    ++images;
  }
  CHECK(static_cast<double>(hits) > .6 * static_cast<double>(images));  // chance: a quarter
}

TEST_CASE("a map is located by its largest value and its sum") {
  auto map = torch::zeros({10, 10});
  map[2][7] = 3;
  map[8][1] = 1;
  const Box right{6, 1, 9, 4, 0, {}}, left{0, 7, 2, 9, 0, {}};
  CHECK(locate(map, {right}).hit);
  CHECK(locate(map, {right}).energy == Approx(.75));
  CHECK_FALSE(locate(map, {left}).hit);
  CHECK(locate(map, {left}).energy == Approx(.25));
  CHECK(locate(map, {left, right}).energy == Approx(1));
  // 15 px of 224 are .67 px of 10: the 12 pixels beside the sides of `right` are near it.
  CHECK(locate(map, {right}).area == Approx(.09));
  CHECK(locate(map, {right}).chance == Approx(.21));
  CHECK(locate(map, {Box{4, 1, 7, 4, 0, {}}}).hit);
  CHECK_FALSE(locate(map, {Box{3, 1, 6, 4, 0, {}}}).hit);
  CHECK(locate(torch::zeros({10, 10}), {right}).energy == 0);
  CHECK_FALSE(locate(torch::zeros({10, 10}), {right}).hit);
}

TEST_CASE("an overlay shows the image beside itself in colours") {
  const cv::Mat image = spot_picture();
  auto map = torch::zeros({32, 32});
  map[kSpotY][kSpotX] = 1;
  const cv::Mat out = overlay(image, map);
  CHECK(out.size() == cv::Size(64, 32));
  CHECK(out.type() == CV_8UC3);
  CHECK(out.at<cv::Vec3b>(kSpotY, kSpotX) == cv::Vec3b(255, 255, 255));
  const auto shown = out.at<cv::Vec3b>(kSpotY, 32 + kSpotX), dark = out.at<cv::Vec3b>(31, 32);
  CHECK(shown[1] > dark[1]);
  CHECK(error_of([] { check_explanation("lime"); }).code() == Exit::usage);
}
