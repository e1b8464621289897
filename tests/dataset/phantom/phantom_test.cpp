// SPDX-License-Identifier: Apache-2.0
#include "dataset/phantom/phantom.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <map>
#include <opencv2/core.hpp>
#include <set>

#include "core/error.hpp"
#include "core/parallel.hpp"
#include "core/text.hpp"
#include "metrics/logistic.hpp"
#include "metrics/stats.hpp"
#include "tests/pixels.hpp"

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

using Table = std::vector<std::vector<std::string>>;

std::vector<uint8_t> labels_of(const Manifest& manifest) {
  std::vector<uint8_t> labels;
  for (const Sample& sample : manifest.samples) labels.push_back(is_fractured(sample));
  return labels;
}

/// Fits a logistic rule on one set's columns and scores another one with it: its AUROC there.
double transferred_auroc(Table (*describe)(const Manifest&),
                         const Manifest& fit,
                         const Manifest& held) {
  const Table rows = describe(fit);
  const TableEncoder encoder(rows);
  const Logistic rule = fit_logistic(encoder.encode(rows), labels_of(fit));
  std::vector<double> scores;
  for (const auto& row : encoder.encode(describe(held))) scores.push_back(rule.predict(row));
  return auroc(scores, labels_of(held));
}

Table metadata(const Manifest& manifest) {
  Table rows;
  for (const Sample& sample : manifest.samples) rows.push_back(sample.meta);
  return rows;
}

/// Mean, standard deviation and a histogram of 16 bins.
Table grey_values(const Manifest& manifest) {
  Table rows(manifest.samples.size());
  parallel_for(rows.size(), 2, [&](size_t i) {
    const cv::Mat image = manifest.samples[i].draw();
    cv::Scalar mean, deviation;
    cv::meanStdDev(image, mean, deviation);
    std::vector<int> histogram(16);
    for (auto pixel = image.begin<uint8_t>(); pixel != image.end<uint8_t>(); ++pixel)
      ++histogram[*pixel / 16];
    rows[i] = {exact(mean[0]), exact(deviation[0])};
    for (const int count : histogram) rows[i].push_back(cat(count));
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
    CHECK(std::abs(transferred_auroc(metadata, sets[1 - held], sets[held]) - .5) < .08);
    CHECK(std::abs(transferred_auroc(grey_values, sets[1 - held], sets[held]) - .5) < .08);
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
  const Manifest named = phantom_manifest(options);
  const Manifest again = phantom_manifest(parse_phantom(named.source));
  CHECK(named.source == again.source);
  CHECK(named.samples.front().id == "P0001_V1");
  CHECK(same_pixels(named.samples.back().draw(), again.samples.back().draw()));
  for (const char* bad : {"phantom:image=4",
                          "phantom:images",
                          "phantom:images=many",
                          "phantom:size_px=12x",
                          "phantom:rare_share=2",
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
