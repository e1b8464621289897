// SPDX-License-Identifier: Apache-2.0
#include "gan/feature_metrics.hpp"

#include <numeric>

#include "tests/gan/tiny_gan.hpp"

using namespace evenray;

namespace {

/// The matrices of make_features.py.
torch::Tensor features(uint64_t key, int64_t rows, int64_t columns, double scale, double shift) {
  Rng stream(key);
  std::vector<double> values;
  for (int64_t i = 0; i < rows * columns; ++i) values.push_back(stream.normal());
  const auto drawn = torch::tensor(values, torch::kDouble).view({rows, columns});
  return scale * drawn + .3 * drawn.flip(1) + shift;
}

}  // namespace

TEST_CASE("FID, KID, precision, recall, density and coverage are those of SciPy, NumPy and prdc") {
  for (const auto& golden : golden_json("gan/features.json")) {
    const int64_t columns = golden["columns"];
    INFO(golden["real"]);
    const auto real = features(1, golden["real"], columns, 1, 0);
    const auto fake = features(2, golden["fake"], columns, .8, golden["shift"]);
    CHECK(fid(real, fake) == Approx(golden["fid"].get<double>()).epsilon(1e-6).margin(0));
    CHECK(kid(real, fake) == Approx(golden["kid"].get<double>()).epsilon(1e-9).margin(0));
    const Prdc found = prdc(real, fake);
    CHECK(found.precision == Approx(golden["precision"].get<double>()).epsilon(1e-9).margin(0));
    CHECK(found.recall == Approx(golden["recall"].get<double>()).epsilon(1e-9).margin(0));
    CHECK(found.density == Approx(golden["density"].get<double>()).epsilon(1e-9).margin(0));
    CHECK(found.coverage == Approx(golden["coverage"].get<double>()).epsilon(1e-9).margin(0));
  }
}

TEST_CASE("sets that are the same have no distance and full cover") {
  const auto x = features(3, 30, 4, 1, 0);
  CHECK(std::abs(fid(x, x)) < 1e-9);
  CHECK(kid(x, x) < 0);  // unbiased: the pairs of an image with itself are not counted within a set
  const Prdc found = prdc(x, x);
  CHECK(found.precision == 1);
  CHECK(found.recall == 1);
  CHECK(found.coverage == 1);
}

TEST_CASE("KID of subsets: of all rows where there are no more, else about that of all") {
  const auto real = features(5, 1200, 3, 1, 0), fake = features(6, 900, 3, .8, .2);
  const auto some = kid_of_subsets(real, fake, 4, Rng(1));
  CHECK(some.size() == 4);
  const double mean = std::accumulate(some.begin(), some.end(), 0.) / 4;
  CHECK(mean == Approx(kid(real, fake)).epsilon(.1));
  CHECK(some == kid_of_subsets(real, fake, 4, Rng(1)));
  CHECK(some != kid_of_subsets(real, fake, 4, Rng(2)));
  const auto few = real.slice(0, 0, 900);
  for (const double value : kid_of_subsets(few, fake, 2, Rng(1)))
    CHECK(value == Approx(kid(few, fake)).epsilon(1e-9));
}

TEST_CASE("fewer images than features: FID stays finite and right") {
  // Of shifted copies the covariances agree, so the distance is that of the means.
  const auto x = features(4, 10, 32, 1, 0);
  CHECK(fid(x, x + .5) == Approx(32 * .25).epsilon(1e-6));
}
