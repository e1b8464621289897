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

TEST_CASE("MLSMOTE doubles the rows of rare classes, with the labels of most around them") {
  torch::manual_seed(4);
  // "common" in all 40 rows, "rare" in the first 6, "half" in 3 of these and in 17 others.
  auto labels = torch::zeros({40, 3});
  labels.select(1, 0).fill_(1);
  labels.slice(0, 0, 6).select(1, 1).fill_(1);
  labels.slice(0, 3, 23).select(1, 2).fill_(1);
  const auto features = torch::rand({40, 4});
  const LabelledFeatures made = mlsmote(features, labels, Rng(1));
  // IRLbl 1, 6.67 and 2; MeanIR 3.2: only "rare" is rare.
  REQUIRE(made.features.sizes() == std::vector<int64_t>{6, 4});
  CHECK(made.labels.select(1, 0).eq(1).all().item<bool>());
  CHECK(made.labels.select(1, 1).eq(1).all().item<bool>());
  // All six rows are around each new one; three of six is not more than half.
  CHECK(made.labels.select(1, 2).eq(0).all().item<bool>());
  const auto bag = features.slice(0, 0, 6);
  CHECK((made.features <= std::get<0>(bag.max(0))).all().item<bool>());
  CHECK((made.features >= std::get<0>(bag.min(0))).all().item<bool>());
  CHECK(torch::equal(mlsmote(features, labels, Rng(1)).features, made.features));

  labels.slice(0, 0, 6).select(1, 2).fill_(-1);
  CHECK(mlsmote(features, labels, Rng(1)).labels.select(1, 2).eq(-1).all().item<bool>());

  const Examples rows{features, labels, torch::full({40}, 2.f), 255, false};
  const Examples filled = filled_with_smote(rows, Rng(1));
  CHECK(filled.images.size(0) == 46);
  CHECK(filled.labels.size(0) == 46);
  CHECK(filled.weights.slice(0, 40).eq(1).all().item<bool>());
}
