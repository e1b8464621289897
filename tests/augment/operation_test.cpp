// SPDX-License-Identifier: Apache-2.0
#include "augment/operation.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>

#include "augment/geometry.hpp"
#include "tests/augment/pictures.hpp"
#include "tests/fixture.hpp"

using namespace evenray;

namespace {

cv::Mat run(const cv::Mat& image,
            const std::string& operations,
            Sampling sampling = Sampling::torchvision) {
  return apply_operations(image, {}, parse_operations(operations), sampling, Rng(1)).image;
}

cv::Mat wide(const cv::Mat& image) {
  cv::Mat out;
  image.convertTo(out, CV_16U, 257);
  return out;
}

}  // namespace

TEST_CASE("every operation equals torchvision's on Pillow images, to the last bit") {
  const Json golden = golden_json("augment/operations.json");
  int cases = 0;
  for (const Json& entry : golden["cases"]) {
    const cv::Mat image = golden_picture(golden, entry["picture"]);
    Operation operation =
        parse_operation(std::string(entry["op"]) + (entry["value"].is_null() ? "" : ":1"));
    if (!entry["value"].is_null()) operation.value = entry["value"];
    const cv::Mat out =
        apply_operations(image, {}, {operation}, Sampling::torchvision, Rng(1)).image;
    INFO(entry["op"] << " " << entry["value"] << " on " << entry["picture"]);
    CHECK(differing_pixels(out, decoded(entry["pixels"], image.size())) == 0);
    ++cases;
  }
  CHECK(cases > 80);
}

TEST_CASE("operations share one table where they follow each other, with the same result") {
  const cv::Mat limb = golden_picture(golden_json("augment/operations.json"), "limb");
  for (const char* chain : {"Equalize,Solarize:170,Contrast:1.4",
                            "Invert,Equalize",
                            "Brightness:.6,AutoContrast,Equalize",
                            "Posterize:3,Equalize,Gamma:1.3,Invert"}) {
    cv::Mat one_by_one = limb;
    for (const std::string& operation : split_text(chain, ','))
      one_by_one = run(one_by_one, operation);
    INFO(chain);
    CHECK(differing_pixels(run(limb, chain), one_by_one) == 0);
  }
}

TEST_CASE("names and values are read, kept exactly, and refused with a hint") {
  const auto operations = parse_operations("Rotate:26.666666030883789, posterize:4,Equalize");
  REQUIRE(operations.size() == 3);
  CHECK(operations[1].op == Op::posterize);
  CHECK(operations_text(operations) == "Rotate:26.66666603088379,Posterize:4,Equalize");
  CHECK(parse_operations(operations_text(operations))[0].value == operations[0].value);

  const Error unknown = error_of([] { parse_operations("Rotat:3"); });
  CHECK(unknown.code() == Exit::usage);
  CHECK(contains(unknown.what(), "Rotate"));
  CHECK(error_of([] { parse_operation("Rotate"); }).code() == Exit::usage);
  CHECK(error_of([] { parse_operation("Rotate:x"); }).code() == Exit::usage);
  CHECK(error_of([] { parse_operation("Posterize:9"); }).code() == Exit::usage);
  CHECK(error_of([] { parse_operation("Rotate:nan"); }).code() == Exit::usage);
  CHECK(error_of([] { parse_operation("Equalize:3"); }).code() == Exit::usage);
  CHECK(error_of([] { parse_sampling("lanczos"); }).code() == Exit::usage);
  for (const OpInfo& info : operation_table()) CHECK(&operation_info(info.op) == &info);
}

TEST_CASE("16-bit images get the same picture") {
  const cv::Mat limb = golden_picture(golden_json("augment/operations.json"), "limb");
  for (const char* operation :
       {"Invert", "Solarize:170", "Rotate:15", "ShearX:.2", "TranslateY:-3", "HFlip"}) {
    INFO(operation);
    CHECK(differing_pixels(run(wide(limb), operation), wide(run(limb, operation))) == 0);
  }
  for (const char* operation :
       {"Contrast:1.3", "Brightness:.6", "Sharpness:1.5", "AutoContrast", "Gamma:1.2", "Blur:.7"}) {
    INFO(operation);
    CHECK(cv::norm(run(wide(limb), operation), wide(run(limb, operation)), cv::NORM_INF) <= 600);
  }
  const cv::Mat equalized = run(wide(limb), "Equalize");
  double low = 0, high = 0;
  cv::minMaxLoc(equalized, &low, &high);
  CHECK(low == 0);
  CHECK(high == 65535);
}

