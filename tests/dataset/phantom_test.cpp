// SPDX-License-Identifier: Apache-2.0
#include "dataset/phantom.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <map>
#include <numeric>
#include <opencv2/core.hpp>
#include <set>

#include "core/error.hpp"
#include "core/parallel.hpp"

using namespace evenray;

namespace {

PhantomOptions small_set(int64_t images, double rare_share, int64_t seed = 1) {
  PhantomOptions options;
  options.images = images;
  options.rare_share = rare_share;
  options.seed = seed;
  return options;
}

bool is_fractured(const Sample& sample) { return sample.labels[1] == 1; }

int64_t count_fractured(const Manifest& manifest) {
  return std::count_if(manifest.samples.begin(), manifest.samples.end(), is_fractured);
}

bool same_pixels(const cv::Mat& a, const cv::Mat& b) {
  return a.size() == b.size() && a.type() == b.type() && cv::norm(a, b, cv::NORM_INF) == 0;
}

/// Area under the ROC curve by counting pairs.
double pairwise_auroc(const std::vector<double>& scores, const std::vector<bool>& positive) {
  double wins = 0, pairs = 0;
  for (size_t i = 0; i < scores.size(); ++i) {
    for (size_t k = 0; k < scores.size(); ++k) {
      if (!positive[i] || positive[k]) continue;
      wins += scores[i] > scores[k] ? 1 : scores[i] == scores[k] ? .5 : 0;
      ++pairs;
    }
  }
  return wins / pairs;
}

using Rows = std::vector<std::vector<double>>;

/// Fits a ridge-penalised logistic rule on standardised columns of one set and scores another one:
/// its AUROC there.
double transferred_auroc(Rows (*describe)(const Manifest&),
                         const Manifest& fit,
                         const Manifest& held) {
  Rows rows = describe(fit), held_rows = describe(held);
  const auto n = static_cast<double>(rows.size());
  const size_t columns = rows[0].size();
  for (size_t c = 0; c < columns; ++c) {
    double sum = 0, squares = 0;
    for (const auto& row : rows) sum += row[c], squares += row[c] * row[c];
    const double mean = sum / n, deviation = std::sqrt(std::max(squares / n - mean * mean, 1e-12));
    for (Rows* all : {&rows, &held_rows}) {
      for (auto& row : *all) row[c] = (row[c] - mean) / deviation;
    }
  }
  std::vector<double> weights(columns + 1, 0);
  const auto logit = [&](const std::vector<double>& row) {
    return std::inner_product(row.begin(), row.end(), weights.begin(), weights[columns]);
  };
  for (int step = 0; step < 300; ++step) {
    std::vector<double> slope(columns + 1, 0);
    for (size_t i = 0; i < rows.size(); ++i) {
      const double error =
          1 / (1 + std::exp(-logit(rows[i]))) - (is_fractured(fit.samples[i]) ? 1 : 0);
      for (size_t c = 0; c < columns; ++c) slope[c] += error * rows[i][c];
      slope[columns] += error;
    }
    for (size_t c = 0; c <= columns; ++c) weights[c] -= .1 * (slope[c] / n + .02 * weights[c]);
  }
  std::vector<double> scores;
  std::vector<bool> positive;
  for (size_t i = 0; i < held_rows.size(); ++i) {
    scores.push_back(logit(held_rows[i]));
    positive.push_back(is_fractured(held.samples[i]));
  }
  return pairwise_auroc(scores, positive);
}

/// One column a region or view, then the exposure.
Rows metadata_rows(const Manifest& manifest) {
  const std::vector<std::string> categories{
      "forearm", "lower_leg", "upper_arm", "hand", "frontal", "lateral", "oblique"};
  Rows rows;
  for (const Sample& sample : manifest.samples) {
    std::vector<double> row;
    for (const auto& category : categories)
      row.push_back(sample.meta[0] == category || sample.meta[1] == category);
    row.push_back(std::stod(sample.meta[2]));
    rows.push_back(row);
  }
  return rows;
}

/// Mean, standard deviation and a histogram of 16 bins.
Rows statistics_rows(const Manifest& manifest) {
  Rows rows(manifest.samples.size());
  parallel_for(rows.size(), 2, [&](size_t i) {
    const cv::Mat image = manifest.samples[i].draw();
    cv::Scalar mean, deviation;
    cv::meanStdDev(image, mean, deviation);
    rows[i] = {mean[0], deviation[0]};
    rows[i].resize(18);
    for (auto pixel = image.begin<uint8_t>(); pixel != image.end<uint8_t>(); ++pixel)
      rows[i][2 + *pixel / 16] += 1;
  });
  return rows;
}

}  // namespace

