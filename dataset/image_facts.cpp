// SPDX-License-Identifier: Apache-2.0
#include "dataset/image_facts.hpp"

#include <algorithm>
#include <array>
#include <opencv2/imgproc.hpp>

#include "core/error.hpp"
#include "core/parallel.hpp"
#include "core/run_folder.hpp"
#include "core/text.hpp"
#include "dataset/files/image_file.hpp"
#include "dataset/image/image.hpp"

namespace evenray {
namespace {

constexpr int kThumbnailPx = 64, kBorderPx = 2;
/// An image is blank if its standard deviation is at most this share of its brightest pixel.
constexpr double kBlankDeviation = .01;

int count_grey_levels(const cv::Mat& image) {
  std::array<bool, 256> seen{};
  for (int y = 0; y < image.rows; ++y) {
    const uint8_t* row = image.ptr(y);
    for (int x = 0; x < image.cols; ++x) seen[row[x]] = true;
  }
  return static_cast<int>(std::count(seen.begin(), seen.end(), true));
}

double border_mean(const cv::Mat& small) {
  const int inner_px = kThumbnailPx - 2 * kBorderPx;
  const cv::Mat inner = small(cv::Rect(kBorderPx, kBorderPx, inner_px, inner_px));
  return (cv::sum(small)[0] - cv::sum(inner)[0]) /
         static_cast<double>(small.total() - inner.total());
}

void measure(const cv::Mat& image, ImageFacts& facts) {
  facts.bits = image.depth() == CV_16U ? 16 : 8;
  cv::Mat small;
  cv::resize(image, small, {kThumbnailPx, kThumbnailPx}, 0, 0, cv::INTER_AREA);
  double brightest = 255;
  // Detectors often fill only 10 or 12 of the 16 bits, and the file does not state how many.
  if (facts.bits == 16) cv::minMaxLoc(image, nullptr, &brightest);
  if (facts.bits == 8) facts.grey_levels = count_grey_levels(image);
  small.convertTo(small, CV_32F, 1 / std::max(brightest, 1.));
  cv::Scalar mean, deviation;
  cv::meanStdDev(small, mean, deviation);
  facts.mean = static_cast<float>(mean[0]);
  facts.border = static_cast<float>(border_mean(small));
  double smallest = 0, largest = 0;
  cv::minMaxLoc(small, &smallest, &largest);
  facts.blank = deviation[0] <= kBlankDeviation * largest;
  const double stretch = largest > smallest ? 255 / (largest - smallest) : 0;
  small.convertTo(facts.thumbnail, CV_8U, stretch, -smallest * stretch);
  if (!facts.blank) facts.landmarks = find_landmarks(reduced_picture(image));
}

ImageFacts measure_sample(const Sample& sample) {
  ImageFacts facts;
  // One bad file must not end the scan: any exception of the decoder or OpenCV becomes a fault of
  // that file.
  try {
    const DecodedImage decoded = decode_sample(sample, true);
    facts.orientation = decoded.orientation;
    facts.truncated = decoded.truncated;
    facts.fault = decoded.fault;
    facts.mode = decoded.mode;
    facts.coloured = decoded.coloured;
    facts.pictures = decoded.pictures;
    facts.losses = decoded.losses;
    if (decoded.pixels.empty()) return facts;
    facts.width = decoded.pixels.cols;
    facts.height = decoded.pixels.rows;
    measure(decoded.pixels, facts);
    facts.readable = true;
  } catch (const std::bad_alloc&) {
    throw;  // says nothing of the file
  } catch (const cv::Exception& error) {
    if (error.code == cv::Error::StsNoMem) throw std::bad_alloc();
    facts.fault = error.what();
  } catch (const std::exception& error) {
    facts.fault = error.what();
  }
  return facts;
}

}  // namespace

std::vector<ImageFacts> scan_images(const Manifest& manifest, int threads) {
  std::vector<ImageFacts> facts(manifest.samples.size());
  parallel_for(facts.size(), threads, [&](size_t i) {
    throw_if_stopped();
    facts[i] = measure_sample(manifest.samples[i]);
  });
  const bool any =
      std::any_of(facts.begin(), facts.end(), [](const auto& f) { return f.readable; });
  if (!any) {
    throw Error(Exit::bad_data,
                cat(manifest.source,
                    ": no readable image among ",
                    facts.size(),
                    facts.empty() ? "" : " (" + facts.front().fault + ")"));
  }
  return facts;
}

}  // namespace evenray
