// SPDX-License-Identifier: Apache-2.0
#include "augment/mixture.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "core/error.hpp"
#include "core/text.hpp"

namespace evenray {
namespace {

double parse_weight(std::string_view text) {
  double weight = 0;
  if (!parse_double(trim(text), weight) || !(weight >= 0 && weight <= 1))
    throw Error(Exit::usage,
                cat("mixture: '",
                    text,
                    "' is not a weight from 0 to 1; a mixture is written as in "
                    "0.4+0.25(Rotate:3,Posterize:4)+0.35(Equalize)"));
  return weight;
}

/// The product is rounded before it is added, as torch does; see the compiler flag of this file.
template <class T>
void add_weighted(const cv::Mat& image, float weight, cv::Mat& sum) {
  for (int y = 0; y < image.rows; ++y) {
    const T* from = image.ptr<T>(y);
    float* to = sum.ptr<float>(y);
    for (int x = 0; x < image.cols; ++x) to[x] += weight * static_cast<float>(from[x]);
  }
}

void add_weighted(const cv::Mat& image, double weight, cv::Mat& sum) {
  const auto factor = static_cast<float>(weight);
  image.depth() == CV_16U ? add_weighted<uint16_t>(image, factor, sum)
                          : add_weighted<uint8_t>(image, factor, sum);
}

template <class T>
cv::Mat truncated(const cv::Mat& sum, int type, float max) {
  cv::Mat out(sum.size(), type);
  for (int y = 0; y < sum.rows; ++y) {
    const float* from = sum.ptr<float>(y);
    T* to = out.ptr<T>(y);
    for (int x = 0; x < sum.cols; ++x) to[x] = static_cast<T>(std::min(from[x], max));
  }
  return out;
}

bool moves_pixels(const std::vector<Operation>& operations) {
  return std::any_of(operations.begin(), operations.end(), [](const Operation& operation) {
    return operation_info(operation.op).kind == OpKind::geometric && !operation.area;
  });
}

/// Enlarges a box to cover a moved copy of it.
void cover(Box& box, Box copy) {
  box.x0 = std::min(box.x0, copy.x0);
  box.y0 = std::min(box.y0, copy.y0);
  box.x1 = std::max(box.x1, copy.x1);
  box.y1 = std::max(box.y1, copy.y1);
  std::move(copy.rings.begin(), copy.rings.end(), std::back_inserter(box.rings));
}

}  // namespace

bool is_mixture(std::string_view text) { return text.find('(') != std::string_view::npos; }

Mixture parse_mixture(std::string_view text) {
  size_t at = text.find('+');
  Mixture mixture{parse_weight(text.substr(0, at)), {}};
  double sum = mixture.weight;
  while (at < text.size()) {
    const size_t open = text.find('(', at), close = text.find(')', at);
    if (text[at] != '+' || close == std::string_view::npos || open > close)
      throw Error(Exit::usage,
                  cat("mixture: '",
                      text.substr(at),
                      "' does not begin with a chain as in +0.25(Rotate:3,Posterize:4)"));
    mixture.chains.push_back({parse_weight(text.substr(at + 1, open - at - 1)),
                              parse_operations(text.substr(open + 1, close - open - 1))});
    sum += mixture.chains.back().weight;
    at = text.find_first_not_of(" \t", close + 1);
  }
  if (std::abs(sum - 1) > 1e-3)
    throw Error(Exit::usage, cat("mixture: the weights sum to ", sum, ", not to 1"));
  return mixture;
}

std::string mixture_text(const Mixture& mixture) {
  std::string text = exact(mixture.weight);
  for (const MixtureChain& chain : mixture.chains)
    text += cat("+", exact(chain.weight), "(", operations_text(chain.operations), ")");
  return text;
}

Augmented apply_mixture(const cv::Mat& image,
                        const std::vector<Box>& boxes,
                        const Mixture& mixture,
                        Sampling sampling,
                        const Rng& rng) {
  Augmented out = apply_operations(image, boxes, {}, sampling, rng);  // throws for another type
  // Some boxes leave the image with a chain. In the place of their labels, their numbers tell
  // which ones are left.
  std::vector<Box> numbered = boxes;
  for (size_t i = 0; i < numbered.size(); ++i) numbered[i].label = static_cast<int>(i);
  cv::Mat sum(image.size(), CV_32F, cv::Scalar(0));
  add_weighted(image, mixture.weight, sum);
  for (size_t i = 0; i < mixture.chains.size(); ++i) {
    const auto& [weight, operations] = mixture.chains[i];
    const bool moves = weight > 0 && moves_pixels(operations);
    Augmented result = apply_operations(
        image, moves ? numbered : std::vector<Box>{}, operations, sampling, rng.fork("chain", i));
    add_weighted(result.image, weight, sum);
    for (Box& copy : result.boxes) {
      Box& whole = out.boxes[static_cast<size_t>(copy.label)];
      cover(whole, std::move(copy));
    }
  }
  out.image = image.depth() == CV_16U ? truncated<uint16_t>(sum, image.type(), 65535)
                                      : truncated<uint8_t>(sum, image.type(), 255);
  return out;
}

}  // namespace evenray