TEST_CASE("a phantom set has the asked size, share and order", "[phantom]") {
  for (const int64_t images : {1, 2, 5, 97, 600}) {
    for (const double share : {0., .05, 1. / 6, .5, .75}) {
      const Manifest manifest = phantom_manifest(small_set(images, share, images));
      CHECK(manifest.samples.size() == static_cast<size_t>(images));
      CHECK(std::abs(static_cast<double>(count_fractured(manifest)) -
                     share * static_cast<double>(images)) <= 1.5);
      CHECK(std::is_sorted(manifest.samples.begin(), manifest.samples.end(), [](auto& a, auto& b) {
        return a.id < b.id;
      }));
    }
  }
  const Manifest manifest = phantom_manifest(small_set(600, 1. / 6));
  CHECK(manifest.class_names == std::vector<std::string>{"Non_fractured", "Fractured"});
  CHECK(manifest.meta_columns == std::vector<std::string>{"region", "view", "exposure"});
}

TEST_CASE("phantom patients have two to four views of mostly one region", "[phantom]") {
  std::map<std::string, std::vector<const Sample*>> patients;
  const Manifest manifest = phantom_manifest(small_set(600, .3));
  for (const Sample& sample : manifest.samples) patients[sample.patient].push_back(&sample);
  size_t mixed = 0;
  for (const auto& [name, views] : patients) {
    CHECK(views.size() >= 2);
    CHECK(views.size() <= 4);
    // Views of one region of one patient agree: the fracture is seen in all or in none.
    std::map<std::string, std::set<bool>> by_region;
    for (const Sample* view : views) by_region[view->meta[0]].insert(is_fractured(*view));
    for (const auto& [region, labels] : by_region) CHECK(labels.size() == 1);
    CHECK(by_region.size() <= 2);
    mixed += by_region.size() == 2;
  }
  CHECK(mixed > 0);
}

TEST_CASE("a phantom's fracture has its box and polygon inside the picture", "[phantom]") {
  PhantomOptions options = small_set(300, .5);
  for (const std::vector<int64_t>& size :
       {std::vector<int64_t>{96, 80}, {80, 64}, {64, 64}, {128, 64}, {64, 96}}) {
    options.size_px = size;
    for (const Sample& sample : phantom_manifest(options).samples) {
      CHECK(sample.boxes_known);
      REQUIRE(sample.boxes.size() == (is_fractured(sample) ? 1 : 0));
      for (const Box& box : sample.boxes) {
        CHECK(box.label == 1);
        CHECK(box.x0 >= 0);
        CHECK(box.y0 >= 0);
        CHECK(box.x1 <= static_cast<float>(size[1]));
        CHECK(box.y1 <= static_cast<float>(size[0]));
        CHECK(std::min(box.x1 - box.x0, box.y1 - box.y0) > 1);
        REQUIRE(box.rings.size() == 1);
        CHECK(box.rings[0].size() >= 3);
        for (const auto& point : box.rings[0]) {
          CHECK(point.x >= box.x0);
          CHECK(point.x <= box.x1);
          CHECK(point.y >= box.y0);
          CHECK(point.y <= box.y1);
        }
      }
    }
  }
}

