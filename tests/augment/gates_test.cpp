// SPDX-License-Identifier: Apache-2.0
#include "augment/gates.hpp"

#include <catch2/catch.hpp>

#include "tests/augment/little_store.hpp"
#include "tests/fixture.hpp"

using namespace evenray;

namespace {

Drawn synthetic(const cv::Mat& image) { return {image, {Origin::synthetic, -1, "", 0}}; }

cv::Mat level(double value) {
  return cv::Mat(kLittleHeight, kLittleWidth, CV_8UC1, cv::Scalar(value));
}

}  // namespace

TEST_CASE("the blank gate takes even grey for what it is, a stray pixel or not") {
  const auto gate = make_blank_gate(255);
  CHECK(!gate->applies(Origin::copy));
  CHECK(gate->applies(Origin::augmented));
  CHECK(gate->applies(Origin::synthetic));
  cv::Mat image = level(90);
  image.at<uint8_t>(0, 0) = 255;
  CHECK(gate->reject(synthetic(image), 0).has_value());
  CHECK(!gate->reject(synthetic(little_picture(1)), 0).has_value());
  cv::Mat half = level(90);
  half.colRange(0, kLittleWidth / 2).setTo(100);
  CHECK(!gate->reject(synthetic(half), 0).has_value());
}

TEST_CASE("the range gate knows what the training images span") {
  ScratchFolder folder;
  write_little_store(folder / "set.h5", {});
  const Store store(folder / "set.h5");
  const auto gate = make_range_gate(store, 2);
  CHECK(!gate->applies(Origin::copy));
  CHECK(!gate->reject(synthetic(store.image("val", 0)), 0).has_value());
  const cv::Mat negative = 255 - little_picture(3);
  CHECK(gate->reject(synthetic(negative), 0) == std::string("brighter than any training image"));
  cv::Mat faint;
  little_picture(3).convertTo(faint, CV_8U, .1, 50);
  CHECK(gate->reject(synthetic(faint), 0) == std::string("flatter than any training image"));
}

TEST_CASE("the lost-box gate rejects an image that keeps a label without its finding") {
  ScratchFolder folder;
  write_little_store(folder / "set.h5", {});
  const Store store(folder / "set.h5");
  const auto gate = make_lost_box_gate(store);
  const int64_t parent = store.part("train").rows_of(1).at(0);
  Drawn drawn{little_picture(1), {Origin::augmented, parent, "", 0}, {}, true, 1};
  CHECK(gate->reject(drawn, 1).has_value());
  // Drawn for another class of the parent, it would keep the label all the same.
  CHECK(gate->reject(drawn, 0).has_value());
  drawn.boxes = {Box{1, 1, 5, 5, 1, {}}};
  CHECK(!gate->reject(drawn, 1).has_value());
  drawn.boxes.clear();
  drawn.boxes_dropped = 0;
  CHECK(!gate->reject(drawn, 1).has_value());
}

TEST_CASE("the near-duplicate gate compares with training images of any class and accepted ones") {
  ScratchFolder folder;
  write_little_store(folder / "set.h5", {});
  const Store store(folder / "set.h5");
  for (const int threads : {1, 3}) {
    const auto gate = make_near_duplicate_gate(store, .98, threads);
    CHECK(!gate->applies(Origin::copy));
    CHECK(!gate->applies(Origin::augmented));
    CHECK(gate->applies(Origin::synthetic));
    cv::Mat brighter;  // correlation does not see brightness or contrast
    store.image("train", 5).convertTo(brighter, CV_8U, .8, 20);
    const std::vector<Drawn> batch = {synthetic(little_picture(1000)),
                                      synthetic(brighter),
                                      synthetic(little_picture(1000)),
                                      synthetic(little_picture(1001))};
    gate->prepare(batch);
    CHECK(!gate->reject(batch[0], 0).has_value());
    gate->accepted(batch[0], 0);
    CHECK(gate->reject(batch[1], 0) == std::string("of a training image"));
    // Accepted a moment ago, in the same batch and for another class.
    CHECK(gate->reject(batch[2], 1) == std::string("of an accepted image"));
    CHECK(!gate->reject(batch[3], 0).has_value());
    gate->accepted(batch[3], 0);
    // The next batch, of which another gate rejected the first.
    const std::vector<Drawn> next = {synthetic(little_picture(1000)),
                                     synthetic(little_picture(1001)),
                                     synthetic(little_picture(1002))};
    gate->prepare(next);
    CHECK(gate->reject(next[1], 0) == std::string("of an accepted image"));
    CHECK(!gate->reject(next[2], 0).has_value());
    cv::Mat mirrored;
    cv::flip(store.image("train", 3), mirrored, 1);
    CHECK(gate->reject(synthetic(mirrored), 0) == std::string("of a training image"));
    // Without prepare() too.
    CHECK(gate->reject(synthetic(store.image("train", 2)), 0) ==
          std::string("of a training image"));
  }
}

TEST_CASE("the decisions gate rejects what people rejected, by recipe and seed") {
  ScratchFolder folder;
  const Path file = folder / "decisions.csv";
  write_text(file,
             "id,verdict,recipe,seed\n"
             "a,reject,\"flip, turn 3\",18446744073709551615\n"
             "b,accept,\"flip, turn 3\",7\n"
             "c,reject,,0\n");
  const auto gate = make_decisions_gate(file);
  CHECK(!gate->applies(Origin::copy));
  CHECK(gate->applies(Origin::augmented));
  CHECK(gate->applies(Origin::synthetic));
  const auto rejected = [&](const std::string& recipe, uint64_t seed) {
    return gate->reject({level(1), {Origin::augmented, 0, recipe, seed}}, 0).has_value();
  };
  CHECK(rejected("flip, turn 3", 18446744073709551615u));
  CHECK_FALSE(rejected("flip, turn 3", 7));
  CHECK_FALSE(rejected("flip, turn 4", 18446744073709551615u));
  CHECK_FALSE(rejected("", 0));  // a real image, which no gate sees
  for (const char* wrong : {"id,verdict,recipe\na,reject,x\n",
                            "id,verdict,recipe,seed\na,reject,x,-1\n",
                            "id,verdict,recipe,seed\na,reject,x,1.5\n"}) {
    write_text(file, wrong);
    CHECK(error_of([&] { make_decisions_gate(file); }).code() == Exit::bad_data);
  }
  CHECK(error_of([&] { make_decisions_gate(folder / "none.csv"); }).code() == Exit::missing_input);
}

TEST_CASE("the usual gates") {
  ScratchFolder folder;
  write_little_store(folder / "set.h5", {});
  const Store store(folder / "set.h5");
  BalanceOptions options;
  CHECK(make_gates(store, options, 1).size() == 4);
  options.near_duplicate = 0;
  CHECK(make_gates(store, options, 1).size() == 3);
}
