// SPDX-License-Identifier: Apache-2.0
// Every method against ensemble-boxes (tests/golden/fusion/make_fusion.py).
#include <catch2/catch.hpp>
#include <set>

#include "fusion/fusion.hpp"
#include "tests/fixture.hpp"

using namespace evenray;

namespace {

std::vector<std::vector<FoundBox>> models_of(const Json& drawn) {
  std::vector<std::vector<FoundBox>> models;
  for (const Json& found : drawn["models"]) {
    auto& boxes = models.emplace_back();
    for (const Json& box : found)
      boxes.push_back({{box[0], box[1], box[2], box[3]}, box[4], box[5]});
  }
  return models;
}

FusionOptions options_of(const Json& run) {
  FusionOptions options;
  options.method = parse_fusion_method(run["method"]);
  options.weights = run["weights"].get<std::vector<double>>();
  options.iou_thr = run["iou_thr"];
  options.skip_box_thr = run.value("skip_box_thr", 0.);
  options.conf_type = parse_conf_type(run.value("conf_type", "avg"));
  options.allows_overflow = run.value("allows_overflow", false);
  options.sigma = run.value("sigma", .5);
  options.thresh = run.value("thresh", 0.);
  options.lowered_scores = false;
  return options;
}

/// The largest difference of corners, as shares of the image's sides, and of scores.
double largest_difference(const std::vector<FusedBox>& fused, const Json& run, ImageSize image) {
  const Json& expected = run["result"];
  REQUIRE(fused.size() == expected.size());
  double largest = 0;
  for (size_t i = 0; i < fused.size(); ++i) {
    const FoundBox& found = fused[i].found;
    const PixelBox& box = found.box;
    CHECK(found.class_index == expected[i][5].get<int>());
    const double values[] = {box.x / image.width,
                             box.y / image.height,
                             (box.x + box.width) / image.width,
                             (box.y + box.height) / image.height,
                             found.score};
    for (size_t k = 0; k < 5; ++k)
      largest = std::max(largest, std::abs(values[k] - expected[i][k].get<double>()));
  }
  return largest;
}

}  // namespace

TEST_CASE("fused boxes are those of ensemble-boxes, in its order") {
  const Json golden = golden_json("fusion/fusion.json");
  std::set<std::string> methods;
  for (const Json& run : golden["runs"]) {
    const Json& drawn = golden["cases"][run["case"].get<std::string>()];
    const ImageSize image{drawn["width"], drawn["height"]};
    FusionOptions options = options_of(run);
    Json told = run;
    told.erase("result");
    CAPTURE(told.dump());
    const auto fused = fuse_boxes(models_of(drawn), image, options);
    CHECK(largest_difference(fused, run, image) < 1e-9);
    methods.insert(run["method"]);
    if (!run.contains("lowered")) continue;
    options.lowered_scores = true;
    const auto lowered = fuse_boxes(models_of(drawn), image, options);
    REQUIRE(lowered.size() == run["lowered"].size());
    for (size_t i = 0; i < lowered.size(); ++i) {
      CHECK(lowered[i].found.score == Approx(run["lowered"][i].get<double>()).margin(1e-9));
      CHECK(lowered[i].found.box.x == fused[i].found.box.x);
    }
  }
  CHECK(methods.size() == fusion_method_names().size());
}
