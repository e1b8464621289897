// SPDX-License-Identifier: Apache-2.0
#include "metrics/detection/coco_files.hpp"

#include <catch2/catch.hpp>

#include "metrics/detection/coco_map.hpp"
#include "tests/metrics/detection/golden_boxes.hpp"

using namespace evenray;

namespace {

constexpr const char* kImages = R"("images":[{"id":4,"patient":"a"},{"id":"b","patient":null}])";
constexpr const char* kCategories = R"("categories":[{"id":0,"name":"x"}])";
constexpr const char* kBox = R"({"id":0,"image_id":4,"category_id":0,"bbox":[1,2,3,4]})";

/// Files of these parts, read; the message, or "no error".
struct Files {
  std::string images = kImages, categories = kCategories, annotation = kBox,
              detection = R"("image_id":4.0,"category_id":0,"bbox":[1,2,3,4],"score":0.5)",
              group_by{};
  CocoFields fields{};

  CocoBoxes read() const {
    const ScratchFolder folder;
    write_text(folder / "a.json",
               cat("{", images, ",", categories, ",\"annotations\":[", annotation, "]}"));
    write_text(folder / "d.json", cat("[{", detection, "}]"));
    return read_coco_boxes(folder / "a.json", folder / "d.json", group_by, /*threads=*/1, fields);
  }
  std::string fault() const {
    const Error error = error_of([&] { read(); });
    CHECK(error.code() == Exit::bad_data);
    return error.what();
  }
};

}  // namespace

TEST_CASE("COCO's files: ids are numbers or texts, groups are those of a field") {
  const CocoBoxes drawn = golden_boxes("patient");
  CHECK(drawn.images[1].group == "p1");
  CHECK(drawn.class_names ==
        std::vector<std::string>{"Fractured", "Cast", "Never there", "Large, seldom"});
  const CocoBoxes boxes = Files{.group_by = "patient"}.read();
  REQUIRE(boxes.images.size() == 2);
  CHECK(boxes.images[0].id == "4");
  CHECK(boxes.images[0].group == "a");
  CHECK(boxes.images[1].id == "b");
  CHECK(boxes.images[1].group.empty());
  CHECK(boxes.images[0].truth[0].area == 12);
  // An annotation with the id 0 can be found.
  CHECK(CocoMap(boxes.images, boxes.class_names).values()[0] == Approx(1));
}

TEST_CASE("COCO's files: what is refused, and where it stands") {
  const auto found = [](const std::string& box) {
    return Files{.detection = R"("image_id":4,"category_id":0,)" + box}.fault();
  };
  CHECK(contains(found(R"("bbox":[0,0,1,1],"score":NaN)"), "d.json: detection 0: 'score' must be"));
  CHECK(contains(found(R"("bbox":[0,0,1,1],"score":1.5)"), "'score' must be from 0 to 1"));
  CHECK(contains(found(R"("bbox":[0,0,-1,1],"score":1)"), "a side of 'bbox' is below 0"));
  CHECK(contains(found(R"("bbox":[0,0,1e200,1e200],"score":1)"), "'bbox' is too large"));
  CHECK(contains(found(R"("bbox":[0,0,1],"score":1)"), "must be [x, y, width, height]"));
  const auto image = [](const std::string& id) {
    return Files{.detection = R"("category_id":0,"bbox":[0,0,1,1],"score":1,"image_id":)" + id}
        .fault();
  };
  CHECK(contains(image("5"), "'image_id' 5 is not listed"));
  CHECK(contains(image("18446744073709551615"), "'image_id' must be a whole number or a text"));
  CHECK(contains(image("4.5"), "'image_id' must be a whole number or a text"));
  const auto annotation = [](const std::string& more) {
    return Files{.annotation = R"({"image_id":4,"category_id":0,"bbox":[1,2,3,4],)" + more + "}"}
        .fault();
  };
  CHECK(contains(annotation(R"("iscrowd":2)"), "a.json: annotation 0: 'iscrowd' must be 0 or 1"));
  CHECK(contains(annotation(R"("area":-1)"), "'area' is below 0"));
  CHECK(contains(Files{.images = R"("images":[{"id":4},{"id":4}])"}.fault(),
                 "a.json: image 1: id 4 occurs twice"));
  CHECK(contains(Files{.images = R"("images":[])"}.fault(), "image: there is none"));
  CHECK(contains(Files{.images = R"("picture":[])"}.fault(), "there is no list 'images'"));
  CHECK(contains(
      Files{.categories = R"("categories":[{"id":0,"name":"x"},{"id":1,"name":"x"}])"}.fault(),
      "category with id 1: the name 'x' occurs twice"));
  CHECK(contains(Files{.group_by = "age"}.fault(), "image with id 4: "));
}

