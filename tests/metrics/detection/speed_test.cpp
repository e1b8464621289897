// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <chrono>

#include "metrics/detection/coco_map.hpp"
#include "metrics/detection/panel.hpp"
#include "tests/fixture.hpp"

using namespace evenray;

namespace {

double seconds_of(const std::function<void()>& action) {
  const auto start = std::chrono::steady_clock::now();
  action();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

// Prints times and checks the value: bench/coco_speed.py writes the files, runs this, and runs
// pycocotools beside it.
TEST_CASE("speed of average precision on a large set", "[.speed]") {
  const char* folder = std::getenv("EVENRAY_COCO_SPEED");
  REQUIRE(folder);
  const Json expected = read_json(Path(folder) / "expected.json");
  constexpr int kThreads = 2;
  for (const auto& [name, ap] : expected.items()) {
    CocoBoxes boxes;
    const double read = seconds_of([&] {
      boxes = read_coco_boxes(Path(folder) / "truth.json", Path(folder) / name, "", kThreads);
    });
    std::optional<CocoMap> map;
    std::vector<double> values;
    const double evaluate = seconds_of([&] {
      map.emplace(boxes.images, boxes.class_names, kThreads);
      values = map->values();
    });
    const std::vector<double> weights(boxes.images.size(), 2);
    const double draw = seconds_of([&] { CHECK(map->values(weights)[0] == Approx(values[0])); });
    const double panel =
        seconds_of([&] { detection_metrics(boxes, {.draws = 100, .threads = kThreads}); });
    CHECK(std::abs(values[0] - ap.get<double>()) < 1e-9);
    std::cout << name << ": read " << read << " s, evaluate " << evaluate << " s, one draw " << draw
              << " s, panel with 100 draws " << panel << " s\n";
  }
}
