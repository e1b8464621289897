// SPDX-License-Identifier: Apache-2.0
#include "gan/memorisation.hpp"

#include <ATen/Parallel.h>
#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "core/error.hpp"
#include "core/parallel.hpp"
#include "core/text.hpp"
#include "metrics/stats.hpp"

namespace evenray {
namespace {

constexpr int kLongest = 64;  ///< longest side of the thumbnails that are compared, px

/// Thumbnails of a set, one after another in memory.
std::vector<float> thumbnails_of(const Thumbnails& form, const std::vector<cv::Mat>& images) {
  std::vector<float> out(images.size() * form.length());
  parallel_for(images.size(), at::get_num_threads(), [&](size_t i) {
    form.write(images[i], &out[i * form.length()]);
  });
  return out;
}

/// Returns the nearest of `among` for each of `images`, where allowed(image, other) is true.
template <class Allowed>
std::vector<Neighbour> nearest_rows(const Thumbnails& form,
                                    const std::vector<float>& images,
                                    const std::vector<float>& among,
                                    const Allowed& allowed) {
  constexpr size_t kBlock = 16;  // these images stay in the cache while all others are read once
  const size_t length = form.length(), count = images.size() / length;
  std::vector<Neighbour> out(count, {0, -2});
  parallel_for((count + kBlock - 1) / kBlock, at::get_num_threads(), [&](size_t block) {
    const size_t end = std::min(count, (block + 1) * kBlock);
    for (size_t j = 0; j < among.size() / length; ++j) {
      for (size_t i = block * kBlock; i < end; ++i) {
        if (!allowed(i, j)) continue;
        const float value = form.correlation(&images[i * length], &among[j * length]);
        if (value > out[i].correlation) out[i] = {j, value};
      }
    }
  });
  return out;
}

bool any(size_t, size_t) { return true; }
bool others(size_t a, size_t b) { return a != b; }

/// Returns a group number for each image; an image without a group is a group of its own. If all
/// images are of one group, each image becomes its own group, since otherwise none could be
/// compared.
std::vector<size_t> group_numbers(const std::vector<std::string>& groups, size_t count) {
  std::vector<size_t> out(count);
  std::map<std::string, size_t> first;
  for (size_t i = 0; i < count; ++i)
    out[i] = groups.empty() || groups[i].empty() ? i : first.emplace(groups[i], i).first->second;
  if (std::count(out.begin(), out.end(), out[0]) == static_cast<std::ptrdiff_t>(count))
    std::iota(out.begin(), out.end(), size_t{0});
  return out;
}

constexpr size_t kLeastHeldOut = 20;
constexpr double kShare = .05;

/// Returns the largest k for which k or more of n images are below the threshold with a probability
/// of at least kShare, if these images have the same distribution as the `known` images whose
/// quantile the threshold is. The threshold is an estimate: the true share below the r-th of them
/// has the distribution Beta(r, known + 1 - r), so the number of images is beta-binomial.
int64_t most_by_chance(int64_t n, size_t known) {
  const double m = static_cast<double>(known), a = 1 + kShare * (m - 1), b = m + 1 - a;
  const auto log_beta = [](double x, double y) {
    return std::lgamma(x) + std::lgamma(y) - std::lgamma(x + y);
  };
  // Logarithms of the beta function, because binomial coefficients of large n overflow a double.
  const auto total = static_cast<double>(n);
  double tail = 0;
  for (int64_t k = n; k > 0; --k) {
    const auto count = static_cast<double>(k);
    const double choose = -std::log(total + 1) - log_beta(count + 1, total - count + 1);
    tail += std::exp(choose + log_beta(count + a, total - count + b) - log_beta(a, b));
    if (tail >= kShare) return k;
  }
  return 0;
}

Closeness closeness_of(const std::vector<double>& distances,
                       double threshold,
                       bool held_out,
                       size_t known) {
  Closeness out{threshold, held_out};
  for (size_t i = 0; i < distances.size(); ++i)
    if (distances[i] < threshold) out.drops.push_back(i);
  const auto n = static_cast<double>(distances.size());
  out.share = static_cast<double>(out.drops.size()) / n;
  out.bound =
      static_cast<double>(most_by_chance(static_cast<int64_t>(distances.size()), known)) / n;
  return out;
}

void check_sizes(const std::vector<cv::Mat>& images, cv::Size size) {
  for (const auto& image : images)
    check(image.size() == size,
          Exit::bad_data,
          cat("cannot search nearest images among different sizes: ",
              size.height,
              "x",
              size.width,
              " and ",
              image.rows,
              "x",
              image.cols,
              " px"));
}

/// Euclidean distance of two thumbnails of unit norm. Rounding may give a correlation above 1.
double distance(const Neighbour& neighbour) {
  return std::sqrt(std::max(0., 2 - 2 * neighbour.correlation));
}

std::vector<double> distances_of(const std::vector<Neighbour>& neighbours) {
  std::vector<double> values;
  for (const auto& neighbour : neighbours) values.push_back(distance(neighbour));
  return values;
}

using Nearest = Closeness::Nearest;

std::vector<double> distances_of(const std::vector<Nearest>& nearest) {
  std::vector<double> values;
  for (const auto& one : nearest) values.push_back(one.distance);
  return values;
}

std::vector<Nearest> with_distances(const std::vector<Neighbour>& neighbours) {
  std::vector<Nearest> out;
  for (const auto& neighbour : neighbours) out.push_back({neighbour.index, distance(neighbour)});
  return out;
}

/// Share of drawn images that are farther from their nearest training image than that image is from
/// its own nearest training image. `among_train`: the distances of the latter.
double authentic_share(const std::vector<Nearest>& drawn, const std::vector<double>& among_train) {
  const auto authentic = std::count_if(drawn.begin(), drawn.end(), [&](const Nearest& one) {
    return among_train[one.index] < one.distance;
  });
  return static_cast<double>(authentic) / static_cast<double>(drawn.size());
}

/// Returns the nearest row of `to` for each of `rows`. If `groups` are given, both are one set and
/// only rows of other groups are compared.
std::vector<Nearest> nearest_features(const torch::Tensor& rows,
                                      const torch::Tensor& to,
                                      const std::vector<size_t>& groups = {}) {
  constexpr int64_t kRows = 256;  // rows of the matrix of pairs that are in memory at a time
  std::vector<Nearest> out;
  const auto numbers = torch::tensor(std::vector<int64_t>(groups.begin(), groups.end()));
  for (int64_t first = 0; first < rows.size(0); first += kRows) {
    auto apart = torch::cdist(rows.slice(0, first, first + kRows), to);
    if (!groups.empty())
      apart.masked_fill_(numbers.slice(0, first, first + kRows).unsqueeze(1) == numbers, INFINITY);
    const auto [distances, rows_of] = apart.min(1);
    for (int64_t i = 0; i < distances.size(0); ++i)
      out.push_back(
          {static_cast<size_t>(rows_of.data_ptr<int64_t>()[i]), distances.data_ptr<double>()[i]});
  }
  return out;
}

}  // namespace

std::vector<Neighbour> nearest_images(const std::vector<cv::Mat>& images,
                                      const std::vector<cv::Mat>& among) {
  check(!images.empty() && !among.empty(),
        Exit::bad_data,
        "cannot search nearest images: one of the two sets is empty");
  check_sizes(images, among[0].size());
  check_sizes(among, among[0].size());
  const Thumbnails form(among[0].size(), kLongest);
  return nearest_rows(form, thumbnails_of(form, images), thumbnails_of(form, among), any);
}

std::vector<SimilarImage> most_similar(const std::vector<cv::Mat>& images,
                                       const std::vector<cv::Mat>& among,
                                       size_t count) {
  std::vector<SimilarImage> out;
  for (const auto& neighbour : nearest_images(images, among))
    out.push_back({out.size(), neighbour});
  std::stable_sort(out.begin(), out.end(), [](const SimilarImage& a, const SimilarImage& b) {
    return a.nearest.correlation > b.nearest.correlation;
  });
  out.resize(std::min(count, out.size()));
  return out;
}

MemorisationGauge::MemorisationGauge(const RealImages& real)
    : size_(real.images.empty() ? cv::Size(1, 1) : real.images[0].size()), form_(size_, kLongest) {
  check(real.images.size() >= 2,
        Exit::bad_data,
        "memorisation requires at least two training images");
  check_sizes(real.images, size_);
  training_ = thumbnails_of(form_, real.images);
  among_train_ = nearest_rows(form_, training_, training_, others);
  among_ = quantile(distances_of(among_train_), .5);
  held_out_ = real.held_out.size() >= kLeastHeldOut;
  const auto groups = group_numbers(real.groups, real.images.size());
  const auto apart = [&](size_t a, size_t b) { return groups[a] != groups[b]; };
  const auto unseen =
      held_out_ ? nearest(real.held_out) : nearest_rows(form_, training_, training_, apart);
  known_ = unseen.size();
  threshold_ = quantile(distances_of(unseen), kShare);
  unseen_ = quantile(distances_of(unseen), .5);
  authentic_real_ = authentic_share(with_distances(unseen), distances_of(among_train_));
}

std::vector<Neighbour> MemorisationGauge::nearest(const std::vector<cv::Mat>& images) const {
  check_sizes(images, size_);
  return nearest_rows(form_, thumbnails_of(form_, images), training_, any);
}

std::vector<double> MemorisationGauge::distances(const std::vector<cv::Mat>& images) const {
  return distances_of(nearest(images));
}

Memorisation MemorisationGauge::evaluate(const std::vector<cv::Mat>& fake) const {
  check(!fake.empty(), Exit::bad_data, "memorisation requires at least one drawn image");
  const auto found = nearest(fake);
  const auto apart = distances_of(found);
  Memorisation out;
  // The drops also include near duplicates, which may be above the threshold; the share does not.
  out.closeness = closeness_of(apart, threshold_, held_out_, known_);
  out.closeness.drops.clear();
  for (size_t i = 0; i < found.size(); ++i) {
    const bool duplicate = found[i].correlation > kNearDuplicate;
    out.flagged += duplicate;
    if (duplicate || apart[i] < threshold_) out.closeness.drops.push_back(i);
  }
  out.closeness.nearest = with_distances(found);
  out.closeness.authentic = authentic_share(out.closeness.nearest, distances_of(among_train_));
  out.closeness.authentic_real = authentic_real_;
  out.nearest_ratio = quantile(apart, .5) / among_;
  out.nearest_ratio_real = unseen_ / among_;
  return out;
}

Closeness feature_closeness(const torch::Tensor& fake,
                            const torch::Tensor& train,
                            const std::vector<std::string>& groups,
                            const torch::Tensor& held_out) {
  check(train.size(0) >= 2 && fake.size(0) >= 1,
        Exit::bad_data,
        "memorisation requires at least one drawn image and two training images");
  const auto known = train.to(torch::kDouble);
  const bool enough = held_out.defined() && held_out.size(0) >= int64_t{kLeastHeldOut};
  const auto unseen =
      enough ? nearest_features(held_out.to(torch::kDouble), known)
             : nearest_features(
                   known, known, group_numbers(groups, static_cast<size_t>(train.size(0))));
  const auto drawn = nearest_features(fake.to(torch::kDouble), known);
  const auto each_its_own = group_numbers({}, static_cast<size_t>(train.size(0)));
  Closeness out = closeness_of(
      distances_of(drawn), quantile(distances_of(unseen), kShare), enough, unseen.size());
  const auto among_train = distances_of(nearest_features(known, known, each_its_own));
  out.authentic = authentic_share(drawn, among_train);
  out.authentic_real = authentic_share(unseen, among_train);
  out.nearest = drawn;
  return out;
}

}  // namespace evenray
