// SPDX-License-Identifier: Apache-2.0
#include "gan/quality.hpp"

#include <torch/torch.h>

#include "core/error.hpp"
#include "core/text.hpp"

namespace evenray {
namespace {

constexpr int64_t kPatch = 7;

torch::Tensor binomial_filter(const torch::Tensor& like) {
  const auto line = torch::tensor({1., 4., 6., 4., 1.}, like.options());
  return (torch::outer(line, line) / 256).view({1, 1, 5, 5});
}

torch::Tensor smooth(const torch::Tensor& x, double gain) {
  // torch's "reflect" leaves the border pixel out, which SciPy calls "mirror".
  namespace F = torch::nn::functional;
  return torch::conv2d(F::pad(x, F::PadFuncOptions({2, 2, 2, 2}).mode(torch::kReflect)),
                       binomial_filter(x) * gain);
}

torch::Tensor pyramid_down(const torch::Tensor& x) {
  using torch::indexing::None;
  using torch::indexing::Slice;
  return smooth(x, 1).index({Slice(), Slice(), Slice(None, None, 2), Slice(None, None, 2)});
}

torch::Tensor pyramid_up(const torch::Tensor& x, int64_t height, int64_t width) {
  using torch::indexing::None;
  using torch::indexing::Slice;
  auto sparse = torch::zeros({x.size(0), x.size(1), height, width}, x.options());
  sparse.index_put_({Slice(), Slice(), Slice(None, None, 2), Slice(None, None, 2)}, x);
  return smooth(sparse, 4);
}

/// [N * patches, 49]: 7x7 neighbourhoods at random places, those of image i from fork(level, i).
torch::Tensor patches(const torch::Tensor& level, int64_t per_image, const Rng& rng) {
  const int64_t count = level.size(0), height = level.size(2), width = level.size(3);
  auto starts = torch::empty({count, per_image, 1}, torch::kLong);
  int64_t* start = starts.data_ptr<int64_t>();
  for (int64_t i = 0; i < count; ++i) {
    Rng stream = rng.fork("patches", static_cast<uint64_t>(i));
    for (int64_t j = 0; j < per_image; ++j) {
      const auto y = static_cast<int64_t>(stream.below(static_cast<uint64_t>(height - kPatch + 1)));
      const auto x = static_cast<int64_t>(stream.below(static_cast<uint64_t>(width - kPatch + 1)));
      *start++ = y * width + x;
    }
  }
  const auto side = torch::arange(kPatch, torch::kLong);
  const auto offsets = (side.view({kPatch, 1}) * width + side).flatten();
  const auto index = (starts + offsets).view({count, -1}).to(level.device());
  return level.flatten(1).gather(1, index).view({count * per_image, kPatch * kPatch});
}

/// [49, n] of unit columns.
torch::Tensor directions(int64_t n, const Rng& rng) {
  auto out = torch::empty({kPatch * kPatch, n}, torch::kFloat);
  Rng stream = rng.fork("directions");
  float* values = out.data_ptr<float>();
  for (int64_t i = 0; i < out.numel(); ++i) values[i] = static_cast<float>(stream.normal());
  return out / out.square().sum(0, true).sqrt();
}

struct Similarity {
  torch::Tensor structure, contrast;  ///< [N] each
};

/// Structural similarity and its contrast term with a Gaussian window of at most 11x11.
Similarity ssim(const torch::Tensor& a, const torch::Tensor& b) {
  const int64_t size = std::min<int64_t>({11, a.size(2), a.size(3)});
  const double sigma = static_cast<double>(size) * 1.5 / 11;
  const auto line = torch::arange(size, a.options()) - static_cast<double>(size - 1) / 2;
  const auto bell = (-line.square() / (2 * sigma * sigma)).exp();
  // The window is a product of two lines: two matrix products, where torch's convolution of doubles
  // takes a copy and a call an image.
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

constexpr const char* kUnlikeSets = "SWD compares equally many images of one size";

int64_t short_side(const torch::Tensor& images) { return std::min(images.size(2), images.size(3)); }

std::vector<torch::Tensor> swd_levels(const torch::Tensor& images) {
  check(short_side(images) >= kPatch,
        Exit::bad_data,
        cat("SWD needs images of ",
            kPatch,
            " px a side or more, these are ",
            images.size(2),
            "x",
            images.size(3)));
  return laplacian_pyramid(images.to(torch::kFloat));
}

/// Patches of a level on random lines, [repeat]: [directions, patches], each row sorted.
std::vector<torch::Tensor> sorted_projections(const torch::Tensor& level,
                                              const SwdOptions& options,
                                              const Rng& stream) {
  auto descriptors = patches(level, options.patches_per_image, stream);
  // A collapsed generator's flat images have no deviation, and still a distance.
  descriptors =
      (descriptors - descriptors.mean()) / descriptors.std(/*unbiased=*/false).clamp_min(1e-6);
  const auto sides =
      directions(options.repeats * options.directions, stream).to(descriptors.device());
  // A repeat at a time: sorting takes four times the memory of what it sorts.
  std::vector<torch::Tensor> sorted;
  for (const auto& some : sides.split(options.directions, 1))
    sorted.push_back(std::get<0>(descriptors.matmul(some).t().contiguous().sort(1)));
  return sorted;
}

double projected_distance(const std::vector<torch::Tensor>& a,
                          const std::vector<torch::Tensor>& b) {
  double sum = 0;
  for (size_t repeat = 0; repeat < a.size(); ++repeat)
    sum += (a[repeat] - b[repeat]).abs().mean().item<double>();
  return sum / static_cast<double>(a.size()) * 1000;
}

double mean_level(const Swd& swd) {
  double sum = 0;
  for (const auto& [side, value] : swd.levels) sum += value;
  return sum / static_cast<double>(swd.levels.size());
}

}  // namespace

std::vector<torch::Tensor> laplacian_pyramid(const torch::Tensor& images, int64_t smallest_side) {
  std::vector<torch::Tensor> levels{images};
  while (std::min(levels.back().size(2), levels.back().size(3)) / 2 >= smallest_side) {
    const auto fine = levels.back();
    levels.push_back(pyramid_down(fine));
    levels[levels.size() - 2] = fine - pyramid_up(levels.back(), fine.size(2), fine.size(3));
  }
  return levels;
}

SwdSet::SwdSet(const torch::Tensor& images, const SwdOptions& options, const Rng& rng)
    : shape_(images.sizes().vec()) {
  torch::NoGradGuard no_grad;
  for (const auto& level : swd_levels(images)) {
    sides_.push_back(short_side(level));
    sorted_.push_back(sorted_projections(level, options, rng.fork("level", sides_.size())));
  }
}

Swd SwdSet::distance(const SwdSet& other) const {
  torch::NoGradGuard no_grad;
  check(shape_ == other.shape_, Exit::bad_data, kUnlikeSets);
  Swd swd;
  for (size_t i = 0; i < sides_.size(); ++i)
    swd.levels[sides_[i]] = projected_distance(sorted_[i], other.sorted_[i]);
  swd.mean = mean_level(swd);
  return swd;
}

std::vector<Swd> swd_to(const torch::Tensor& reference,
                        const std::vector<torch::Tensor>& sets,
                        const SwdOptions& options,
                        const Rng& rng) {
  torch::NoGradGuard no_grad;
  const auto reference_levels = swd_levels(reference);
  std::vector<std::vector<torch::Tensor>> levels;
  for (const auto& set : sets) {
    check(set.sizes() == reference.sizes(), Exit::bad_data, kUnlikeSets);
    levels.push_back(swd_levels(set));
  }
  std::vector<Swd> out(sets.size());
  for (size_t i = 0; i < reference_levels.size(); ++i) {
    const Rng stream = rng.fork("level", i + 1);
    const auto sorted = sorted_projections(reference_levels[i], options, stream);
    for (size_t s = 0; s < sets.size(); ++s)
      out[s].levels[short_side(levels[s][i])] =
          projected_distance(sorted_projections(levels[s][i], options, stream), sorted);
  }
  for (Swd& swd : out) swd.mean = mean_level(swd);
  return out;
}

double ms_ssim(const torch::Tensor& first, const torch::Tensor& second) {
  torch::NoGradGuard no_grad;
  constexpr std::array weights{.0448, .2856, .3001, .2363, .1333};
  auto a = first.to(torch::kDouble), b = second.to(torch::kDouble);
  auto product = torch::ones({a.size(0)}, a.options());
  for (size_t level = 0; level < weights.size(); ++level) {
    const auto similarity = ssim(a, b);
    const auto& term = level + 1 < weights.size() ? similarity.contrast : similarity.structure;
    product = product * term.clamp_min(0).pow(weights[level]);
    a = halve(a);
    b = halve(b);
  }
  return product.mean().item<double>();
}

double diversity_ms_ssim(const torch::Tensor& images, int64_t pairs, const Rng& rng) {
  const auto count = static_cast<uint64_t>(images.size(0));
  check(count >= 2, Exit::bad_data, "MS-SSIM needs two images or more");
  std::vector<int64_t> left, right;
  Rng stream = rng.fork("pairs");
  for (int64_t i = 0; i < pairs; ++i) {
    const uint64_t a = stream.below(count), b = stream.below(count - 1);
    left.push_back(static_cast<int64_t>(a));
    right.push_back(static_cast<int64_t>(b < a ? b : b + 1));
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
