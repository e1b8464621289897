// SPDX-License-Identifier: Apache-2.0
#include "augment/label_plan.hpp"

#include <catch2/catch.hpp>

#include "augment/balance_report.hpp"
#include "tests/augment/little_balance.hpp"
#include "tests/fixture.hpp"

using namespace evenray;

namespace {

/// `times` rows with these labels.
struct Block {
  int64_t times;
  std::vector<int8_t> labels;
};

LabelRows rows_of(const std::vector<Block>& blocks, int64_t room = INT64_MAX) {
  LabelRows rows;
  for (const auto& [times, labels] : blocks)
    for (int64_t i = 0; i < times; ++i) rows.labels.push_back(labels);
  rows.room.assign(rows.labels.size(), room);
  return rows;
}

std::map<int64_t, int64_t> uses(const std::vector<int64_t>& parents) {
  std::map<int64_t, int64_t> out;
  for (const int64_t row : parents) ++out[row];
  return out;
}

}  // namespace

TEST_CASE("ML-ROS clones rows of rare labels in turn until their IRLbl is MeanIR") {
  // IRLbl 1, 10.5, 21, 21; MeanIR 13.4: the last two labels are rare.
  const LabelRows rows =
      rows_of({{20, {1, 0, 0, 0}}, {2, {0, 1, 0, 0}}, {1, {0, 0, 1, 0}}, {1, {1, 0, 0, 1}}});
  // One clone each halves their IRLbl (21/2, and 22/2 because the clone has the first label too).
  CHECK(ml_ros(rows, 100, Rng(1)) == Parents{{}, {}, {22}, {23}});
  // 5 % of 24 rows are one clone.
  CHECK(ml_ros(rows, 5, Rng(1)) == Parents{{}, {}, {22}, {}});
  LabelRows used = rows;
  used.room[22] = 0;
  CHECK(ml_ros(used, 100, Rng(1)) == Parents{{}, {}, {}, {23}});
}

TEST_CASE("ML-ROS uses all rows of a label before one again") {
  const LabelRows rows = rows_of({{100, {1, 0, 0}}, {80, {0, 1, 0}}, {3, {0, 0, 1}}});
  // IRLbl 33.3, MeanIR 11.9: with 9 rows it is 11.1.
  const Parents parents = ml_ros(rows, 5, Rng(2));
  CHECK(uses(parents[2]) == std::map<int64_t, int64_t>{{180, 2}, {181, 2}, {182, 2}});
  CHECK(ml_ros(rows, 5, Rng(2)) == parents);
  LabelRows limited = rows;
  for (int64_t row = 180; row < 183; ++row) limited.room[static_cast<size_t>(row)] = 1;
  CHECK(uses(ml_ros(limited, 5, Rng(2))[2]) ==
        std::map<int64_t, int64_t>{{180, 1}, {181, 1}, {182, 1}});
}

TEST_CASE("LP-ROS enlarges small label sets up to the mean") {
  // Four label sets of 16 rows: the mean is 4. The set without a label is not cloned.
  const LabelRows rows = rows_of({{10, {1, 0}}, {4, {0, 1}}, {1, {1, 1}}, {1, {0, 0}}});
  CHECK(lp_ros(rows, 50, Rng(1)) == Parents{{}, {14, 14, 14}});
  CHECK(lp_ros(rows, 10, Rng(1)) == Parents{{}, {14}});
  // Sets of 12, 6, 3 and 3 rows, mean 6: 4 clones are dealt as 2 and 2, 5 as 2 and 3.
  const LabelRows more = rows_of({{12, {1, 0, 0}}, {6, {0, 1, 0}}, {3, {0, 0, 1}}, {3, {1, 0, 1}}});
  CHECK(lp_ros(more, 17, Rng(1))[2].size() == 4);
  CHECK(lp_ros(more, 100, Rng(1))[2].size() == 6);
}

TEST_CASE("targets of rows with several labels") {
  std::vector<int64_t> added;
  const auto all = [](size_t, int64_t need) { return need; };
  const auto none_of_last = [](size_t c, int64_t need) { return c == 2 ? 0 : need; };
  // Row 8 has the second label alone, row 9 also the first, which has its rows already.
  const LabelRows rows = rows_of({{8, {1, 0, 0}}, {1, {0, 1, 0}}, {1, {1, 1, 0}}});
  const Parents parents = parents_for_targets(rows, {9, 5, 0}, all, Rng(3), added);
  CHECK(added == std::vector<int64_t>{0, 3, 0});
  CHECK(uses(parents[1]) == std::map<int64_t, int64_t>{{8, 2}, {9, 1}});

  // The rarest label comes first; its rows have the second label too, so that needs fewer.
  const LabelRows chain = rows_of({{8, {1, 0, 0}}, {2, {0, 1, 0}}, {1, {0, 1, 1}}});
  parents_for_targets(chain, {8, 6, 3}, all, Rng(3), added);
  CHECK(added == std::vector<int64_t>{0, 1, 2});
  // Synthetic rows have one label only.
  const Parents none = parents_for_targets(chain, {8, 6, 3}, none_of_last, Rng(3), added);
  CHECK(added == std::vector<int64_t>{0, 3, 2});
  CHECK(none[2].empty());
}

