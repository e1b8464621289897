// SPDX-License-Identifier: Apache-2.0
#include "gan/quality.hpp"

#include <ATen/Parallel.h>
#include <hwy/contrib/sort/vqsort.h>
#include <torch/nn.h>

#include <algorithm>
#include <numeric>

#include "core/error.hpp"
#include "core/text.hpp"

namespace evenray {
namespace {

constexpr int64_t kPatch = 7;
constexpr int64_t kSmallestSide = 16;
/// Images that are split into levels at a time, and directions that patches are projected on at a
/// time. They keep the memory small that is used in addition to the patches.
constexpr int64_t kImages = 64;
constexpr int64_t kLines = 16;

torch::Tensor binomial_filter(const torch::Tensor& like) {
  const auto line = torch::tensor({1., 4., 6., 4., 1.}, like.options());
  return (torch::outer(line, line) / 256).view({1, 1, 5, 5});
}

torch::Tensor smooth(const torch::Tensor& x, double gain, int64_t stride = 1) {
  // torch's "reflect" leaves the border pixel out, which SciPy calls "mirror".
  namespace F = torch::nn::functional;
  return torch::conv2d(F::pad(x, F::PadFuncOptions({2, 2, 2, 2}).mode(torch::kReflect)),
                       binomial_filter(x) * gain,
                       /*bias=*/{},
                       stride);
}

torch::Tensor pyramid_down(const torch::Tensor& x) { return smooth(x, 1, 2); }

torch::Tensor pyramid_up(const torch::Tensor& x, int64_t height, int64_t width) {
  using torch::indexing::None;
  using torch::indexing::Slice;
  // Only one pixel in four is not zero, hence the gain of 4.
  auto sparse = torch::zeros({x.size(0), x.size(1), height, width}, x.options());
  sparse.index_put_({Slice(), Slice(), Slice(None, None, 2), Slice(None, None, 2)}, x);
  return smooth(sparse, 4);
}

int64_t short_side(const torch::Tensor& images) { return std::min(images.size(2), images.size(3)); }

/// The finest level of the pyramid of `images`, and the smaller images that the remaining levels
/// are made from; undefined after the last level.
struct SplitLevel {
  torch::Tensor level, rest;
};
SplitLevel split_level(const torch::Tensor& images, int64_t smallest_side) {
  if (short_side(images) / 2 < smallest_side) return {images, {}};
  const auto rest = pyramid_down(images);
  return {images - pyramid_up(rest, images.size(2), images.size(3)), rest};
}

/// Returns [N, patches * 49]: 7x7 patches at random positions; those of image i come from
/// rng.fork("patches", first + i).
torch::Tensor patches(const torch::Tensor& level,
                      int64_t per_image,
                      int64_t first,
                      const Rng& rng) {
  const int64_t count = level.size(0), height = level.size(2), width = level.size(3);
  auto starts = torch::empty({count, per_image, 1}, torch::kLong);
  int64_t* start = starts.data_ptr<int64_t>();
  for (int64_t i = 0; i < count; ++i) {
    Rng stream = rng.fork("patches", static_cast<uint64_t>(first + i));
    for (int64_t j = 0; j < per_image; ++j) {
      const auto y = static_cast<int64_t>(stream.below(static_cast<uint64_t>(height - kPatch + 1)));
      const auto x = static_cast<int64_t>(stream.below(static_cast<uint64_t>(width - kPatch + 1)));
      *start++ = y * width + x;
    }
  }
  const auto side = torch::arange(kPatch, torch::kLong);
  const auto offsets = (side.view({kPatch, 1}) * width + side).flatten();
  const auto index = (starts + offsets).view({count, -1}).to(level.device());
  return level.flatten(1).gather(1, index);
}

/// Returns [n, 49], rows of norm 1 with uniformly distributed directions: normal vectors, scaled.
torch::Tensor directions(int64_t n, const Rng& rng) {
  auto out = torch::empty({kPatch * kPatch, n}, torch::kFloat);
  Rng stream = rng.fork("directions");
  float* values = out.data_ptr<float>();
  for (int64_t i = 0; i < out.numel(); ++i) values[i] = static_cast<float>(stream.normal());
  return (out / out.square().sum(0, true).sqrt()).t().contiguous();
}

/// Returns the rows sorted; on the CPU sorts them in place.
torch::Tensor sort_rows(const torch::Tensor& rows) {
  if (!rows.is_cpu()) return std::get<0>(rows.sort(1));
  float* values = rows.data_ptr<float>();
  const auto length = rows.size(1);
  at::parallel_for(0, rows.size(0), 1, [&](int64_t first, int64_t end) {
    const hwy::Sorter sort;
    for (int64_t row = first; row < end; ++row)
      sort(values + row * length, static_cast<size_t>(length), hwy::SortAscending());
  });
  return rows;
}

struct Similarity {
  torch::Tensor structure, contrast;  ///< [N] each
};

/// Structural similarity and its contrast term, with a Gaussian window of at most 11x11 px.
Similarity ssim(const torch::Tensor& a, const torch::Tensor& b) {
  const int64_t size = std::min<int64_t>({11, a.size(2), a.size(3)});
  const double sigma = static_cast<double>(size) * 1.5 / 11;
  const auto line = torch::arange(size, a.options()) - static_cast<double>(size - 1) / 2;
  const auto bell = (-line.square() / (2 * sigma * sigma)).exp();
  // The window is separable, so averaging is two products with band matrices. This is faster than
  // torch's convolution, which for doubles makes a copy and a call per image.
  const auto slide = [&](int64_t side) {
    auto rows = torch::zeros({side - size + 1, side}, a.options());
    for (int64_t i = 0; i < rows.size(0); ++i)
      rows[i].slice(0, i, i + size).copy_(bell / bell.sum());
    return rows;
  };
  const auto down = slide(a.size(2)), across = slide(a.size(3)).t();
  const auto average = [&](const torch::Tensor& x) { return down.matmul(x).matmul(across); };
  const auto mean_a = average(a), mean_b = average(b);
  const auto variance_a = average(a * a) - mean_a * mean_a,
             variance_b = average(b * b) - mean_b * mean_b;
  const auto covariance = average(a * b) - mean_a * mean_b;
  const double c1 = 2.55 * 2.55, c2 = 7.65 * 7.65;  // (.01 * 255)^2, (.03 * 255)^2
  const auto v1 = 2 * covariance + c2, v2 = variance_a + variance_b + c2;
  return {(((2 * mean_a * mean_b + c1) * v1) / ((mean_a.square() + mean_b.square() + c1) * v2))
              .mean({1, 2, 3}),
          (v1 / v2).mean({1, 2, 3})};
}

torch::Tensor halve(const torch::Tensor& x) {
  namespace F = torch::nn::functional;
  auto even =
      F::pad(x, F::PadFuncOptions({0, x.size(3) % 2, 0, x.size(2) % 2}).mode(torch::kReplicate));
  return torch::avg_pool2d(even, 2);
}

constexpr const char* kUnlikeSets = "SWD requires two sets with the same number and size of images";

/// The patches of a set, level by level, the finest first. Holds the images of only one level of
/// the pyramid.
class PatchLevels {
 public:
  explicit PatchLevels(const torch::Tensor& images) : rest_(images) {
    check(short_side(images) >= kPatch,
          Exit::bad_data,
          cat("SWD requires images with sides of at least ",
              kPatch,
              " px, but these have ",
              images.size(2),
              "x",
              images.size(3),
              " px"));
  }

