// SPDX-License-Identifier: Apache-2.0
#include "serve/curation/thumbnails.hpp"

#include <opencv2/imgproc.hpp>

#include "dataset/image/image.hpp"

namespace evenray {
namespace {

constexpr size_t kMostKept = 4000;
constexpr int kPngLevel = 1;  // a page waits for it

/// Shrinks an image into a square, with its white at 255.
cv::Mat shrunk(const cv::Mat& image, int value_max) {
  const double scale = double(ThumbnailCache::kSide) / std::max(image.rows, image.cols);
  const cv::Size size(std::max(1, cvRound(image.cols * scale)),
                      std::max(1, cvRound(image.rows * scale)));
  cv::Mat small, grey;
  cv::resize(image, small, size, 0, 0, scale < 1 ? cv::INTER_AREA : cv::INTER_LINEAR);
  small.convertTo(grey, CV_8U, 255. / value_max);
  cv::Mat out = cv::Mat::zeros(ThumbnailCache::kSide, ThumbnailCache::kSide, CV_8UC1);
  grey.copyTo(
      out({(out.cols - size.width) / 2, (out.rows - size.height) / 2, size.width, size.height}));
  return out;
}

}  // namespace

cv::Mat ThumbnailCache::thumbnail(int64_t number) {
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = kept_.find(number); found != kept_.end()) {
      newest_.splice(newest_.begin(), newest_, found->second);
      return newest_.front().second;
    }
  }
  cv::Mat made = shrunk(collection_.image(number), collection_.store().info().value_max);
  const std::lock_guard lock(mutex_);
  if (kept_.contains(number)) return made;  // another request was quicker
  newest_.emplace_front(number, made);
  kept_[number] = newest_.begin();
  if (newest_.size() > kMostKept) {
    kept_.erase(newest_.back().first);
    newest_.pop_back();
  }
  return made;
}

std::string ThumbnailCache::sheet(std::span<const int64_t> numbers, int columns) {
  const auto count = static_cast<int>(numbers.size());
  const int rows = std::max(1, (count + columns - 1) / columns);
  cv::Mat out = cv::Mat::zeros(rows * kSide, columns * kSide, CV_8UC1);
  for (int i = 0; i < count; ++i)
    thumbnail(numbers[static_cast<size_t>(i)])
        .copyTo(out({i % columns * kSide, i / columns * kSide, kSide, kSide}));
  return encode_png(out, kPngLevel);
}

}  // namespace evenray
