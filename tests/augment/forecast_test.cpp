// SPDX-License-Identifier: Apache-2.0
// What is known before anything is drawn: the forecast of a balance, and the limits that it names.
#include <catch2/catch.hpp>

#include "augment/balance_report.hpp"
#include "core/error.hpp"
#include "tests/augment/little_balance.hpp"
#include "tests/fixture.hpp"

using namespace evenray;

namespace {

/// The only limit of a class; "" if there is none.
std::string limit_text(const Json& json, const std::string& limit) {
  std::string found;
  for (const Json& one : json["limits"])
    if (one["limit"] == limit) found += one["text"].get<std::string>();
  return found;
}

/// Draws one class only.
class OneClass final : public Source {
 public:
  explicit OneClass(int class_index) : class_(class_index) {}
  std::string name() const override { return "gan:one"; }
  Origin origin() const override { return Origin::synthetic; }
  bool serves(int class_index) const override { return class_index == class_; }
  std::vector<Drawn> draw(int c, int64_t first, int64_t count, const Rng& rng) override {
    return FakeGenerator().draw(c, first, count, rng);
  }

 private:
  int class_;
};

}  // namespace

TEST_CASE("the forecast of a balance is what it does") {
  ScratchFolder folder;
  struct Case {
    std::vector<std::string> sources;
    double max_factor = 0, max_synthetic = 1;
    int64_t both_every = 0;
    std::vector<int64_t> replaced{};
    std::string strategy = "auto";
  };
  const std::vector<Case> cases{{{"copy"}},
                                {{"gan:fake@.5", "augment:xray@.5"}},
                                {{"copy@.5", "augment:xray@.5"}, 2},
                                {{"gan:fake"}, 0, 0},
                                {{"gan:fake@.2", "copy@.8"}, 1, 10},
                                {{"gan:fake"}, 0, 1, 0, {6, 0}},
                                {{"copy", "augment:xray"}, 0, 1, 4},
                                {{"copy"}, 2, 1, 3, {}, "Sound=40,Broken=40"}};
  for (const Case& one : cases) {
    CAPTURE(one.sources, one.max_factor, one.max_synthetic, one.both_every);
    write_little_store(folder / "set.h5", {.train = {20, 6}, .both_every = one.both_every});
    const Store in(folder / "set.h5");
    BalanceOptions options;
    options.max_factor = one.max_factor;
    options.max_synthetic = one.max_synthetic;
    options.strategy = one.strategy;
    const auto request = little_request(
        in, folder / "out.h5", one.sources, options, 2, {}, one.replaced, /*gated=*/false);
    const Json told = balance_forecast(request);
    CHECK_FALSE(std::filesystem::exists(folder / "out.h5"));
    const Json done = run_balance(request).json;
    const Store out(folder / "out.h5");
    remove_store(folder / "out.h5");
    for (const char* key :
         {"before", "after", "imbalance", "multiplicity", "limits", "missing", "replaced"}) {
      CAPTURE(key);
      CHECK(told[key] == done[key]);
    }
    REQUIRE(told["sources"].size() == done["sources"].size());
    for (size_t i = 0; i < told["sources"].size(); ++i)
      for (const char* key : {"source", "class", "share", "by_share", "asked", "accepted"})
        CHECK(told["sources"][i][key] == done["sources"][i][key]);
    CHECK(told["rows"] ==
          out.part("train").size() + out.part("val").size() + out.part("test").size());
  }
}