  bool done() const { return !rest_.defined(); }
  /// Short side of the next level.
  int64_t side() const { return short_side(rest_); }

  /// Returns [N * patches, 49] of the next level, with zero mean and unit deviation.
  torch::Tensor next(int64_t per_image, const Rng& stream) {
    const int64_t count = rest_.size(0);
    auto out = torch::empty({count, per_image * kPatch * kPatch},
                            torch::TensorOptions(rest_.device()).dtype(torch::kFloat));
    torch::Tensor smaller;
    for (int64_t first = 0; first < count; first += kImages) {
      const int64_t end = std::min(count, first + kImages);
      const auto [level, rest] =
          split_level(rest_.slice(0, first, end).to(torch::kFloat), kSmallestSide);
      out.slice(0, first, end).copy_(patches(level, per_image, first, stream));
      if (!rest.defined()) continue;
      if (first == 0)
        smaller = torch::empty({count, 1, rest.size(2), rest.size(3)}, rest.options());
      smaller.slice(0, first, end).copy_(rest);
    }
    rest_ = smaller;
    // Flat images of a collapsed generator have deviation 0; the clamp keeps their distance finite.
    const auto mean = out.mean(), deviation = out.std(/*unbiased=*/false).clamp_min(1e-6);
    return out.sub_(mean).div_(deviation).view({-1, kPatch * kPatch});
  }