TEST_CASE("a balance of rows with several labels reaches its targets or says what prevents it") {
  ScratchFolder folder;
  write_little_store(folder / "in.h5", {.train = {20, 2}, .both_every = 7});
  const Store in(folder / "in.h5");
  const auto counts = class_counts(in);
  const BalanceReport report =
      balance_little(in, folder / "out.h5", {"copy"}, {.strategy = "auto"});
  const Json& labels = report.json.at("labels");
  const Store out(folder / "out.h5");
  const auto after = class_counts(out);
  CHECK(after[1] == counts[0]);
  // Some copies of "Broken" are "Sound" too.
  const Json& sound = labels.at("classes").at("Sound");
  CHECK(sound.at("target") == counts[0]);
  CHECK(sound.at("beyond") == after[0] - counts[0]);
  CHECK(after[0] > counts[0]);
  CHECK(labels.at("after").at("mean_ir") < labels.at("before").at("mean_ir"));
  CHECK(labels.at("before").at("scumble") > 0);
  CHECK(report.json.at("multiplicity").at("classes").at("Broken").at("max").get<int64_t>() <=
        report.json.at("multiplicity").at("classes").at("Broken").at("median").get<int64_t>() + 2);
  CHECK(contains(
      balance_text(report.json),
      cat("images of rarer classes show them too: Sound by ", after[0] - counts[0], "\n")));
  CHECK(contains(balance_text(report.json), "MeanIR: "));
}

TEST_CASE("rows that a dose moves from a generator to copies are planned as copies") {
  ScratchFolder folder;
  write_little_store(folder / "in.h5", {.train = {20, 2}, .both_every = 7});
  const Store in(folder / "in.h5");
  const auto added_to_sound = [&](const std::vector<std::string>& sources) {
    const Json told = balance_forecast(
        little_request(in, folder / "out.h5", sources, {.strategy = "Broken=40,Sound=60"}));
    return told["after"]["Sound"]["total"].get<int64_t>();
  };
  // Most of what the generator may not draw are copies, some of which show "Sound" too.
  CHECK(added_to_sound({"gan:fake@1", "copy@0"}) == 60);
  CHECK(added_to_sound({"copy"}) == 60);
}

TEST_CASE("cloning strategies, as a balance does them") {
  ScratchFolder folder;
  write_little_store(folder / "in.h5", {.train = {20, 2}, .both_every = 7});
  const Store in(folder / "in.h5");
  const auto request = [&](const std::string& strategy, const std::vector<std::string>& sources) {
    return little_request(in, folder / "out.h5", sources, {.strategy = strategy});
  };
  const Json forecast = balance_forecast(request("ml-ros=30", {"copy"}));
  const BalanceReport report = run_balance(request("ml-ros=30", {"copy"}));
  CHECK(report.json.at("after") == forecast.at("after"));
  CHECK(report.json.at("labels") == forecast.at("labels"));
  CHECK(Store(folder / "out.h5").part("train").size() > in.part("train").size());
  CHECK_FALSE(report.json.at("labels").at("classes").at("Sound").contains("target"));
  CHECK(error_of([&] { run_balance(request("lp-ros", {"gan:fake"})); }).code() == Exit::usage);
  // These shares do not sum to 1 exactly.
  balance_forecast(request("lp-ros", {"copy@.7", "augment:xray@.2", "augment:imagenet@.1"}));

  write_little_store(folder / "exclusive.h5", {});
  const Store exclusive(folder / "exclusive.h5");
  const Error error = error_of(
      [&] { balance_little(exclusive, folder / "no.h5", {"copy"}, {.strategy = "ml-ros"}); });
  CHECK(error.code() == Exit::bad_data);
  CHECK(contains(error.what(), "exclude each other"));
  CHECK_FALSE(std::filesystem::exists(folder / "no.h5"));
  CHECK(error_of([&] { make_plan({1, 1}, {"a", "b"}, "ml-ros=0"); }).code() == Exit::usage);
}
