// SPDX-License-Identifier: Apache-2.0
#include "serve/curation/collection.hpp"

#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

#include "serve/curation/likeness.hpp"
#include "serve/curation/scatter.hpp"
#include "serve/curation/thumbnails.hpp"
#include "tests/augment/little_store.hpp"
#include "tests/fixture.hpp"

using namespace evenray;

namespace {

struct Rows {
  ScratchFolder scratch;
  Collection collection{made()};

  Path made() {
    write_little_store(scratch / "set.h5", {});
    return scratch / "set.h5";
  }
};

/// How far the 5 nearest neighbours in a map are near in the rows (Venna and Kaski 2001): 1, or
/// less by the ranks of those that are not.
double trustworthiness(const cv::Mat& rows, const Places& places) {
  constexpr int kNeighbours = 5;
  const int count = rows.rows;
  double sum = 0;
  for (int i = 0; i < count; ++i) {
    const auto ranks_of = [&](const auto& distance) {
      std::vector<int> order;
      for (int j = 0; j < count; ++j)
        if (j != i) order.push_back(j);
      std::stable_sort(
          order.begin(), order.end(), [&](int a, int b) { return distance(a) < distance(b); });
      return order;
    };
    const auto& own = places[static_cast<size_t>(i)];
    const auto near = ranks_of([&](int j) {
      const auto& other = places[static_cast<size_t>(j)];
      return std::hypot(own[0] - other[0], own[1] - other[1]);
    });
    const auto right = ranks_of([&](int j) { return cv::norm(rows.row(i), rows.row(j)); });
    for (int k = 0; k < kNeighbours; ++k) {
      const auto at = std::find(right.begin(), right.end(), near[static_cast<size_t>(k)]);
      sum += std::max<double>(0, static_cast<double>(at - right.begin()) + 1 - kNeighbours);
    }
  }
  return 1 - 2 * sum / (count * kNeighbours * (2. * count - 3 * kNeighbours - 1));
}

}  // namespace

TEST_CASE("rows are found by column, text and score", "[curation]") {
  Rows rows;
  Collection& collection = rows.collection;
  CHECK(collection.size() == 34);
  RowFilter filter;
  CHECK(collection.find(filter).size() == 34);
  filter.equal = {{"class", "Broken"}, {"part", "train"}};
  CHECK(collection.find(filter).size() == 6);
  filter.equal = {{"view", "lateral"}};
  for (const int64_t number : collection.find(filter))
    CHECK(collection.facts(number).columns.at(0).second == "lateral");
  filter = {};
  filter.text = "PATIENT3";  // of patient3 and patient30 to patient33
  CHECK(collection.find(filter).size() == 5);
  filter.equal = {{"part", "test"}};
  CHECK(collection.find(filter).size() == 4);
  filter = {};
  filter.only_ids = true;
  CHECK(collection.find(filter).empty());
  filter.ids = {"img7", "img2", "unknown"};
  CHECK(collection.find(filter) ==
        std::vector<int64_t>{*collection.number_of("img2"), *collection.number_of("img7")});

  std::vector<float> scores(34, std::numeric_limits<float>::quiet_NaN());
  scores[3] = .7f, scores[5] = .2f;
  collection.set_score("suspicion", scores);
  filter = {};
  filter.at_least = {{"suspicion", .5}};
  CHECK(collection.find(filter) == std::vector<int64_t>{3});
  CHECK_FALSE(collection.score("suspicion", 0).has_value());
  filter = {};
  filter.order = "suspicion";
  const auto ordered = collection.find(filter);
  REQUIRE(ordered.size() == 34);
  CHECK(ordered[0] == 3);
  CHECK(ordered[1] == 5);
  CHECK(ordered[2] == 0);  // without a score: as stored
  CHECK(ordered[33] == 33);
  for (const RowFilter& wrong :
       {RowFilter{.equal = {{"nothing", "a"}}}, RowFilter{.at_least = {{"x", 0}}}})
    CHECK(error_of([&] { collection.find(wrong); }).code() == Exit::bad_data);
  CHECK(error_of([&] { collection.facts(34); }).code() == Exit::missing_input);
}

TEST_CASE("a row says where it is from", "[curation]") {
  Rows rows;
  const int64_t number = *rows.collection.number_of("img1");
  const RowFacts facts = rows.collection.facts(number);
  CHECK(facts.id == "img1");
  CHECK(facts.label == "Broken");
  CHECK(facts.origin == "real");
  CHECK(facts.source_path == "img1.png");
  CHECK(facts.boxes.size() == 1);
  CHECK_FALSE(facts.parent.has_value());
  CHECK(rows.collection.image(number).size() == cv::Size(kLittleWidth, kLittleHeight));
}

TEST_CASE("likeness finds the same picture first", "[curation]") {
  Rows rows;
  std::atomic<bool> stop{false};
  const LikenessIndex index(rows.collection, 2, stop);
  const auto nearest = index.nearest(4, 3, /*real=*/true);
  REQUIRE(nearest.size() == 3);
  for (const Likeness& like : nearest) CHECK(like.number != 4);
  CHECK(nearest[0].correlation >= nearest[1].correlation);
  CHECK(std::isnan(index.nearest_real().at(4)));  // of drawn rows only
  stop = true;
  CHECK(error_of([&] { index.nearest_real(); }).code() == Exit::stopped);
  CHECK(error_of([&] { LikenessIndex(rows.collection, 2, stop); }).code() == Exit::stopped);
}

TEST_CASE("maps keep neighbours as scikit-learn 1.9 does", "[curation]") {
  // Three groups of 20 rows; TSNE(perplexity=10, init="pca", method="exact", max_iter=600) has a
  // trustworthiness of .976 (5 neighbours), PCA(2) .86545.
  cv::Mat rows(60, 5, CV_32F);
  for (int i = 0; i < rows.rows; ++i)
    for (int j = 0; j < rows.cols; ++j)
      rows.at<float>(i, j) = static_cast<float>(std::sqrt(
          (i * 37 + j * 101 + i * i * (j + 3) * 7) % 19 + (j == 0 ? i / 20 * 9 : 0) + j + 1));
  CHECK(trustworthiness(rows, principal_places(rows)) == Approx(.865449).margin(1e-5));
  const Places map = tsne_places(rows, 10, 600, 2);
  CHECK(trustworthiness(rows, map) > .966);
  for (const auto& place : map) CHECK(std::max(std::abs(place[0]), std::abs(place[1])) <= 1);
  CHECK(tsne_places(rows.rowRange(0, 20), 5, 50, 1) == tsne_places(rows.rowRange(0, 20), 5, 50, 2));
  CHECK(principal_places(cv::Mat::zeros(3, 4, CV_32F)).size() == 3);
}

TEST_CASE("a sheet shows the thumbnails in their order", "[curation]") {
  Rows rows;
  ThumbnailCache thumbnails(rows.collection);
  const std::vector<int64_t> numbers{3, 1, 2};
  const std::string sheet = thumbnails.sheet(numbers, 2);
  CHECK(sheet.starts_with("\x89PNG"));
  CHECK(sheet == thumbnails.sheet(numbers, 2));  // now from memory
  CHECK(sheet != thumbnails.sheet(std::vector<int64_t>{1, 3, 2}, 2));
  CHECK(error_of([&] { thumbnails.sheet(std::vector<int64_t>{99}, 1); }).code() ==
        Exit::missing_input);
}
