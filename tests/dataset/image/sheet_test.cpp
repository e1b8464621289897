// SPDX-License-Identifier: Apache-2.0
#include "dataset/image/sheet.hpp"

#include <catch2/catch.hpp>

using namespace evenray;

namespace {

const cv::Vec3b kGround(0x11, 0x11, 0x11);
const cv::Vec3b kAccent(0xcb, 0x6b, 0x0b);

cv::Vec3b at(const cv::Mat& sheet, int x, int y) { return sheet.at<cv::Vec3b>(y, x); }

bool coloured(const cv::Mat& sheet) {
  for (int y = 0; y < sheet.rows; ++y) {
    for (int x = 0; x < sheet.cols; ++x) {
      const cv::Vec3b pixel = at(sheet, x, y);
      if (pixel[0] != pixel[1] || pixel[1] != pixel[2]) return true;
    }
  }
  return false;
}

Box triangle_box() { return {20, 30, 70, 60, 0, {{{20, 30}, {70, 30}, {45, 60}}}}; }

}  // namespace

TEST_CASE("images stand in a grid at their own aspect") {
  std::vector<SheetItem> items(5);
  for (auto& item : items) item.image = cv::Mat(50, 100, CV_8UC1, cv::Scalar(200));
  items[1].image = cv::Mat(80, 40, CV_8UC1, cv::Scalar(90));
  SheetOptions options;
  options.cell_px = 40;
  options.columns = 3;
  const cv::Mat sheet = draw_sheet(items, options);
  REQUIRE(sheet.type() == CV_8UC3);
  REQUIRE(sheet.size() == cv::Size(3 * 46 + 6, 2 * 46 + 6));
  CHECK(at(sheet, 0, 0) == kGround);
  CHECK(at(sheet, 6 + 20, 6 + 20) == cv::Vec3b(200, 200, 200));
  CHECK(at(sheet, 6 + 20, 6 + 9) == kGround);  // 40 x 20, centred in 40 x 40
  CHECK(at(sheet, 6 + 20, 6 + 10) == cv::Vec3b(200, 200, 200));
  CHECK(at(sheet, 52 + 20, 6 + 1) == cv::Vec3b(90, 90, 90));
  CHECK(at(sheet, 52 + 9, 6 + 20) == kGround);
  CHECK(at(sheet, 98 + 20, 52 + 20) == kGround);  // the sixth cell is empty
  CHECK_FALSE(coloured(sheet));
}

TEST_CASE("cells are no larger than the images need") {
  std::vector<SheetItem> items(2);
  for (auto& item : items) item.image = cv::Mat(80, 64, CV_8UC1, cv::Scalar(1));
  SheetOptions options;
  options.cell_px = 160;
  CHECK(draw_sheet(items, options).size() == cv::Size(2 * 134 + 6, 166 + 6));
  CHECK_FALSE(draw_sheet({}, options).empty());
}

TEST_CASE("boxes and polygons are drawn where they are, about 1.5 px wide") {
  SheetItem item{cv::Mat::zeros(100, 100, CV_8UC1), "", {triangle_box()}};
  SheetOptions options;
  options.cell_px = 200;
  CHECK_FALSE(coloured(draw_sheet({item}, options)));
  options.boxes = true;
  const cv::Mat boxes = draw_sheet({item}, options);
  double cover = 0, centre = 0;
  for (int y = 0; y < 100; ++y) {
    cover += at(boxes, 6 + 80, 6 + y)[0] / double(kAccent[0]);
    centre += (y + .5) * at(boxes, 6 + 80, 6 + y)[0] / double(kAccent[0]);
  }
  CHECK(cover == Approx(1.5).margin(.15));
  CHECK(centre / cover == Approx(60).margin(.1));  // y0 = 30 at twice the size
  CHECK(at(boxes, 6 + 139, 6 + 90)[0] > 100);      // x1 = 70
  CHECK(at(boxes, 6 + 90, 6 + 119)[0] > 100);      // y1 = 60
  CHECK(at(boxes, 6 + 90, 6 + 90) == cv::Vec3b(0, 0, 0));

  options.numbers = true;
  const cv::Mat numbered = draw_sheet({item}, options);
  options.numbers = false;
  CHECK(cv::countNonZero(numbered.reshape(1) != boxes.reshape(1)) > 0);
  options.boxes = false;
  options.polygons = true;
  const cv::Mat rings = draw_sheet({item}, options);
  CHECK(at(rings, 6 + 80, 6 + 59)[0] > 100);
  CHECK(at(rings, 6 + 40, 6 + 110) == cv::Vec3b(0, 0, 0));
}

TEST_CASE("a box far outside of its image harms nothing") {
  SheetItem item{cv::Mat(50, 50, CV_8UC1, cv::Scalar(7)), "", {Box{-1e9f, -5, 1e9f, 20, 0, {}}}};
  SheetOptions options;
  options.boxes = true;
  CHECK(draw_sheet({item}, options).cols == 128 + 12);
}

TEST_CASE("16-bit images share one window") {
  SheetItem dark{cv::Mat(10, 10, CV_16UC1, cv::Scalar(100)), "", {}};
  SheetItem light{cv::Mat(10, 10, CV_16UC1, cv::Scalar(1100)), "", {}};
  SheetItem middle{cv::Mat(10, 10, CV_16UC1, cv::Scalar(600)), "", {}};
  SheetOptions options;
  options.cell_px = 10;
  const cv::Mat sheet = draw_sheet({dark, light, middle}, options);
  CHECK(int(at(sheet, 6 + 5, 6 + 5)[0]) == 0);
  CHECK(int(at(sheet, 22 + 5, 6 + 5)[0]) == 255);
  CHECK(std::abs(int(at(sheet, 38 + 5, 6 + 5)[0]) - 128) <= 1);
  // Nothing to stretch: the full range.
  CHECK(
      int(at(draw_sheet({SheetItem{cv::Mat(10, 10, CV_16UC1, cv::Scalar(65535)), "", {}}}, options),
             10,
             10)[0]) == 255);
}

TEST_CASE("captions stand below and stay in their cell") {
  SheetItem item{
      cv::Mat::zeros(40, 40, CV_8UC1), "a very long caption that does not fit \xC3\xA9", {}};
  SheetItem plain{cv::Mat::zeros(40, 40, CV_8UC1), "", {}};
  SheetOptions options;
  options.cell_px = 40;
  const cv::Mat sheet = draw_sheet({item, plain}, options);
  CHECK(sheet.rows == 40 + 14 + 12);
  double ink = 0;
  for (int y = 46; y < sheet.rows; ++y) {
    for (int x = 0; x < sheet.cols; ++x) {
      if (at(sheet, x, y) == kGround) continue;
      ink += 1;
      CHECK(x < 6 + 40 + 2);
    }
  }
  CHECK(ink > 20);
}
