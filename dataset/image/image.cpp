// SPDX-License-Identifier: Apache-2.0
#include "dataset/image/image.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cassert>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <vector>

#include "core/error.hpp"
#include "core/text.hpp"
#include "dataset/image/area.hpp"
#include "dataset/image/codecs.hpp"

namespace evenray {
namespace {

/// The lower median, so that the result is a value that occurs in the border.
template <class Pixel>
double border_median(const cv::Mat& image) {
  std::vector<Pixel> border;
  border.reserve(2 * static_cast<size_t>(image.cols + image.rows));
  for (int y = 0; y < image.rows; ++y) {
    const auto* row = image.ptr<Pixel>(y);
    if (y == 0 || y == image.rows - 1) {
      border.insert(border.end(), row, row + image.cols);
    } else {
      border.push_back(row[0]);
      border.push_back(row[image.cols - 1]);
    }
  }
  const auto middle = border.begin() + static_cast<std::ptrdiff_t>((border.size() - 1) / 2);
  std::nth_element(border.begin(), middle, border.end());
  return *middle;
}

/// One side may shrink while the other grows, so the area average runs first, then the bicubic.
cv::Mat resized(const cv::Mat& image, int height, int width) {
  const cv::Size smaller(std::min(width, image.cols), std::min(height, image.rows));
  cv::Mat out = image;
  if (smaller != image.size()) out = area_average(image, smaller.height, smaller.width);
  if (out.size() == cv::Size(width, height)) return out;
  cv::Mat grown;
  cv::resize(out, grown, cv::Size(width, height), 0, 0, cv::INTER_CUBIC);
  return grown;
}

int scaled_side(int side, double scale, int limit) {
  return std::clamp(static_cast<int>(std::lround(side * scale)), 1, limit);
}

cv::Mat fit_padded(const cv::Mat& image, int height, int width, Placement& placement) {
  const double scale = std::min(double(width) / image.cols, double(height) / image.rows);
  const int inner_width = scaled_side(image.cols, scale, width);
  const int inner_height = scaled_side(image.rows, scale, height);
  const int left = (width - inner_width) / 2, top = (height - inner_height) / 2;
  placement = {float(inner_width) / float(image.cols),
               float(inner_height) / float(image.rows),
               float(left),
               float(top)};
  cv::Mat inner = resized(image, inner_height, inner_width);
  if (inner_width == width && inner_height == height) return inner;
  const double fill =
      image.depth() == CV_8U ? border_median<uint8_t>(image) : border_median<uint16_t>(image);
  cv::Mat out(height, width, image.type(), cv::Scalar(fill));
  inner.copyTo(out(cv::Rect(left, top, inner_width, inner_height)));
  return out;
}

cv::Mat fit_cropped(const cv::Mat& image, int height, int width, Placement& placement) {
  const double scale = std::max(double(width) / image.cols, double(height) / image.rows);
  const int kept_width = scaled_side(width, 1 / scale, image.cols);
  const int kept_height = scaled_side(height, 1 / scale, image.rows);
  const int left = (image.cols - kept_width) / 2, top = (image.rows - kept_height) / 2;
  placement.scale_x = float(width) / float(kept_width);
  placement.scale_y = float(height) / float(kept_height);
  placement.offset_x = -float(left) * placement.scale_x;
  placement.offset_y = -float(top) * placement.scale_y;
  return resized(image(cv::Rect(left, top, kept_width, kept_height)), height, width);
}

}  // namespace

std::string DecodedImage::defect() const { return truncated ? kTruncatedText : fault; }

bool is_png(std::string_view bytes) { return bytes.starts_with("\x89PNG\r\n\x1a\n"); }

bool is_jpeg(std::string_view bytes) { return bytes.starts_with("\xFF\xD8\xFF"); }

bool is_tiff(std::string_view bytes) {
  using namespace std::string_view_literals;
  constexpr std::array kMarks = {"II*\0"sv, "MM\0*"sv, "II+\0"sv, "MM\0+"sv};
  return std::any_of(
      kMarks.begin(), kMarks.end(), [&](std::string_view mark) { return bytes.starts_with(mark); });
}

namespace {
std::atomic<uint64_t> most_pixels{kMaxPixels};
}  // namespace

void limit_pixels(uint64_t most) { most_pixels = most; }

std::string size_fault(uint64_t width, uint64_t height) {
  const uint64_t most = most_pixels;
  if (width == 0 || height == 0) return "an empty picture";
  if (width <= most && height <= most && width * height <= most) return "";
  return cat(width, "x", height, " pixels, more than the limit of ", most >> 20, " Mpx");
}

void claim_memory(DecodedImage& image, int samples, uint64_t more) {
  constexpr uint64_t kLarge = uint64_t{16} << 20;  // pixels of one byte
  constexpr uint64_t kAfterwards = 2;              // bytes: turned upright, or resized
  const uint64_t pixels = uint64_t(image.width) * uint64_t(image.height);
  const uint64_t bytes = pixels * (static_cast<uint64_t>(samples) + kAfterwards) + more;
  if (bytes > kLarge * (1 + kAfterwards)) image.memory = std::make_shared<PictureMemory>(bytes);
}

std::string share_text(float share) {
  int digits = 1;
  for (double percent = 1000. * share; percent < .5 && digits < 6; percent *= 10) ++digits;
  return cat(fixed(100. * share, digits), " %");
}

int white_of(unsigned brightest) {
  return static_cast<int>(std::bit_ceil(std::max(brightest, 255u) + 1) - 1);
}

cv::Mat with_bits(const cv::Mat& image, int64_t bits, int white16) {
  const int depth = bits == 8 ? CV_8U : CV_16U;
  const double scale = (depth == CV_8U ? 255. : 65535.) / (image.depth() == CV_8U ? 255 : white16);
  if (image.depth() == depth && scale == 1) return image;
  cv::Mat out;
  image.convertTo(out, depth, scale);
  return out;
}

Fit parse_fit(const std::string& name) {
  if (name == "pad") return Fit::pad;
  if (name == "stretch") return Fit::stretch;
  if (name == "crop") return Fit::crop;
  throw Error(Exit::config, "data.fit: " + unknown_name("fit", name, {"pad", "stretch", "crop"}));
}

cv::Mat fit_image(const cv::Mat& image, int height, int width, Fit fit, Placement& placement) {
  assert(!image.empty() && (image.type() == CV_8UC1 || image.type() == CV_16UC1));
  assert(height > 0 && width > 0);
  if (fit == Fit::pad) return fit_padded(image, height, width, placement);
  if (fit == Fit::crop) return fit_cropped(image, height, width, placement);
  placement = {float(width) / float(image.cols), float(height) / float(image.rows), 0, 0};
  return resized(image, height, width);
}

double fit_scale(int image_height, int image_width, int height, int width, Fit fit) {
  const double x = double(width) / image_width, y = double(height) / image_height;
  if (fit == Fit::pad) return std::min(x, y);
  return fit == Fit::crop ? std::max(x, y) : std::sqrt(x * y);
}

}  // namespace evenray
