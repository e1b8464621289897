// SPDX-License-Identifier: Apache-2.0
#include "dataset/image/sheet.hpp"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "core/text.hpp"
#include "dataset/image/image.hpp"

namespace evenray {
namespace {

const cv::Scalar kGround(0x11, 0x11, 0x11);
const cv::Scalar kInk(0xd0, 0xd0, 0xd0);
const cv::Scalar kAccent(0xcb, 0x6b, 0x0b);    // #0b6bcb, blue first
const cv::Scalar kFoundInk(0x00, 0x9f, 0xe6);  // #e69f00
constexpr int kGap = 6;
constexpr int kCaptionHeight = 14;
constexpr int kFont = cv::FONT_HERSHEY_SIMPLEX;
constexpr double kFontScale = .34;

/// Lines are drawn this many times too large and then averaged down. OpenCV draws an antialiased
/// line of width 4 as 5.7 px, which leaves 1.4 px.
constexpr int kOversampling = 4;
constexpr int kLineWidth = 4;
constexpr int kSubpixelBits = 4;

cv::Size fitted_size(const cv::Mat& image, int cell_px) {
  const double scale = double(cell_px) / std::max(image.cols, image.rows);
  return {std::max(1, static_cast<int>(std::lround(image.cols * scale))),
          std::max(1, static_cast<int>(std::lround(image.rows * scale)))};
}

/// cv::putText() can draw ASCII only.
std::string drawable(std::string text) {
  for (char& c : text) {
    if (c < ' ' || c > '~') c = '?';
  }
  return text;
}

std::string cut_to_width(std::string text, int width_px) {
  const auto width = [](const std::string& t) {
    return cv::getTextSize(t, kFont, kFontScale, 1, nullptr).width;
  };
  if (width(text) <= width_px) return text;
  while (!text.empty() && width(text + "..") > width_px) text.pop_back();
  return text + "..";
}

/// Draws closed rings, given in pixels of the picture before scaling, over a BGR picture.
void draw_rings(cv::Mat& picture,
                const std::vector<std::vector<cv::Point2f>>& rings,
                cv::Point2d scale,
                const cv::Scalar& ink) {
  cv::Mat large = cv::Mat::zeros(picture.size() * kOversampling, CV_8U);
  for (const auto& ring : rings) {
    std::vector<cv::Point> points;
    for (const auto& point : ring) {
      // Box coordinates start at the corner of the first pixel, drawing coordinates at its centre.
      const double x = point.x * scale.x * kOversampling - .5,
                   y = point.y * scale.y * kOversampling - .5;
      points.emplace_back(cv::saturate_cast<int>(x * (1 << kSubpixelBits)),
                          cv::saturate_cast<int>(y * (1 << kSubpixelBits)));
    }
    cv::polylines(large, points, true, cv::Scalar(255), kLineWidth, cv::LINE_AA, kSubpixelBits);
  }
  cv::Mat cover;
  cv::resize(large, cover, picture.size(), 0, 0, cv::INTER_AREA);
  for (int y = 0; y < picture.rows; ++y) {
    auto* row = picture.ptr<cv::Vec3b>(y);
    const auto* alpha = cover.ptr<uint8_t>(y);
    for (int x = 0; x < picture.cols; ++x) {
      for (int c = 0; c < 3; ++c) {
        row[x][c] = cv::saturate_cast<uint8_t>(row[x][c] + (ink[c] - row[x][c]) * alpha[x] / 255);
      }
    }
  }
}

/// Numbers boxes outside their left upper corners, or inside at the upper edge of the picture.
void draw_numbers(cv::Mat& picture, const std::vector<Box>& boxes, cv::Point2d scale) {
  for (size_t i = 0; i < boxes.size(); ++i) {
    const std::string number = std::to_string(i + 1);
    const cv::Size size = cv::getTextSize(number, kFont, kFontScale, 1, nullptr);
    const int x = cvRound(boxes[i].x0 * scale.x), y = cvRound(boxes[i].y0 * scale.y) - 3;
    const cv::Point corner(std::clamp(x, 0, std::max(0, picture.cols - size.width)),
                           y >= size.height ? y : y + size.height + 6);
    // A dark edge keeps the number readable on white.
    cv::putText(picture, number, corner, kFont, kFontScale, kGround, 3, cv::LINE_AA);
    cv::putText(picture, number, corner, kFont, kFontScale, kInk, 1, cv::LINE_AA);
  }
}

std::vector<cv::Point2f> corners_of(const Box& box) {
  return {{box.x0, box.y0}, {box.x1, box.y0}, {box.x1, box.y1}, {box.x0, box.y1}};
}

/// Draws one item, whose image is `image`, with 8 bits.
cv::Mat draw_picture(const SheetItem& item,
                     const cv::Mat& image,
                     const SheetOptions& options,
                     cv::Size size) {
  Placement placement;
  const cv::Mat grey = fit_image(image, size.height, size.width, Fit::stretch, placement);
  cv::Mat picture;
  cv::cvtColor(grey, picture, cv::COLOR_GRAY2BGR);
  const cv::Point2d scale(placement.scale_x, placement.scale_y);
  std::vector<std::vector<cv::Point2f>> rings, found;
  for (const auto& box : item.boxes) {
    if (options.boxes) rings.push_back(corners_of(box));
    if (options.polygons) rings.insert(rings.end(), box.rings.begin(), box.rings.end());
  }
  for (const auto& box : item.found) found.push_back(corners_of(box));
  if (!rings.empty()) draw_rings(picture, rings, scale, kAccent);
  if (!found.empty()) draw_rings(picture, found, scale, kFoundInk);
  if (options.numbers) draw_numbers(picture, item.boxes, scale);
  return picture;
}

}  // namespace

std::vector<cv::Mat> in_one_window(std::vector<cv::Mat> images) {
  double low = 65535, high = 0;
  for (const auto& image : images) {
    if (image.depth() != CV_16U) continue;
    double smallest = 0, largest = 0;
    cv::minMaxLoc(image, &smallest, &largest);
    low = std::min(low, smallest);
    high = std::max(high, largest);
  }
  if (high <= low) low = 0, high = 65535;
  const double gain = 255 / (high - low);
  for (auto& image : images) {
    cv::Mat shown;
    if (image.depth() != CV_16U) continue;
    image.convertTo(shown, CV_8U, gain, -low * gain);
    image = shown;
  }
  return images;
}

cv::Mat draw_sheet(const std::vector<SheetItem>& items, const SheetOptions& options) {
  cv::Size cell(1, 1);
  int lines = 0;
  for (const auto& item : items) {
    const cv::Size size = fitted_size(item.image, options.cell_px);
    cell = {std::max(cell.width, size.width), std::max(cell.height, size.height)};
    if (!item.caption.empty())
      lines = std::max(lines, static_cast<int>(split_text(item.caption, '\n').size()));
  }
  const int count = static_cast<int>(items.size());
  const int columns = std::clamp(count, 1, std::max(options.columns, 1));
  const int rows = std::max(1, (count + columns - 1) / columns);
  const int pitch_x = cell.width + kGap, pitch_y = cell.height + kGap + lines * kCaptionHeight;
  cv::Mat sheet(rows * pitch_y + kGap, columns * pitch_x + kGap, CV_8UC3, kGround);

  std::vector<cv::Mat> images;
  for (const auto& item : items) images.push_back(item.image);
  images = in_one_window(std::move(images));
  for (int i = 0; i < count; ++i) {
    const SheetItem& item = items[static_cast<size_t>(i)];
    const cv::Size size = fitted_size(item.image, options.cell_px);
    const cv::Point corner(kGap + i % columns * pitch_x, kGap + i / columns * pitch_y);
    const cv::Point inset((cell.width - size.width) / 2, (cell.height - size.height) / 2);
    draw_picture(item, images[static_cast<size_t>(i)], options, size)
        .copyTo(sheet(cv::Rect(corner + inset, size)));
    if (item.caption.empty()) continue;
    cv::Point baseline(corner.x, corner.y + cell.height - 4);
    for (const auto& line : split_text(item.caption, '\n')) {
      baseline.y += kCaptionHeight;
      const std::string caption = cut_to_width(drawable(line), cell.width);
      cv::putText(sheet, caption, baseline, kFont, kFontScale, kInk, 1, cv::LINE_AA);
    }
  }
  return sheet;
}

}  // namespace evenray