TEST_CASE("radiograph operations do what they say") {
  const cv::Mat limb = golden_picture(golden_json("augment/operations.json"), "limb");
  CHECK(differing_pixels(run(limb, "HFlip,HFlip"), limb) == 0);
  CHECK(run(limb, "HFlip").at<uint8_t>(3, 0) == limb.at<uint8_t>(3, limb.cols - 1));
  CHECK(differing_pixels(run(limb, "Gamma:1"), limb) == 0);
  CHECK(cv::mean(run(limb, "Gamma:1.25"))[0] < cv::mean(limb)[0]);
  CHECK(differing_pixels(run(limb, "Color:1.9"), limb) == 0);
  CHECK(differing_pixels(run(limb, "Noise:3"), limb) > limb.total() / 2);
  CHECK(cv::norm(run(limb, "Noise:3"), limb, cv::NORM_INF) < 20);
  CHECK(differing_pixels(run(limb, "Rotate:0", Sampling::radiograph), limb) == 0);
  // What comes in from outside looks like the border, not like black.
  const int border = border_median(limb);
  CHECK(run(limb, "TranslateX:5", Sampling::radiograph).at<uint8_t>(10, 1) == border);
  CHECK(run(limb, "TranslateX:5").at<uint8_t>(10, 1) == 0);
  CHECK(run(limb, "Invert,TranslateX:5", Sampling::radiograph).at<uint8_t>(10, 1) == 255 - border);
  // There and back in one resampling is nothing; in two it blurs.
  CHECK(differing_pixels(run(limb, "TranslateX:3,TranslateX:-3", Sampling::radiograph), limb) == 0);
  CHECK(apply_operations(limb, {}, {}, Sampling::torchvision, Rng(1)).image.data != limb.data);
}

TEST_CASE("boxes move with the picture") {
  const cv::Mat image(100, 200, CV_8UC1, cv::Scalar(9));
  const auto move = [&](const std::string& operations, std::vector<Box> boxes) {
    return apply_operations(
        image, boxes, parse_operations(operations), Sampling::torchvision, Rng(1));
  };
  const Box box{50, 20, 70, 30, 1, {}};

  Box moved = move("TranslateX:10,TranslateY:-5", {box}).boxes.at(0);
  CHECK(moved.x0 == Approx(60));
  CHECK(moved.y1 == Approx(25));
  CHECK(moved.label == 1);
  moved = move("HFlip", {box}).boxes.at(0);
  CHECK(moved.x0 == Approx(130));
  CHECK(moved.x1 == Approx(150));
  moved =
      move("Rotate:90", {box})
          .boxes.at(0);  // anticlockwise about (100, 50): the box left of the middle goes below it
  CHECK(moved.x0 == Approx(70));
  CHECK(moved.x1 == Approx(80));
  CHECK(moved.y0 == Approx(80));
  CHECK(moved.y1 == Approx(100));
  moved = move("Scale:2", {Box{90, 45, 110, 55, 0, {}}}).boxes.at(0);
  CHECK(moved.x0 == Approx(80));
  CHECK(moved.y1 == Approx(60));
  // The ellipse in a square turns into itself; its corners would not.
  moved = move("Rotate:45", {Box{95, 45, 105, 55, 0, {}}}).boxes.at(0);
  CHECK(moved.x0 == Approx(95));
  CHECK(moved.x1 == Approx(105));
  // A point operation leaves boxes exactly alone.
  CHECK(move("Invert", {box}).boxes.at(0).x0 == box.x0);
}

TEST_CASE("boxes are clipped, and dropped where too little is left") {
  const cv::Mat image(100, 200, CV_8UC1, cv::Scalar(9));
  const auto move = [&](const std::string& operations, const Box& box) {
    return apply_operations(
        image, {box}, parse_operations(operations), Sampling::torchvision, Rng(1));
  };
  const Box box{10, 20, 30, 40, 0, {}};
  Augmented out = move("TranslateX:-20", box);
  REQUIRE(out.boxes.size() == 1);
  CHECK(out.boxes[0].x0 == 0);
  CHECK(out.boxes[0].x1 == Approx(10));
  out = move("TranslateX:-26", box);
  CHECK(out.boxes.empty());
  CHECK(out.boxes_dropped == 1);
  // What left the picture does not come back with it.
  out = move("TranslateX:-26,TranslateX:26", box);
  CHECK(out.boxes.empty());
  // Smaller than 2 px: dropped, unless it came so.
  CHECK(move("Scale:.1", box).boxes.size() == 1);
  CHECK(move("Scale:.09", box).boxes.empty());
  CHECK(move("TranslateX:5", Box{10, 20, 11.5f, 30, 0, {}}).boxes.size() == 1);
}

TEST_CASE("polygons are moved, clipped and give the box") {
  const cv::Mat image(100, 200, CV_8UC1, cv::Scalar(9));
  // A thin diagonal: turned upright, its box is thin; the turned box would be a square.
  Box box{80, 30, 120, 70, 0, {{{80, 32}, {82, 30}, {120, 68}, {118, 70}}}};
  Augmented out =
      apply_operations(image, {box}, parse_operations("Rotate:45"), Sampling::torchvision, Rng(1));
  REQUIRE(out.boxes.size() == 1);
  CHECK(std::min(out.boxes[0].x1 - out.boxes[0].x0, out.boxes[0].y1 - out.boxes[0].y0) < 4);
  out = apply_operations(
      image, {box}, parse_operations("TranslateX:-100"), Sampling::torchvision, Rng(1));
  REQUIRE(out.boxes.size() == 1);
  CHECK(out.boxes[0].x0 == 0);
  CHECK(out.boxes[0].x1 == Approx(20));
  for (const cv::Point2f p : out.boxes[0].rings.at(0)) CHECK(p.x >= 0);
}
