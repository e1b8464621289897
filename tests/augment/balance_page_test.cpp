// SPDX-License-Identifier: Apache-2.0
#include "augment/balance_page.hpp"

#include <catch2/catch.hpp>

#include "tests/augment/little_balance.hpp"
#include "tests/fixture.hpp"

using namespace evenray;

namespace {

size_t count(const std::string& text, const std::string& part) {
  size_t found = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

std::string page_of(const BalanceRequest& request) {
  return balance_html(request, run_balance(request));
}

}  // namespace

TEST_CASE("the page of a balance shows what was added, why, and what was rejected") {
  ScratchFolder folder;
  for (const int bits : {8, 16}) {
    CAPTURE(bits);
    write_little_store(folder / "set.h5", {.bits = bits});
    const Store in(folder / "set.h5");
    const int type = bits == 16 ? CV_16UC1 : CV_8UC1;
    // Of four images one is a training image, two are of one grey.
    const auto mixed = [&](int64_t number, const Rng& rng) {
      if (number % 4 == 0) return in.image("train", number % 20);
      if (number % 4 < 3) return cv::Mat(kLittleHeight, kLittleWidth, type, cv::Scalar(50));
      return little_picture(rng.key(), type);
    };
    // Gates remember what they accepted, so each run has a request of its own.
    const auto fresh = [&] {
      return little_request(
          in, folder / "out.h5", {"gan:fake@.5", "augment:xray@.5"}, {}, 2, mixed);
    };
    const auto request = fresh();
    const BalanceReport report = run_balance(request);
    const std::string page = balance_html(request, report);
    CHECK(contains(page,
                   "Before, training had 3.33 rows of Sound for each row of Broken; now all "
                   "classes have the same number of rows."));
    CHECK(contains(page, "Training rows by class and origin, before and after"));
    CHECK(contains(page, "6 of the 14 planned rows are synthetic instead of 7"));
    CHECK(contains(page, "rejected by blank: one even grey (8 of "));
    CHECK(contains(page, "rejected by near-duplicate: of a training image (6 of 6)"));
    CHECK(contains(page, "accepted, synthetic (6 of 6)"));
    CHECK(contains(page, "accepted, augmented (8 of 8)"));
    size_t shown = 0;
    for (const GateExamples& examples : report.examples) {
      CHECK(examples.shown.size() <= 8);
      CHECK(std::ssize(examples.shown) == std::min<int64_t>(8, examples.images));
      shown += examples.shown.size();
    }
    CHECK(count(page, "<img") == shown);
    CHECK_FALSE(contains(page, "://"));
    CHECK_FALSE(contains(page, "<script"));
    CHECK(page_of(fresh()) == page);
  }
}

TEST_CASE("examples of large images are small, and chosen from the whole balance") {
  ScratchFolder folder;
  StoreInfo info;
  info.class_names = {"Sound", "Broken"};
  info.height = 400;
  info.width = 200;
  info.value_max = 255;
  StoreWriter writer(folder / "set.h5", info, 42);
  for (int i = 0; i < 42; ++i) {
    StoreRow row;
    row.image = cv::Mat(400, 200, CV_8UC1, cv::Scalar(0));
    row.image.rowRange(0, 200) = 100 + i;
    row.labels = {int8_t(i < 40), int8_t(i >= 40)};
    row.id = row.group = cat("img", i);
    writer.add("train", row);
  }
  writer.finish();
  const Store in(folder / "set.h5");
  BalanceOptions options;
  options.max_synthetic = 100;
  options.near_duplicate = 0;
  // Brighter and brighter: the first eight would all be dark.
  const auto picture = [&](int64_t number, const Rng&) {
    cv::Mat out(400, 200, CV_8UC1, cv::Scalar(0));
    out.rowRange(0, 200) = 100 + number;
    return out;
  };
  const auto report = balance_little(in, folder / "out.h5", {"gan:fake"}, options, 1, picture);
  REQUIRE(report.examples.size() == 1);
  const GateExamples& accepted = report.examples[0];
  CHECK(accepted.images == 38);
  REQUIRE(accepted.shown.size() == 8);
  double brightest = 0;
  for (const cv::Mat& image : accepted.shown) {
    CHECK(image.size() == cv::Size(80, 160));
    brightest = std::max<double>(brightest, image.at<uint8_t>(10, 10));
  }
  CHECK(brightest > 108);
}

TEST_CASE("a page of copies only, and its place") {
  ScratchFolder folder;
  write_little_store(folder / "set.h5", {.train = {6, 6}});
  const Store same(folder / "set.h5");
  std::string page = page_of(little_request(same, folder / "out.h5", {"copy"}));
  CHECK(contains(page, "Before, all classes had the same number of training rows"));
  CHECK(contains(page, "No row was added."));
  write_little_store(folder / "set.h5", {.both_every = 4});
  const Store several(folder / "set.h5");
  page = page_of(little_request(several, folder / "out.h5", {"copy"}));
  CHECK(contains(page, "An image may have several labels."));
  CHECK(contains(page, "No image was checked."));
  CHECK(contains(page, "No limit applied"));
  CHECK(balance_page_path("a/set.h5") == Path("a/set.balance.html"));
}
