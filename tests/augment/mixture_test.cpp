// SPDX-License-Identifier: Apache-2.0
#include "augment/mixture.hpp"

#include <catch2/catch.hpp>

#include "augment/pipeline.hpp"
#include "tests/augment/pictures.hpp"
#include "tests/fixture.hpp"

using namespace evenray;

namespace {

cv::Mat mixed(const cv::Mat& image, const std::string& mixture) {
  return apply_mixture(image, {}, parse_mixture(mixture), Sampling::torchvision, Rng(1)).image;
}

}  // namespace

TEST_CASE("the mean of the chains is torchvision's, to the last bit") {
  const Json golden = golden_json("augment/mixtures.json");
  const Json pictures = golden_json("augment/operations.json");
  int cases = 0;
  for (const Json& entry : golden["cases"]) {
    const cv::Mat image = golden_picture(pictures, entry["picture"]);
    Mixture mixture{entry["weight"], {}};
    for (const Json& chain : entry["chains"]) {
      mixture.chains.push_back({chain["weight"], {}});
      for (const Json& op : chain["ops"]) {
        Operation operation =
            parse_operation(std::string(op["op"]) + (op["value"].is_null() ? "" : ":1"));
        if (!op["value"].is_null()) operation.value = op["value"];
        mixture.chains.back().operations.push_back(operation);
      }
    }
    const cv::Mat out = apply_mixture(image, {}, mixture, Sampling::torchvision, Rng(1)).image;
    INFO(mixture_text(mixture));
    CHECK(differing_pixels(out, decoded(entry["pixels"], image.size())) == 0);
    ++cases;
  }
  CHECK(cases == 40);
}

TEST_CASE("a mixture is a weighted mean, also of 16 bits") {
  const cv::Mat grey(4, 6, CV_8UC1, cv::Scalar(100));
  CHECK(mixed(grey, "0.25+0.75(Invert)").at<uint8_t>(1, 1) == 141);
  CHECK(mixed(grey, "0.5+0.25(Invert)+0.25(Posterize:1)").at<uint8_t>(1, 1) == 88);
  CHECK(differing_pixels(mixed(grey, "1"), grey) == 0);
  cv::Mat wide;
  grey.convertTo(wide, CV_16U, 257);
  CHECK(mixed(wide, "0.25+0.75(Invert)").at<uint16_t>(1, 1) == (25700 + 3 * 39835) / 4);
  CHECK(mixed(wide, "0.25+0.75(Invert)").type() == CV_16UC1);
  const cv::Mat floats(4, 6, CV_32FC1, cv::Scalar(1));
  CHECK(error_of([&] { mixed(floats, "1"); }).code() == Exit::failed);
}

TEST_CASE("the text of a mixture is read back, and refused with a hint") {
  const std::string text = "0.4+0.25(Rotate:3,Posterize:4)+0.35(Equalize)";
  CHECK(is_mixture(text));
  CHECK_FALSE(is_mixture("Rotate:3,Posterize:4"));
  const Mixture mixture = parse_mixture(text);
  REQUIRE(mixture.chains.size() == 2);
  CHECK(mixture.weight == .4);
  CHECK(mixture.chains[0].operations[0].value == 3);
  CHECK(mixture_text(mixture) == text);
  CHECK(mixture_text(parse_mixture(" 0.4 + 0.6 ( Rotate:1e+1 ) ")) == "0.4+0.6(Rotate:10)");
  for (const char* wrong : {"0.4+0.6(Rotat:3)",
                            "0.4+0.6(Rotate:3",
                            "0.4+0.6)Rotate:3(",
                            "0.4+0.6(Rotate:3)Invert",
                            "0.4+(Invert)",
                            "x+0.5(Invert)",
                            "(Invert)",
                            "-0.2+1.2(Invert)",
                            "0.4+0.6()",
                            "0.4+0.7(Invert)",
                            "0.4"}) {
    INFO(wrong);
    CHECK(error_of([&] { parse_mixture(wrong); }).code() == Exit::usage);
  }
  CHECK(contains(error_of([] { parse_mixture("0.4+0.7(Invert)"); }).what(), "sum to 1.1"));
}

TEST_CASE("a box covers its object wherever a chain shows it") {
  const cv::Mat image(100, 200, CV_8UC1, cv::Scalar(9));
  const auto move = [&](const std::string& mixture, std::vector<Box> boxes) {
    return apply_mixture(image, boxes, parse_mixture(mixture), Sampling::torchvision, Rng(1));
  };
  const Box box{50, 20, 70, 30, 1, {}}, edge{180, 40, 198, 60, 0, {}};
  Augmented out =
      move("0.5+0.2(TranslateX:10)+0.2(TranslateX:-5,TranslateY:7)+0.1(Invert)", {box, edge});
  REQUIRE(out.boxes.size() == 2);
  CHECK(out.boxes[0].x0 == Approx(45));
  CHECK(out.boxes[0].x1 == Approx(80));
  CHECK(out.boxes[0].y0 == Approx(20));
  CHECK(out.boxes[0].y1 == Approx(37));
  CHECK(out.boxes[0].label == 1);
  CHECK(out.boxes[1].label == 0);
  // The first box leaves with the chain, the second does not: neither is dropped.
  out = move("0.5+0.5(TranslateX:-100)", {box, edge});
  REQUIRE(out.boxes.size() == 2);
  CHECK(out.boxes_dropped == 0);
  CHECK(out.boxes[0].x0 == box.x0);
  CHECK(out.boxes[0].x1 == box.x1);
  CHECK(out.boxes[1].x0 == Approx(80));
  CHECK(out.boxes[1].x1 == Approx(198));
  // Chains that move nothing, and chains without weight, leave boxes exactly alone.
  out = move("0.5+0.5(Invert,Equalize)+0(TranslateX:9)", {box});
  CHECK(out.boxes[0].x0 == box.x0);
  CHECK(out.boxes[0].x1 == box.x1);

  const Box outlined{80, 30, 120, 70, 0, {{{80, 30}, {120, 30}, {120, 70}}}};
  out = move("0.5+0.5(TranslateX:10)", {outlined});
  REQUIRE(out.boxes[0].rings.size() == 2);
  CHECK(out.boxes[0].rings[1][0].x == Approx(90));
  CHECK(out.boxes[0].x1 == Approx(130));
}