TEST_CASE("COCO's files: folds, columns and difficult boxes") {
  const std::string images =
      R"("images":[{"id":4,"patient":"a","fold":0,"view":"PA"},{"id":5,"patient":"b","fold":1,"view":null}])";
  const CocoBoxes boxes = Files{
      .images = images,
      .annotation =
          R"({"image_id":4,"category_id":0,"bbox":[1,2,3,4],"difficult":1},{"image_id":4,"category_id":0,"bbox":[1,2,3,4],"ignore":0})",
      .group_by = "patient",
      .fields = {.fold_by = "fold",
                 .columns = {
                     "view"}}}.read();
  CHECK(boxes.folds);
  CHECK(boxes.images[0].fold == "0");
  CHECK(boxes.images[1].fold == "1");
  CHECK(boxes.columns == std::vector<std::string>{"view"});
  CHECK(boxes.images[0].columns == std::vector<std::string>{"PA"});
  CHECK(boxes.images[1].columns == std::vector<std::string>{""});
  CHECK(boxes.images[0].truth[0].ignored());
  CHECK_FALSE(boxes.images[0].truth[1].ignored());
  CHECK_FALSE(Files{}.read().folds);

  const auto folds = [](const std::string& second) {
    return Files{.images = R"("images":[{"id":4,"patient":"a","fold":"x"},{"id":5,"patient":"a",)" +
                           second + "}]",
                 .group_by = "patient",
                 .fields = {.fold_by = "fold"}}
        .fault();
  };
  CHECK(contains(folds(R"("fold":"y")"), "group 'a' is in the folds 'x' and 'y' of 'fold'"));
  CHECK(contains(folds(R"("fold":null)"), "a.json: image with id 5: 'fold' is empty"));
  CHECK(contains(folds(R"("fold":[1])"), "'fold' must be a text or a number"));
  std::string many = R"("images":[{"id":4,"age":-1})";
  for (int i = 0; i < 20; ++i) many += cat(R"(,{"id":)", 100 + i, R"(,"age":)", i, "}");
  CHECK(contains(Files{.images = many + "]", .fields = {.columns = {"age"}}}.fault(),
                 "column age has 21 different values"));
}

TEST_CASE("COCO's files: masks") {
  const auto files = [](const std::string& size,
                        const std::string& truth,
                        const std::string& found) {
    return Files{
        .images = R"("images":[{"id":4)" + size + "}]",
        .annotation = R"({"image_id":4,"category_id":0,"segmentation":)" + truth + "}",
        .detection =
            R"("image_id":4,"category_id":0,"score":0.5,"bbox":[0,0,9,9],"segmentation":)" + found,
        .fields = {.masks = true}};
  };
  const std::string size = R"(,"height":4,"width":3)", square = "[[1,1,3,1,3,3,1,3]]",
                    runs = R"({"size":[4,3],"counts":[5,2,2,2,1]})";
  const CocoBoxes boxes = files(size, square, runs).read();
  CHECK(boxes.masks);
  CHECK(boxes.images[0].truth[0].area == 4);
  CHECK(boxes.images[0].truth[0].box.x == 1);
  CHECK(boxes.images[0].found[0].area() == 4);
  CHECK(boxes.images[0].found[0].box.width == 2);
  CHECK(overlap(boxes.images[0].found[0], boxes.images[0].truth[0]) == 1);
  CHECK(contains(files("", square, runs).fault(), "height"));
  CHECK(contains(files(R"(,"height":4,"width":0)", square, runs).fault(),
                 "image with id 4: 'width' must be a whole number from 1 to 65535, to read masks"));
  CHECK(contains(files(size, "[[1,2]]", runs).fault(),
                 "a.json: annotation 0: a polygon has fewer than 3 points"));
  CHECK(contains(files(size, square, "[]").fault(), "d.json: detection 0: "));
  CHECK(contains(files(size, square, R"({"size":[3,4],"counts":[12]})").fault(),
                 "the height and width of the image"));
}
