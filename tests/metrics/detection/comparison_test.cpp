// SPDX-License-Identifier: Apache-2.0
#include "metrics/detection/comparison.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "tests/metrics/detection/golden_boxes.hpp"

using namespace evenray;

TEST_CASE("detectors are compared on the same draws") {
  const CocoBoxes first = golden_boxes("patient");
  CocoBoxes fewer = first, same = first;
  for (auto& image : fewer.images)
    std::erase_if(image.found, [](const FoundBox& box) { return box.score > .6; });
  const Resampling options{.draws = 200};
  const Json found = compare_detections({{"a", first}, {"b", fewer}, {"c", same}}, options);
  CHECK(found["names"] == Json{"a", "b", "c"});
  REQUIRE(found["comparisons"].size() == 2);
  const Json values = detection_metrics(first, {.draws = 0})["values"];
  const Json others = detection_metrics(fewer, {.draws = 0})["values"];
  const Json& differences = found["comparisons"][0]["differences"];
  CHECK(differences.size() == values.size());
  const Json& ap = differences["ap50"];
  CHECK(ap["first"] == values["ap50"]);
  CHECK(ap["second"] == others["ap50"]);
  CHECK(ap["difference"].get<double>() ==
        Approx(others["ap50"].get<double>() - values["ap50"].get<double>()));
  CHECK(ap["difference"] < 0);
  CHECK(ap["ci"][0] < ap["difference"]);
  CHECK(ap["ci"][1] > ap["difference"]);
  CHECK(ap["p"] > 0);
  CHECK(ap["p"] <= 1);
  CHECK(differences["Never there.ap"]["difference"].is_null());
  CHECK(differences["Never there.ap"]["p"].is_null());
  // A detector does not differ from itself in any draw, although its values do.
  const Json& none = found["comparisons"][1]["differences"]["ap50"];
  CHECK(none["difference"] == 0);
  CHECK(none["ci"] == Json{0., 0.});
  CHECK(none["p"] == 1);
  const std::string text = detection_comparison_text(found);
  CHECK(text.starts_with("24 images; [95 % interval, 200 draws of 13 groups]\n"));
  CHECK(contains(text, "b - a"));
  CHECK(contains(text, "\nfroc "));

  const auto fault = [&](const CocoBoxes& other) {
    return error_of([&] { compare_detections({{"a", first}, {"b", other}}, options); });
  };
  CHECK(contains(error_of([&] {
                   compare_detections({{"a", first}}, options);
                 }).what(),
                 "needs the boxes of two detectors"));
  CocoBoxes moved = first;
  moved.images[3].truth[0].box.x += 1;
  CHECK(fault(moved).code() == Exit::bad_data);
  CHECK(contains(fault(moved).what(), "cannot compare b with a: their images"));
  CHECK(fault(golden_boxes()).code() == Exit::bad_data);
}
