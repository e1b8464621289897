// SPDX-License-Identifier: Apache-2.0
#include "metrics/ensemble.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>

#include "core/error.hpp"
#include "core/rng.hpp"
#include "core/text.hpp"
#include "metrics/temperature.hpp"
#include "tests/fixture.hpp"

using namespace evenray;

namespace {

/// A model of two exclusive classes, or of two labels, that is right to some degree.
Predictions model(double skill, uint64_t seed, bool exclusive = true) {
  Predictions out;
  out.class_names = {"a", "b"};
  Rng truth(1), noise(seed);
  for (int i = 0; i < 400; ++i) {
    const bool first = truth.chance(.3), second = exclusive ? !first : truth.chance(.4);
    const auto probability = [&](bool label) {
      const double logit = skill * (label ? 1 : -1) + noise.normal();
      return 1 / (1 + std::exp(-logit));
    };
    const double p = probability(first);
    out.ids.push_back(std::to_string(i));
    out.groups.emplace_back();
    out.labels.push_back({static_cast<int8_t>(first), static_cast<int8_t>(second)});
    out.probabilities.push_back({p, exclusive ? 1 - p : probability(second)});
  }
  return out;
}

}  // namespace

TEST_CASE("an ensemble is the weighted mean of its models") {
  const auto first = model(1, 2), second = model(1, 3);
  const auto mean = ensemble_of({first, second}, {.25, .75});
  CHECK(mean.probabilities[7][1] ==
        Approx(.25 * first.probabilities[7][1] + .75 * second.probabilities[7][1]));
  CHECK(mean.labels == first.labels);
  CHECK(mean.ids == first.ids);
}

TEST_CASE("the best weights fulfil the conditions of the optimum") {
  const bool exclusive = GENERATE(true, false);
  const std::vector<Predictions> models{
      model(1, 2, exclusive), model(1, 3, exclusive), model(-.5, 4, exclusive)};
  const auto weights = best_weights(models);
  CHECK(weights[0] + weights[1] + weights[2] == Approx(1));
  CHECK(std::min(weights[0], weights[1]) > .1);
  CHECK(weights[2] < 1e-3);
  // The gradient is equal for all models with a weight, and not larger for the others
  // (Karush, Kuhn and Tucker).
  const auto mixture = ensemble_of(models, weights);
  std::vector<double> gradient(3);
  double labels = 0;
  for (size_t row = 0; row < mixture.rows(); ++row) {
    for (size_t c = 0; c < 2; ++c) {
      const bool yes = mixture.labels[row][c] == 1;
      if (exclusive && !yes) continue;
      const auto given = [&](const Predictions& of) {
        return yes ? of.probabilities[row][c] : 1 - of.probabilities[row][c];
      };
      for (size_t k = 0; k < 3; ++k) gradient[k] += given(models[k]) / given(mixture);
      ++labels;
    }
  }
  CHECK(gradient[0] / labels == Approx(1).margin(1e-4));
  CHECK(gradient[1] / labels == Approx(1).margin(1e-4));
  CHECK(gradient[2] / labels <= 1.0001);
  // And no model alone is better.
  for (const auto& one : models)
    CHECK(negative_log_likelihood(mixture, exclusive) <
          negative_log_likelihood(one, exclusive) - .001);
}

TEST_CASE("models of other rows are refused, and unknown labels leave equal weights") {
  Predictions other = model(1, 3);
  other.ids[5] = "x";
  const Error error = error_of([&] { ensemble_of({model(1, 2), other}, {.5, .5}); });
  CHECK(error.code() == Exit::bad_data);
  CHECK(contains(error.what(), "model 2 of the ensemble"));
  Predictions unknown = model(1, 2);
  for (auto& labels : unknown.labels) labels = {-1, -1};
  CHECK(best_weights({unknown, unknown}) == std::vector<double>{.5, .5});
}
