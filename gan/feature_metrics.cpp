// SPDX-License-Identifier: Apache-2.0
#include "gan/feature_metrics.hpp"

#include <torch/types.h>

#include <numeric>

#include "core/error.hpp"
#include "core/text.hpp"
#include "gan/gan.hpp"
#include "nn/loader.hpp"
#include "nn/npy.hpp"

namespace evenray {
namespace {

/// Rows of a matrix of pairs that are in memory at a time.
constexpr int64_t kRows = 1024;
/// Rows of a subset for KID, as in the paper (Binkowski et al. 2018).
constexpr int64_t kSubsetRows = 1000;
/// Largest absolute value of a feature: the products of FID and KID must not overflow doubles.
constexpr double kLargest = 1e30;

torch::Tensor covariance(const torch::Tensor& x) {
  const auto centred = x - x.mean(0);
  return centred.t().matmul(centred) / static_cast<double>(x.size(0) - 1);
}

/// Sum of the kernel over all pairs of a row of `a` and one of `b`.
double kernel_sum(const torch::Tensor& a, const torch::Tensor& b) {
  double sum = 0;
  for (const auto& rows : a.split(kRows)) {
    const auto products = rows.matmul(b.t()).div_(static_cast<double>(a.size(1))).add_(1);
    sum += (products * products * products).sum().item<double>();
  }
  return sum;
}

/// Sum of the kernel over all ordered pairs of different rows of `x`.
double kernel_sum_within(const torch::Tensor& x) {
  // The pairs of a row with itself, which the sums of blocks below include.
  const auto own = x.square().sum(1).div_(static_cast<double>(x.size(1))).add_(1).pow_(3).sum();
  double sum = -own.item<double>();
  for (int64_t first = 0; first < x.size(0); first += kRows) {
    const auto rows = x.slice(0, first, first + kRows), later = x.slice(0, first + kRows);
    sum += kernel_sum(rows, rows);
    if (later.size(0) > 0) sum += 2 * kernel_sum(rows, later);
  }
  return sum;
}

/// Distances [rows, to] between all rows of both. Computed by one matrix product; rounding may make
/// small squares negative, hence the clamp.
torch::Tensor distances(const torch::Tensor& rows, const torch::Tensor& to) {
  const auto squares = rows.square().sum(1, true) + to.square().sum(1) - 2 * rows.matmul(to.t());
  return squares.clamp_min_(0).sqrt_();
}

/// Distance of each row to its k-th nearest other row.
torch::Tensor radii(const torch::Tensor& x, int64_t k) {
  std::vector<torch::Tensor> parts;
  for (const auto& rows : x.split(kRows))
    // k + 1, because the nearest row is the row itself.
    parts.push_back(std::get<0>(distances(rows, x).kthvalue(k + 1, 1)));
  return torch::cat(parts);
}

}  // namespace

double fid(const torch::Tensor& real, const torch::Tensor& fake) {
  const auto a = covariance(real), b = covariance(fake);
  // The trace of sqrt(a b) equals that of sqrt(r' b r) with r r' = a. r' b r is symmetric, so its
  // eigenvalues are real and eigvalsh is accurate; those that rounding made negative count as 0.
  const auto [values, vectors] = torch::linalg_eigh(a);
  const auto root = vectors * values.clamp_min(0).sqrt();
  const auto mixed = torch::linalg_eigvalsh(root.t().matmul(b).matmul(root));
  const auto means = (real.mean(0) - fake.mean(0)).square().sum();
  return (means + a.trace() + b.trace() - 2 * mixed.clamp_min(0).sqrt().sum()).item<double>();
}

double kid(const torch::Tensor& real, const torch::Tensor& fake) {
  const auto m = static_cast<double>(real.size(0)), n = static_cast<double>(fake.size(0));
  return kernel_sum_within(real) / (m * (m - 1)) + kernel_sum_within(fake) / (n * (n - 1)) -
         2 * kernel_sum(real, fake) / (m * n);
}

Prdc prdc(const torch::Tensor& real, const torch::Tensor& fake, int64_t k) {
  const auto real_radii = radii(real, k), fake_radii = radii(fake, k);
  auto in_real_ball = torch::zeros({fake.size(0)}, torch::kLong);
  double recalled = 0, covered = 0;
  for (int64_t first = 0; first < real.size(0); first += kRows) {
    const auto rows = real.slice(0, first, first + kRows);
    const auto apart = distances(rows, fake);
    const auto inside = apart < real_radii.slice(0, first, first + kRows).unsqueeze(1);
    in_real_ball += inside.sum(0);
    covered += inside.any(1).sum().item<double>();
    recalled += (apart < fake_radii).any(1).sum().item<double>();
  }
  const auto m = static_cast<double>(real.size(0)), n = static_cast<double>(fake.size(0));
  return {(in_real_ball > 0).sum().item<double>() / n,
          recalled / m,
          in_real_ball.sum().item<double>() / (static_cast<double>(k) * n),
          covered / m};
}

std::vector<double> kid_of_subsets(const torch::Tensor& real,
                                   const torch::Tensor& fake,
                                   int64_t subsets,
                                   Rng rng) {
  const int64_t rows = std::min({kSubsetRows, real.size(0), fake.size(0)});
  const auto some = [&](const torch::Tensor& x) {
    std::vector<int64_t> order(static_cast<size_t>(x.size(0)));
    std::iota(order.begin(), order.end(), 0);
    rng.shuffle(order);
    order.resize(static_cast<size_t>(rows));
    return x.index_select(0, index_tensor(order, x.device()));
  };
  std::vector<double> out;
  for (int64_t i = 0; i < subsets; ++i) {
    // A statement of its own: the order in which a call evaluates its arguments is unspecified, but
    // the subsets come from one random stream.
    const auto fakes = some(fake);
    out.push_back(kid(some(real), fakes));
  }
  return out;
}

Json feature_metrics(const Path& real_path,
                     const Path& fake_path,
                     const FeatureMetricOptions& options) {
  const auto real = read_npy_matrix(real_path), fake = read_npy_matrix(fake_path);
  check(real.size(1) == fake.size(1),
        Exit::bad_data,
        cat(real_path.string(),
            " has ",
            real.size(1),
            " features per row, but ",
            fake_path.string(),
            " has ",
            fake.size(1),
            ": both must come from the same network"));
  for (const auto& [path, rows] : {std::pair(real_path, real), std::pair(fake_path, fake)}) {
    check(rows.size(0) > options.neighbours,
          Exit::bad_data,
          cat(path.string(),
              " has ",
              rows.size(0),
              " rows, but ",
              options.neighbours,
              " neighbours (--k) require at least ",
              options.neighbours + 1));
  }
  for (const auto& [path, rows] : {std::pair(real_path, real), std::pair(fake_path, fake)}) {
    check(rows.abs().max().item<double>() <= kLargest,
          Exit::bad_data,
          cat(path.string(), " has values above 1e30, so its covariance would not be finite"));
    check(options.subsets == 0 || rows.size(0) > kSubsetRows,
          Exit::bad_data,
          cat(path.string(),
              " has ",
              rows.size(0),
              " rows, but --subsets requires more than ",
              kSubsetRows,
              ": run without --subsets"));
  }
  const Prdc found = prdc(real, fake, options.neighbours);
  Json out{{"schema", "evenray-gan-metrics-1"},
           {"n_real", real.size(0)},
           {"n_fake", fake.size(0)},
           {"fid", fid(real, fake)},
           {"precision", found.precision},
           {"recall", found.recall},
           {"density", found.density},
           {"coverage", found.coverage}};
  if (options.subsets == 0) {
    out["kid"] = kid(real, fake);
    return out;
  }
  const auto each = kid_of_subsets(real, fake, options.subsets, Rng(options.seed));
  const auto values = torch::tensor(each, torch::kDouble);
  out["kid"] = values.mean().item<double>();
  if (each.size() > 1) out["kid_deviation"] = values.std(/*unbiased=*/false).item<double>();
  return out;
}

}  // namespace evenray
