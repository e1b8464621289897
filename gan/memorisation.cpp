// SPDX-License-Identifier: Apache-2.0
#include "gan/memorisation.hpp"

#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>

#include "augment/thumbnails.hpp"
#include "core/error.hpp"
#include "core/parallel.hpp"
#include "core/stats.hpp"

namespace evenray {
namespace {

constexpr int kLongest = 64;  ///< px of the images that are compared

/// Thumbnails of a set, one after another.
std::vector<float> thumbnails_of(const Thumbnails& form, const std::vector<cv::Mat>& images) {
  std::vector<float> out(images.size() * form.length());
  parallel_for(images.size(), at::get_num_threads(), [&](size_t i) {
    form.write(images[i], &out[i * form.length()]);
  });
  return out;
}

/// The nearest of `among` to each of `images`; where both are one set, an image is not its own
/// neighbour.
std::vector<Neighbour> nearest_rows(const Thumbnails& form,
                                    const std::vector<float>& images,
                                    const std::vector<float>& among) {
  constexpr size_t kBlock = 16;  // so many stay in the cache while the others pass by
  const size_t length = form.length(), count = images.size() / length;
  std::vector<Neighbour> out(count, {0, -2});
  parallel_for((count + kBlock - 1) / kBlock, at::get_num_threads(), [&](size_t block) {
    const size_t end = std::min(count, (block + 1) * kBlock);
    for (size_t j = 0; j < among.size() / length; ++j) {
      for (size_t i = block * kBlock; i < end; ++i) {
        if (&images == &among && i == j) continue;
        const float value = form.correlation(&images[i * length], &among[j * length]);
        if (value > out[i].correlation) out[i] = {j, value};
      }
    }
  });
  return out;
}

void check_sizes(const std::vector<cv::Mat>& images, cv::Size size) {
  for (const auto& image : images)
    check(image.size() == size, Exit::bad_data, "nearest images of different sizes");
}

double distance(const Neighbour& neighbour) {
  return std::sqrt(std::max(0., 2 - 2 * neighbour.correlation));
}

double median_distance(const std::vector<Neighbour>& neighbours) {
  std::vector<double> values;
  for (const auto& neighbour : neighbours) values.push_back(distance(neighbour));
  return quantile(values, .5);
}

}  // namespace

std::vector<Neighbour> nearest_images(const std::vector<cv::Mat>& images,
                                      const std::vector<cv::Mat>& among) {
  check(!images.empty() && !among.empty(), Exit::bad_data, "nearest images of an empty set");
  check_sizes(images, among[0].size());
  check_sizes(among, among[0].size());
  const Thumbnails form(among[0].size(), kLongest);
  return nearest_rows(form, thumbnails_of(form, images), thumbnails_of(form, among));
}

Memorisation memorisation(const std::vector<cv::Mat>& fake, const std::vector<cv::Mat>& train) {
  check(!fake.empty() && train.size() >= 2,
        Exit::bad_data,
        "memorisation needs a drawn image and two training images or more");
  check_sizes(fake, train[0].size());
  check_sizes(train, train[0].size());
  const Thumbnails form(train[0].size(), kLongest);
  const auto training = thumbnails_of(form, train);
  const auto among_train = nearest_rows(form, training, training);
  const auto nearest = nearest_rows(form, thumbnails_of(form, fake), training);
  Memorisation out;
  for (const auto& neighbour : nearest) {
    out.authentic += distance(among_train[neighbour.index]) < distance(neighbour);
    out.flagged += neighbour.correlation > kNearDuplicate;
  }
  out.authentic /= static_cast<double>(fake.size());
  out.nearest_ratio = median_distance(nearest) / median_distance(among_train);
  return out;
}

}  // namespace evenray