TEST_CASE("the limit that keeps a source from its share is named, with a value that does not") {
  ScratchFolder folder;
  write_little_store(folder / "set.h5", {});
  const Store in(folder / "set.h5");
  BalanceOptions options;
  const auto forecast = [&](const std::vector<std::string>& sources) {
    return balance_forecast(little_request(in, folder / "out.h5", sources, options));
  };
  // 14 to add, half of them synthetic: 7. There are 6 real ones.
  CHECK(
      limit_text(forecast({"gan:fake@.5", "augment:xray@.5"}), "max_synthetic") ==
      "6 of the 14 planned rows are synthetic instead of 7 (42.9 % instead of 50 %): max_synthetic "
      "is 1, so the 6 real rows of the class allow at most 6. The others come from augment:xray. "
      "--max-synthetic 1.17 would allow them.");
  options.max_synthetic = 1.16;
  CHECK(limit_text(forecast({"gan:fake@.5", "copy@.5"}), "max_synthetic") != "");
  options.max_synthetic = 1.17;
  CHECK(forecast({"gan:fake@.5", "copy@.5"})["limits"].empty());
  options.max_synthetic = 0;
  CHECK(
      contains(limit_text(forecast({"gan:fake"}), "max_synthetic"), "The others come from copy."));

  options = {};
  options.max_factor = 2;
  CHECK(limit_text(forecast({"copy"}), "max_factor") ==
        "12 rows can be copied or augmented, not 14: max_factor is 2, so at most 2 rows may be "
        "made from each of the 6 real rows of the class. The class gets 2 rows fewer than planned. "
        "--max-factor 3 would allow all.");
  options.max_factor = 3;
  CHECK(forecast({"copy"})["limits"].empty());
  options.max_factor = 1;
  options.max_synthetic = 10;
  CHECK(contains(limit_text(forecast({"gan:fake@.2", "copy@.8"}), "max_factor"),
                 "5 rows more than by share come from gan:fake. --max-factor 2 would allow all."));
}

TEST_CASE("other reasons why a class is filled otherwise") {
  ScratchFolder folder;
  write_little_store(folder / "set.h5", {});
  const Store in(folder / "set.h5");
  auto request = little_request(in, folder / "out.h5", {"copy"});
  request.sources = {{std::make_shared<OneClass>(0), .5}, {make_copy_source(in, 1), .5}};
  CHECK(limit_text(balance_forecast(request), "other_class") ==
        "gan:one does not draw this class. Its share (50 %) goes to copy.");

  write_little_store(folder / "empty.h5", {.train = {20, 0}, .held_out = 0});
  const Store empty(folder / "empty.h5");
  CHECK(contains(
      limit_text(balance_forecast(little_request(empty, folder / "out.h5", {"copy"})), "strategy"),
      "--strategy Broken=N"));
  BalanceOptions options;
  options.strategy = "Broken=5";
  const auto synthetic = little_request(empty, folder / "out.h5", {"gan:fake"}, options);
  CHECK(contains(limit_text(balance_forecast(synthetic), "no_real_row"), "all 5 rows"));
  CHECK(error_of([&] {
          balance_forecast(little_request(empty, folder / "out.h5", {"copy"}, options));
        }).code() == Exit::bad_data);
}

TEST_CASE("the text of a balance states what was added, not what was asked") {
  ScratchFolder folder;
  write_little_store(folder / "set.h5", {});
  const Store in(folder / "set.h5");
  BalanceOptions options;
  options.max_factor = 1;
  const auto request = little_request(in, folder / "out.h5", {"gan:fake@.5", "copy@.5"}, options);
  const std::string text = balance_text(balance_forecast(request));
  CHECK(contains(text, "Broken: 6 + 12 = 18\n"));
  CHECK(contains(text, "  Broken: 6 from gan:fake (50 % of the added rows; asked: 50 %)\n"));
  CHECK(contains(text, "imbalance: 3.33 before, 1.11 after\n"));
  CHECK(contains(text, "median: Sound 1 (at most 1), Broken 2 (at most 2)\n"));
  CHECK_FALSE(contains(text, "other classes"));
  CHECK(contains(text, "Broken: 6 of the 14 planned rows are synthetic instead of 7"));
  CHECK(contains(text, "Broken: 6 rows can be copied or augmented, not 8"));

  write_little_store(folder / "several.h5", {.train = {20, 6}, .both_every = 4});
  const Store several(folder / "several.h5");
  const Json told = balance_forecast(
      little_request(several, folder / "out.h5", {"copy"}, {}, 1, {}, {}, /*gated=*/false));
  const int64_t more = told["after"]["Sound"]["copy"];
  REQUIRE(more > 0);
  CHECK(contains(balance_text(told),
                 cat("  Sound: ", more, " as a further label of rows for other classes\n")));
}