 private:
  torch::Tensor rest_;
};

torch::Tensor sorted_projections(const torch::Tensor& descriptors, const torch::Tensor& lines) {
  return sort_rows(lines.matmul(descriptors.t()));
}

std::vector<torch::Tensor> lines_of(const SwdOptions& options,
                                    const Rng& stream,
                                    torch::Device device) {
  return directions(options.repeats * options.directions, stream).to(device).split(kLines);
}

/// Sum over the directions of the mean distance between sorted projections, which is the
/// Wasserstein-1 distance in one dimension.
double projected_distance(const torch::Tensor& a, const torch::Tensor& b) {
  return (a - b).abs_().mean().item<double>() * static_cast<double>(a.size(0));
}

double per_line(double sum, const SwdOptions& options) {
  return sum / static_cast<double>(options.repeats * options.directions) * 1000;
}

double mean_level(const Swd& swd) {
  double sum = 0;
  for (const auto& [side, value] : swd.levels) sum += value;
  return sum / static_cast<double>(swd.levels.size());
}

}  // namespace

std::vector<torch::Tensor> laplacian_pyramid(const torch::Tensor& images, int64_t smallest_side) {
  std::vector<torch::Tensor> levels;
  for (torch::Tensor rest = images; rest.defined();) {
    const SplitLevel split = split_level(rest, smallest_side);
    levels.push_back(split.level);
    rest = split.rest;
  }
  return levels;
}

SwdSet::SwdSet(const torch::Tensor& images, const SwdOptions& options, const Rng& rng)
    : shape_(images.sizes().vec()), options_(options) {
  torch::NoGradGuard no_grad;
  for (PatchLevels levels(images); !levels.done();) {
    sides_.push_back(levels.side());
    const Rng stream = rng.fork("level", sides_.size());
    const auto descriptors = levels.next(options.patches_per_image, stream);
    auto& sorted = sorted_.emplace_back();
    for (const auto& lines : lines_of(options, stream, images.device()))
      sorted.push_back(sorted_projections(descriptors, lines));
  }
}

Swd SwdSet::distance(const SwdSet& other) const {
  torch::NoGradGuard no_grad;
  check(shape_ == other.shape_, Exit::bad_data, kUnlikeSets);
  Swd swd;
  for (size_t i = 0; i < sides_.size(); ++i) {
    double sum = 0;
    for (size_t part = 0; part < sorted_[i].size(); ++part)
      sum += projected_distance(sorted_[i][part], other.sorted_[i][part]);
    swd.levels[sides_[i]] = per_line(sum, options_);
  }
  swd.mean = mean_level(swd);
  return swd;
}

std::vector<Swd> swd_to(const torch::Tensor& reference,
                        const std::vector<torch::Tensor>& sets,
                        const SwdOptions& options,
                        const Rng& rng) {
  torch::NoGradGuard no_grad;
  PatchLevels reference_levels(reference);
  std::vector<PatchLevels> set_levels;
  for (const auto& set : sets) {
    check(set.sizes() == reference.sizes(), Exit::bad_data, kUnlikeSets);
    set_levels.emplace_back(set);
  }
  std::vector<Swd> out(sets.size());
  for (uint64_t level = 1; !reference_levels.done(); ++level) {
    const int64_t side = reference_levels.side();
    const Rng stream = rng.fork("level", level);
    const auto descriptors = reference_levels.next(options.patches_per_image, stream);
    std::vector<torch::Tensor> others;
    for (auto& levels : set_levels)
      others.push_back(levels.next(options.patches_per_image, stream));
    std::vector<double> sums(sets.size());
    for (const auto& lines : lines_of(options, stream, reference.device())) {
      const auto sorted = sorted_projections(descriptors, lines);
      for (size_t s = 0; s < sets.size(); ++s)
        sums[s] += projected_distance(sorted_projections(others[s], lines), sorted);
    }
    for (size_t s = 0; s < sets.size(); ++s) out[s].levels[side] = per_line(sums[s], options);
  }
  for (Swd& swd : out) swd.mean = mean_level(swd);
  return out;
}

double ms_ssim(const torch::Tensor& first, const torch::Tensor& second) {
  torch::NoGradGuard no_grad;
  constexpr std::array weights{.0448, .2856, .3001, .2363, .1333};
  size_t scales = 1;
  for (int64_t side = short_side(first); scales < weights.size() && side > 2; ++scales)
    side = (side + 1) / 2;
  // With all five scales the weights must stay as published; their sum is 1.0001, not 1.
  const double share = std::accumulate(weights.begin(), weights.begin() + scales, 0.) /
                       std::accumulate(weights.begin(), weights.end(), 0.);
  auto a = first.to(torch::kDouble), b = second.to(torch::kDouble);
  auto product = torch::ones({a.size(0)}, a.options());
  for (size_t scale = 0; scale < scales; ++scale) {
    const auto similarity = ssim(a, b);
    const auto& term = scale + 1 < scales ? similarity.contrast : similarity.structure;
    product = product * term.clamp_min(0).pow(weights[scale] / share);
    a = halve(a);
    b = halve(b);
  }
  return product.mean().item<double>();
}

double diversity_ms_ssim(const torch::Tensor& images,
                         int64_t pairs,
                         const Rng& rng,
                         const std::vector<std::string>& groups) {
  const auto count = static_cast<uint64_t>(images.size(0));
  check(count >= 2, Exit::bad_data, "MS-SSIM requires at least two images");
  check(groups.empty() || groups.front().empty() ||
            std::any_of(groups.begin(),
                        groups.end(),
                        [&](const auto& group) { return group != groups.front(); }),
        Exit::bad_data,
        cat("MS-SSIM requires images of at least two groups, but all are of group '",
            groups.empty() ? "" : groups.front(),
            "'"));
  std::vector<int64_t> left, right;
  Rng stream = rng.fork("pairs");
  while (left.size() < static_cast<size_t>(pairs)) {
    const uint64_t a = stream.below(count), other = stream.below(count - 1);
    const uint64_t b = other < a ? other : other + 1;  // uniform over all images except a
    if (!groups.empty() && !groups[a].empty() && groups[a] == groups[b]) continue;
    left.push_back(static_cast<int64_t>(a));
    right.push_back(static_cast<int64_t>(b));
  }
  double sum = 0;
  constexpr int64_t kBatch = 64;
  for (int64_t i = 0; i < pairs; i += kBatch) {
    const int64_t n = std::min(kBatch, pairs - i);
    const auto pick = [&](const std::vector<int64_t>& rows) {
      return images.index_select(
          0,
          torch::tensor(std::vector<int64_t>(rows.begin() + i, rows.begin() + i + n))
              .to(images.device()));
    };
    sum += ms_ssim(pick(left), pick(right)) * static_cast<double>(n);
  }
  return sum / static_cast<double>(pairs);
}

}  // namespace evenray
