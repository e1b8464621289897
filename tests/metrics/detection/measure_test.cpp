// SPDX-License-Identifier: Apache-2.0
#include "metrics/detection/measure.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <numeric>

#include "tests/fixture.hpp"

using namespace evenray;

namespace {

/// The sum of the weights; without them, the number of images; NaN if it is 0.
Measure counting(size_t images, const std::string& name, Support support) {
  return {{{name, name, support}}, [images](std::span<const double> weights) {
            const double sum = weights.empty()
                                   ? static_cast<double>(images)
                                   : std::accumulate(weights.begin(), weights.end(), 0.);
            return std::vector<double>{sum > 0 ? sum : NAN};
          }};
}

}  // namespace

TEST_CASE("measures of parts get the weights of their images") {
  const std::vector<double> weights{1, 2, 3};
  const Measure both =
      joined({counting(3, "a", {1, 1}), of_part({{0, 2}, counting(2, "b", {2, 2})})});
  CHECK(both.keys[1].name == "b");
  CHECK(both.values(weights) == std::vector<double>{6, 4});
  CHECK(both.values({}) == std::vector<double>{3, 2});
  const Measure mean =
      mean_over({{{0, 2}, counting(2, "a", {2, 4})}, {{1}, counting(1, "a", {1, 1})}});
  CHECK(mean.values(weights) == std::vector<double>{3});
  CHECK(mean.keys[0].support.positive == 3);
  CHECK(mean.keys[0].support.negative == 5);
  // A part without a value does not count.
  CHECK(mean.values(std::vector<double>{1, 0, 3}) == std::vector<double>{4});
  CHECK(std::isnan(mean.values(std::vector<double>{0, 0, 0})[0]));
}

TEST_CASE("groups behind a value") {
  const std::vector<ScoredImage> images{{"1", "a"}, {"2", "a"}, {"3", ""}, {"4", ""}};
  CHECK(groups_of(images, {3, 0, 1, 0}).positive == 2);
  CHECK(rarest_support({{5, 5}, {0, 0}, {3, 3}, {4, 4}}).positive == 3);
  CHECK(rarest_support({}).positive == 0);
}

TEST_CASE("a mean over classes counts as the class that is rarest in all parts together") {
  const auto part = [](size_t image, const std::vector<Support>& of_classes) {
    MeasurePart out{{image}, counting(1, "ap", rarest_support(of_classes))};
    out.measure.keys[0].of_classes = of_classes;
    return out;
  };
  // The first class is in one part only, and there more frequent than the second.
  const Measure mean = mean_over({part(0, {{5, 5}, {3, 3}}), part(1, {{0, 0}, {4, 4}})});
  CHECK(mean.keys[0].support.positive == 5);
  CHECK(mean.keys[0].of_classes[1].positive == 7);
}
