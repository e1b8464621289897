// SPDX-License-Identifier: Apache-2.0
#include "classifier/smote.hpp"

#include "classifier/fit.hpp"
#include "tests/nn/torch_fixture.hpp"

using namespace evenray;

TEST_CASE("SMOTE draws rows on the lines to nearest neighbours") {
  // Two clusters of seven rows far from one another.
  torch::manual_seed(2);
  auto rows = torch::rand({14, 3});
  rows.slice(0, 7) += 9;
  const auto drawn = smote(rows, 42, Rng(3));
  REQUIRE(drawn.sizes() == std::vector<int64_t>{42, 3});
  const auto distances = torch::cdist(rows, rows);
  const auto rank = [&](int64_t from, int64_t to) {
    return (distances[from] < distances[from][to]).sum().item<int64_t>();
  };
  for (int64_t i = 0; i < 42; ++i) {
    // A row is on a line if its distances to the ends add up to the length.
    int64_t lines = 0;
    for (int64_t a = 0; a < 14; ++a) {
      for (int64_t b = 0; b < 14; ++b) {
        const double off = (rows[a] - drawn[i]).norm().item<double>() +
                           (rows[b] - drawn[i]).norm().item<double>() -
                           distances[a][b].item<double>();
        lines += a != b && off < 1e-4 && (a < 7) == (b < 7) && rank(a, b) <= kSmoteNeighbours;
      }
    }
    CHECK(lines > 0);
  }
  CHECK(torch::equal(smote(rows, 42, Rng(3)), drawn));
  CHECK_FALSE(torch::equal(smote(rows, 42, Rng(4)), drawn));
}

TEST_CASE("SMOTE of few or equal rows") {
  const auto one = torch::ones({1, 2});
  CHECK(torch::equal(smote(one, 3, Rng(1)), torch::ones({3, 2})));
  const auto equal = torch::ones({4, 2});
  CHECK(torch::equal(smote(equal, 5, Rng(1)), torch::ones({5, 2})));
  const auto two = torch::tensor({{0., 0.}, {1., 2.}}, torch::kFloat);
  const auto drawn = smote(two, 10, Rng(1));
  CHECK(torch::allclose(drawn.select(1, 1), 2 * drawn.select(1, 0)));
  CHECK(drawn.min().item<double>() >= 0);
  CHECK(drawn.select(1, 0).max().item<double>() <= 1);
}

TEST_CASE("examples are filled up to the largest class") {
  torch::manual_seed(1);
  auto labels = torch::zeros({12, 3});
  for (int64_t i = 0; i < 12; ++i) labels[i][i < 7 ? 0 : i < 11 ? 1 : 2] = 1;
  const Examples rows{torch::rand({12, 5}), labels, torch::full({12}, 2.f), 255, true};
  const Examples filled = filled_with_smote(rows, Rng(1));
  CHECK(filled.images.size(0) == 21);
  CHECK(torch::equal(filled.labels.sum(0), torch::full({3}, 7.f)));
  CHECK(torch::equal(filled.images.slice(0, 0, 12), rows.images));
  CHECK(torch::equal(filled.labels.slice(0, 0, 12), rows.labels));
  CHECK(torch::equal(filled.weights.slice(0, 12), torch::ones({9})));
  // The added rows of a class lie between its own.
  const auto of_class = rows.images.slice(0, 7, 11), added = filled.images.slice(0, 12, 15);
  CHECK((added <= std::get<0>(of_class.max(0))).all().item<bool>());
  CHECK((added >= std::get<0>(of_class.min(0))).all().item<bool>());
}
