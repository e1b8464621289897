// SPDX-License-Identifier: Apache-2.0
#include "dataset/image/grey_rows.hpp"

#include <algorithm>
#include <opencv2/imgproc.hpp>
#include <vector>

#include "core/text.hpp"

namespace evenray {
namespace {

/// Returns the number of pixels whose red, green and blue differ by more than the coding of a grey
/// image explains. `rgb` may have an alpha channel.
int64_t coloured_pixels(const cv::Mat& rgb) {
  constexpr double kTolerance = 24. / 255;
  std::vector<cv::Mat> channels;
  cv::split(rgb, channels);
  cv::Mat high, low, apart;
  cv::max(cv::max(channels[0], channels[1]), channels[2], high);
  cv::min(cv::min(channels[0], channels[1]), channels[2], low);
  apart = high - low > kTolerance * (rgb.depth() == CV_8U ? 255 : 65535);
  return cv::countNonZero(apart);
}

}  // namespace

GreyRows::GreyRows(DecodedImage& image, int type, bool colour, bool alpha)
    : image_(image), colour_(colour), alpha_(alpha) {
  image.pixels = cv::Mat::zeros(image.height, image.width, CV_MAT_DEPTH(type));
}

void GreyRows::add(const cv::Mat& stored, int y) {
  // Whole pictures are added in parts too, since what is measured takes memory as well.
  for (int from = 0; from < stored.rows; from += kRows) {
    const cv::Mat rows = stored.rowRange(from, std::min(from + kRows, stored.rows));
    cv::Mat out = image_.pixels.rowRange(y + from, y + from + rows.rows);
    const int channels = rows.channels();
    if (colour_) {
      cv::cvtColor(rows, out, channels == 3 ? cv::COLOR_RGB2GRAY : cv::COLOR_RGBA2GRAY);
      coloured_ += coloured_pixels(rows);
    } else {
      cv::extractChannel(rows, out, 0);
    }
    if (!alpha_) continue;
    cv::Mat alpha;
    cv::extractChannel(rows, alpha, channels - 1);
    opaque_ += cv::countNonZero(alpha == (alpha.depth() == CV_8U ? 255 : 65535));
  }
}

void GreyRows::finish() {
  const auto all = static_cast<int64_t>(image_.pixels.total());
  const auto share = [&](int64_t pixels) {
    return static_cast<float>(pixels) / static_cast<float>(all);
  };
  image_.coloured = share(coloured_);
  if (alpha_ && opaque_ < all)
    image_.losses.emplace_back("transparent",
                               cat(share_text(share(all - opaque_)),
                                   " of the pixels are transparent; their colours are read as if "
                                   "they were opaque"));
}

}  // namespace evenray
