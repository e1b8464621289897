// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <opencv2/imgproc.hpp>

#include "core/error.hpp"
#include "core/parallel.hpp"
#include "core/run_folder.hpp"
#include "core/text.hpp"
#include "dataset/audit.hpp"

namespace evenray {
namespace {

constexpr int kThumbnailPx = 64;
/// Standard deviation, as a share of the brightest pixel, below which there is nothing to be seen.
constexpr double kBlankDeviation = .01;

void measure(const cv::Mat& image, ImageFacts& facts) {
  facts.bits = image.depth() == CV_16U ? 16 : 8;
  cv::Mat small;
  cv::resize(image, small, {kThumbnailPx, kThumbnailPx}, 0, 0, cv::INTER_AREA);
  double brightest = 255;
  // Of 16 bits a detector often fills 10 or 12; how many, only the image itself tells.
  if (facts.bits == 16) cv::minMaxLoc(image, nullptr, &brightest);
  small.convertTo(small, CV_32F, 1 / std::max(brightest, 1.));
  cv::Scalar mean, deviation;
  cv::meanStdDev(small, mean, deviation);
  facts.mean = static_cast<float>(mean[0]);
  double largest = 0;
  cv::minMaxLoc(small, nullptr, &largest);
  facts.blank = deviation[0] <= kBlankDeviation * largest;
  small -= mean;
  const double norm = cv::norm(small);
  if (facts.blank) {
    small.setTo(0);
  } else {
    small /= norm;
  }
  facts.thumbnail = small;
}

ImageFacts look_at(const Sample& sample) {
  ImageFacts facts;
  // Whatever one file does to a decoder, OpenCV or the memory, is a fault of that file.
  try {
    DecodedImage decoded;
    if (sample.draw) {
      decoded.pixels = sample.draw();
    } else {
      decoded = decode_image(sample.file);
    }
    facts.orientation = decoded.orientation;
    facts.truncated = decoded.truncated;
    facts.fault = decoded.fault;
    if (decoded.pixels.empty()) return facts;
    facts.width = decoded.pixels.cols;
    facts.height = decoded.pixels.rows;
    measure(decoded.pixels, facts);
    facts.readable = true;
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
    facts[i] = look_at(manifest.samples[i]);
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
