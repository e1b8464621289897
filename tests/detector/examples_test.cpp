// SPDX-License-Identifier: Apache-2.0
#include "detector/examples.hpp"

#include <opencv2/imgproc.hpp>
#include <set>

#include "tests/detector/drawn.hpp"

using namespace evenray;

namespace {

/// `with` images that have a box and `without` that have none; the grey value is the number.
BoxedImages numbered(int with, int without) {
  std::vector<BoxedImage> images;
  for (int i = 0; i < with + without; ++i) {
    BoxedImage one{cv::Mat(32, 32, CV_8UC1, cv::Scalar(i)), {}};
    if (i < with) one.boxes = {{4, 4, 20, 16, i == 0, {}}};
    images.push_back(one);
  }
  return BoxedImages(std::move(images));
}

DetectOptions unchanged() {
  DetectOptions options;
  options.mirror = false;
  options.rotate_deg = options.scale = options.shift = options.intensity = 0;
  options.minibatch = 4;
  return options;
}

}  // namespace

TEST_CASE("each minibatch has its share of images without boxes") {
  const BoxedImages images = numbered(5, 20);
  DetectOptions options = unchanged();
  options.negatives = .375;  // 1 or 2 of 4
  BoxBatches batches(images, options, 255, 2, Rng(1));
  std::vector<int> shown(25);
  int64_t without = 0;
  for (int64_t step = 0; step < 10; ++step) {
    const Batch batch = batches.at(step);
    int64_t of_step = 0;
    for (int64_t i = 0; i < 4; ++i) {
      const int number = batch.images[i][0][0][0].item<int>();
      ++shown[static_cast<size_t>(number)];
      CHECK(batch.boxes[static_cast<size_t>(i)].empty() == (number >= 5));
      of_step += number >= 5;
    }
    CHECK((of_step == 1 || of_step == 2));
    without += of_step;
  }
  CHECK(without == 15);
  for (int i = 0; i < 5; ++i) CHECK(shown[static_cast<size_t>(i)] == 5);
  for (int i = 5; i < 25; ++i) CHECK(shown[static_cast<size_t>(i)] <= 1);
  // Steps may be asked for in any order.
  BoxBatches others(images, options, 255, 2, Rng(1));
  for (const int64_t step : {7, 2, 3, 0})
    CHECK(torch::equal(others.at(step).images,
                       BoxBatches(images, options, 255, 2, Rng(1)).at(step).images));
}

TEST_CASE("images with boxes may have the share that they have in the set") {
  const BoxedImages images = numbered(4, 12);
  DetectOptions options = unchanged();
  options.negatives = -1;
  const auto shown = [&](int64_t steps) {
    BoxBatches batches(images, options, 255, 2, Rng(1));
    std::vector<int> out(16);
    for (int64_t step = 0; step < steps; ++step) {
      const Batch batch = batches.at(step);
      for (int64_t i = 0; i < 4; ++i)
        ++out[static_cast<size_t>(batch.images[i][0][0][0].item<int>())];
    }
    return out;
  };
  CHECK(shown(4) == std::vector<int>(16, 1));
  options.sampling = "repeat-factor";
  options.repeat_threshold = 1;  // 4 times of class 1, sqrt(16 / 3) = 2.3 times of class 0
  const auto repeated = shown(40);
  CHECK(repeated[0] > 2 * repeated[15]);
  CHECK(repeated[1] + repeated[2] + repeated[3] >
        repeated[13] + repeated[14] + repeated[15] + repeated[15]);
}

TEST_CASE("objects are copied from images that have some") {
  const BoxedImages images = numbered(2, 14);
  DetectOptions options = unchanged();
  options.negatives = -1;
  options.copy_paste = 1;
  options.plain_share = 0;
  BoxBatches batches(images, options, 255, 2, Rng(1));
  for (int64_t step = 0; step < 4; ++step) {
    const Batch batch = batches.at(step);
    for (const auto& boxes : batch.boxes) CHECK_FALSE(boxes.empty());
  }
}

TEST_CASE("repeat factors show images of a rare class more often") {
  const BoxedImages images = numbered(16, 0);  // one of 16 has class 1
  DetectOptions options = unchanged();
  options.sampling = "repeat-factor";
  options.repeat_threshold = .25;  // sqrt(.25 * 16) = 2
  BoxBatches batches(images, options, 255, 2, Rng(1));
  int rare = 0;
  for (int64_t step = 0; step < 17; ++step) {
    const Batch batch = batches.at(step);
    for (const auto& boxes : batch.boxes) rare += boxes.at(0).label == 1;
  }
  CHECK(rare == 8);  // 2 of 17 in each of 4 epochs
}

