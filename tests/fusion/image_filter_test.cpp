// SPDX-License-Identifier: Apache-2.0
#include "fusion/image_filter.hpp"

#include <catch2/catch.hpp>

#include "tests/fixture.hpp"

using namespace evenray;

namespace {

ModelDetections images_named(const std::vector<std::pair<std::string, std::string>>& names) {
  ModelDetections out;
  for (const auto& [id, stem] : names) out.images.push_back({id, stem, id, {10, 10}, {}});
  return out;
}

std::map<std::string, double> table_of(const std::string& text, const std::string& column = "p") {
  const ScratchFolder folder;
  write_text(folder / "p.csv", text);
  return read_image_probabilities(folder / "p.csv", column);
}

std::string table_fault(const std::string& text) {
  const Error error = error_of([&] { table_of(text); });
  CHECK(error.code() == Exit::bad_data);
  return error.what();
}

}  // namespace

TEST_CASE("images below the threshold lose their boxes, or their scores are multiplied") {
  const ModelDetections images = images_named({{"1", ""}, {"2", "b"}, {"3", "c"}});
  const auto probabilities = table_of("id,p_x,p\n1,0,.2\nb,0,.5\n3,0,.9\nother,0,0\n");
  const FoundBox box{{0, 0, 5, 5}, 0, .8};
  const auto filtered = [&](const char* filter, double threshold) {
    std::vector<std::vector<FoundBox>> boxes{{box, box}, {box}, {}};
    filter_by_image(images, probabilities, parse_image_filter(filter), threshold, boxes);
    return boxes;
  };
  const auto dropped = filtered("drop", .5);
  CHECK(dropped[0].empty());
  CHECK(dropped[1].size() == 1);
  CHECK(dropped[1][0].score == .8);
  const auto multiplied = filtered("multiply", .5);
  REQUIRE(multiplied[0].size() == 2);
  CHECK(multiplied[0][1].score == Approx(.16));
  CHECK(multiplied[1][0].score == .8);
  CHECK(filtered("multiply", 1)[1][0].score == .4);
  CHECK(table_of("id,p_x,p\n1,.25,2\n", "p_x").at("1") == .25);
}

TEST_CASE("the filter of images: what is refused") {
  CHECK(contains(table_fault("id,q\n1,.5\n"), "missing column 'p'"));
  CHECK(
      contains(table_fault("id,p\n1,.5\n2,1.5\n"), "p.csv:3: p must be from 0 to 1, found '1.5'"));
  CHECK(contains(table_fault("id,p\n1,nan\n"), "found 'nan'"));
  CHECK(contains(table_fault("id,p\n1,.5\n1,.5\n"), "p.csv:3: id '1' occurs twice"));
  CHECK(contains(error_of([] { parse_image_filter("dropp"); }).what(), "did you mean 'drop'"));
  const auto fault = [](const ModelDetections& images, double threshold) {
    std::vector<std::vector<FoundBox>> boxes(images.images.size());
    return error_of([&] {
      filter_by_image(images, {{"1", .5}, {"s", .5}}, ImageFilter::drop, threshold, boxes);
    });
  };
  CHECK(contains(fault(images_named({{"1", ""}, {"2", "t"}}), .5).what(),
                 "the image with id 2 has no probability"));
  CHECK(contains(fault(images_named({{"1", ""}, {"2", "1"}}), .5).what(),
                 "'1' fits the images with the ids 1 and 2"));
  CHECK(fault(images_named({{"1", "s"}}), 2).code() == Exit::config);
}