TEST_CASE("a phantom is a function of seed and index alone", "[phantom]") {
  const Manifest manifest = phantom_manifest(small_set(24, .5)),
                 again = phantom_manifest(small_set(24, .5));
  const Manifest other = phantom_manifest(small_set(24, .5, 2));
  std::vector<cv::Mat> drawn(24);
  parallel_for(24, 4, [&](size_t i) { drawn[23 - i] = manifest.samples[23 - i].draw(); });
  for (size_t i = 0; i < 24; ++i) {
    CHECK(drawn[i].type() == CV_8UC1);
    CHECK(drawn[i].size() == cv::Size(80, 96));
    CHECK(same_pixels(drawn[i], again.samples[i].draw()));
    CHECK_FALSE(same_pixels(drawn[i], other.samples[i].draw()));
  }
}

TEST_CASE("a fracture changes its neighbourhood and nothing that is drawn by chance", "[phantom]") {
  // The same patients, whole and broken: what the class does not decide must be drawn alike.
  const Manifest whole = phantom_manifest(small_set(120, 0)),
                 broken = phantom_manifest(small_set(120, .5));
  size_t compared = 0;
  for (size_t i = 0; i < whole.samples.size(); ++i) {
    const Sample &a = whole.samples[i], &b = broken.samples[i];
    CHECK(a.id == b.id);
    CHECK(a.meta == b.meta);
    const cv::Mat before = a.draw(), after = b.draw();
    if (!is_fractured(b)) {
      CHECK(same_pixels(before, after));
      continue;
    }
    CHECK_FALSE(same_pixels(before, after));
    // The dark sky around the limb stays as it was, noise included, but for a trace of scatter.
    cv::Mat change;
    cv::absdiff(before, after, change);
    CHECK(cv::countNonZero(change > 4) < static_cast<int>(change.total()) / 4);
    ++compared;
  }
  CHECK(compared > 50);
}

TEST_CASE("neither metadata nor global statistics tell a phantom's class", "[phantom]") {
  const std::vector<Manifest> sets{phantom_manifest(small_set(600, .5, 1)),
                                   phantom_manifest(small_set(600, .5, 2))};
  for (const int held : {0, 1}) {
    CHECK(std::abs(transferred_auroc(metadata_rows, sets[1 - held], sets[held]) - .5) < .08);
    CHECK(std::abs(transferred_auroc(statistics_rows, sets[1 - held], sets[held]) - .5) < .08);
  }
}

TEST_CASE("phantom options are read from a spec", "[phantom]") {
  CHECK(parse_phantom("phantom").images == 600);
  const PhantomOptions options =
      parse_phantom("phantom:images=400,seed=3, rare_share=.25,size_px=128x96,difficulty=1");
  CHECK(options.images == 400);
  CHECK(options.seed == 3);
  CHECK(options.rare_share == .25);
  CHECK(options.difficulty == 1);
  CHECK(options.size_px == std::vector<int64_t>{128, 96});
  for (const char* bad : {"phantom:image=4",
                          "phantom:images",
                          "phantom:images=many",
                          "phantom:size_px=12x",
                          "ghost"}) {
    try {
      parse_phantom(bad);
      FAIL("accepted " << bad);
    } catch (const Error& error) {
      CHECK(error.code() == Exit::usage);
    }
  }
  CHECK_THROWS_WITH(parse_phantom("phantom:image=4"), Catch::Contains("did you mean 'images'"));
}

TEST_CASE("impossible phantom options are refused", "[phantom]") {
  const auto refused = [](auto change) {
    PhantomOptions options;
    change(options);
    CHECK_THROWS_AS(phantom_manifest(options), Error);
  };
  refused([](PhantomOptions& o) { o.images = 0; });
  refused([](PhantomOptions& o) { o.rare_share = .9; });
  refused([](PhantomOptions& o) { o.difficulty = -1; });
  refused([](PhantomOptions& o) { o.size_px = {96}; });
  refused([](PhantomOptions& o) { o.size_px = {96, 8}; });
}