TEST_CASE("boxes move with their image") {
  cv::Mat image(48, 64, CV_8UC1, cv::Scalar(20));
  image(cv::Rect(10, 8, 12, 16)) = cv::Scalar(220);
  const std::vector<Box> boxes{{10, 8, 22, 24, 0, {{{10, 8}, {22, 8}, {22, 24}, {10, 24}}}}};
  DetectOptions options;
  options.rotate_deg = 20;
  options.intensity = 0;
  for (uint64_t draw = 0; draw < 20; ++draw) {
    const BoxedImage moved = augmented({image, boxes}, options, 255, Rng(draw));
    if (moved.boxes.empty()) continue;
    const Box& box = moved.boxes[0];
    cv::Mat bright = moved.image > 120;
    const cv::Rect found = cv::boundingRect(bright);
    CAPTURE(draw);
    CHECK(std::abs(float(found.x) - box.x0) < 1.5);
    CHECK(std::abs(float(found.y) - box.y0) < 1.5);
    CHECK(std::abs(float(found.x + found.width) - box.x1) < 1.5);
    CHECK(std::abs(float(found.y + found.height) - box.y1) < 1.5);
  }
}

TEST_CASE("objects of another image are copied at their places") {
  const cv::Mat dark(40, 40, CV_8UC1, cv::Scalar(10)), light(40, 40, CV_8UC1, cv::Scalar(200));
  const BoxedImage one{dark, {{4, 4, 14, 14, 0, {}}, {22, 22, 30, 30, 0, {}}}};
  const BoxedImage from{
      light, {{2, 2, 16, 16, 1, {}}, {24, 4, 36, 12, 1, {{{24, 4}, {36, 4}, {24, 12}}}}}};
  const BoxedImage both = copy_pasted(one, from);
  CHECK(both.image.at<uint8_t>(8, 8) == 200);
  CHECK(both.image.at<uint8_t>(26, 26) == 10);
  CHECK(both.image.at<uint8_t>(5, 26) == 200);
  CHECK(both.image.at<uint8_t>(11, 35) == 10);  // outside the polygon
  REQUIRE(both.boxes.size() == 3);              // the covered one is dropped
  CHECK(both.boxes[0].x0 == 22);
  CHECK(both.boxes[1].label == 1);
  CHECK(one.image.at<uint8_t>(8, 8) == 10);
  // Where two polygons of an object overlap, it is no hole.
  Box object{2, 20, 18, 36, 1, {}};
  object.rings = {{{2, 20}, {12, 20}, {12, 36}, {2, 36}}, {{8, 20}, {18, 20}, {18, 36}, {8, 36}}};
  CHECK(copy_pasted({dark, {}}, {light, {object}}).image.at<uint8_t>(28, 10) == 200);
}

TEST_CASE("a crop holds a whole box wherever it fits, and any place without boxes") {
  cv::Mat image(48, 64, CV_8UC1, cv::Scalar(20));
  image(cv::Rect(26, 18, 12, 10)) = cv::Scalar(220);
  const BoxedImage one{image, {{26, 18, 38, 28, 0, {}}}};
  std::set<float> places;
  for (uint64_t draw = 0; draw < 30; ++draw) {
    const BoxedImage crop = cropped(one, 24, Rng(draw));
    REQUIRE(crop.image.size() == cv::Size(24, 24));
    REQUIRE(crop.boxes.size() == 1);
    const cv::Rect found = cv::boundingRect(crop.image == 220);
    const Box& box = crop.boxes[0];
    CHECK(found == cv::Rect(static_cast<int>(box.x0), static_cast<int>(box.y0), 12, 10));
    places.insert(box.x0);
  }
  CHECK(places.size() > 5);
  // A box that is larger than the crop fills it.
  const BoxedImage large = cropped({image, {{0, 0, 64, 48, 0, {}}}}, 40, Rng(1));
  REQUIRE(large.boxes.size() == 1);
  CHECK(large.boxes[0].x1 - large.boxes[0].x0 == 40);
  std::set<int> corners;
  for (int x = 0; x < image.cols; ++x)
    for (int y = 0; y < image.rows; ++y) image.at<uint8_t>(y, x) = static_cast<uint8_t>(x + y);
  for (uint64_t draw = 0; draw < 30; ++draw)
    corners.insert(cropped({image, {}}, 24, Rng(draw)).image.at<uint8_t>(0, 0));
  CHECK(corners.size() > 8);
}

TEST_CASE("a mosaic shows the corners of four images with their boxes") {
  std::array<BoxedImage, 4> images;
  for (int i = 0; i < 4; ++i) {
    auto& one = images[static_cast<size_t>(i)];
    one.image = cv::Mat(40, 60, CV_8UC1, cv::Scalar(10 * i));
    // In the corner that is shown.
    const int x = i % 2 == 1 ? 2 : 48, y = i / 2 == 1 ? 3 : 29;
    one.image(cv::Rect(x, y, 8, 6)) = cv::Scalar(200 + i);
    one.boxes = {{float(x), float(y), float(x + 8), float(y + 6), i, {}},
                 {float(28), float(18), float(32), float(22), 9, {}}};
  }
  const BoxedImage mosaic = mosaic_of(images, Rng(4));
  CHECK(mosaic.image.size() == cv::Size(60, 40));
  int seen = 0;
  for (const Box& box : mosaic.boxes) {
    if (box.label == 9) continue;
    ++seen;
    const cv::Rect found = cv::boundingRect(mosaic.image == 200 + box.label);
    CHECK(float(found.x) == box.x0);
    CHECK(float(found.y) == box.y0);
    CHECK(float(found.x + found.width) == box.x1);
    CHECK(float(found.y + found.height) == box.y1);
  }
  CHECK(seen == 4);
}
