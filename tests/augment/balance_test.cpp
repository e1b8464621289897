// SPDX-License-Identifier: Apache-2.0
#include "augment/balance.hpp"

#include <catch2/catch.hpp>
#include <map>
#include <set>

#include "augment/gates.hpp"
#include "augment/sources.hpp"
#include "tests/augment/little_balance.hpp"
#include "tests/augment/pictures.hpp"
#include "tests/fixture.hpp"

using namespace evenray;

namespace {

std::map<Origin, int64_t> origins(const StorePart& part, int class_index) {
  std::map<Origin, int64_t> counts;
  for (const int64_t row : part.rows_of(class_index))
    ++counts[part.provenance[static_cast<size_t>(row)].origin];
  return counts;
}

}  // namespace

TEST_CASE("copies fill the class evenly and leave everything else as it was") {
  ScratchFolder folder;
  write_little_store(folder / "set.h5", {});
  const Store in(folder / "set.h5");
  const BalanceReport report = balance_little(in, folder / "out.h5", {"copy"});
  CHECK(!check_store(folder / "out.h5").has_value());
  const Store out(folder / "out.h5");
  CHECK(out.content_digest() == report.content_digest);
  const StorePart &before = in.part("train"), &after = out.part("train");
  CHECK(class_counts(out) == std::vector<int64_t>{20, 20});
  for (const char* name : kParts) {
    const StorePart& part = in.part(name);
    for (int64_t row = 0; row < part.size(); ++row) {
      const auto i = static_cast<size_t>(row);
      CHECK(out.part(name).ids[i] == part.ids[i]);
      CHECK(out.part(name).labels[i] == part.labels[i]);
      CHECK(out.part(name).meta[i] == part.meta[i]);
      CHECK(differing_pixels(out.image(name, row), in.image(name, row)) == 0);
    }
  }
  CHECK(out.part("val").size() == in.part("val").size());
  CHECK(out.part("test").size() == in.part("test").size());

  std::map<int64_t, int> copies;
  for (int64_t row = before.size(); row < after.size(); ++row) {
    const auto i = static_cast<size_t>(row);
    const Provenance& provenance = after.provenance[i];
    const auto parent = static_cast<size_t>(provenance.parent);
    ++copies[provenance.parent];
    CHECK(provenance.origin == Origin::copy);
    CHECK(after.labels[i] == after.labels[parent]);
    CHECK(after.groups[i] == after.groups[parent]);
    CHECK(after.boxes[i].size() == 1);
    CHECK(after.boxes_known[i] == 1);
    CHECK(differing_pixels(out.image("train", row), in.image("train", provenance.parent)) == 0);
  }
  CHECK(copies.size() == 6);
  for (const auto& [parent, n] : copies) CHECK((n == 2 || n == 3));

  const Json& json = report.json;
  CHECK(json["before"]["Broken"]["real"] == 6);
  CHECK(json["after"]["Broken"]["copy"] == 14);
  CHECK(json["after"]["Broken"]["total"] == 20);
  CHECK(double(json["imbalance"]["before"]) == Approx(20. / 6));
  CHECK(double(json["imbalance"]["after"]) == 1);
  CHECK(json["multiplicity"]["max"] == 4);
  CHECK(json["multiplicity"]["histogram"] == Json{{"1", 20}, {"3", 4}, {"4", 2}});
  CHECK(json["rejected"].empty());
}

TEST_CASE("shares, dose and provenance of a mixed balance") {
  ScratchFolder folder;
  write_little_store(folder / "set.h5", {});
  const Store in(folder / "set.h5");
  // 14 to add: half would be 7 synthetic, the dose allows 6.
  const BalanceReport report =
      balance_little(in, folder / "out.h5", {"gan:fake@.5", "augment:xray@.5"});
  CHECK(!check_store(folder / "out.h5").has_value());
  const Store out(folder / "out.h5");
  const StorePart& train = out.part("train");
  auto counts = origins(train, 1);
  CHECK(counts[Origin::real] == 6);
  CHECK(counts[Origin::synthetic] == 6);
  CHECK(counts[Origin::augmented] == 8);
  for (int64_t row = in.part("train").size(); row < train.size(); ++row) {
    const auto i = static_cast<size_t>(row);
    const Provenance& provenance = train.provenance[i];
    if (provenance.origin == Origin::synthetic) {
      CHECK(provenance.parent == -1);
      CHECK(provenance.recipe == "fake");
      CHECK(train.boxes_known[i] == 0);
      CHECK(train.boxes[i].empty());
      CHECK(train.labels[i] == std::vector<int8_t>{0, 1});
      CHECK(train.groups[i] == train.ids[i]);
      CHECK(train.meta[i] == std::vector<std::string>{""});
    } else {
      CHECK(contains(provenance.recipe, "xray#"));
      CHECK(provenance.seed != 0);
      CHECK(train.boxes_known[i] == 1);
      CHECK(train.boxes[i].size() == 1);
      CHECK(train.meta[i] == train.meta[static_cast<size_t>(provenance.parent)]);
    }
  }
  CHECK(report.json["after"]["Broken"]["synthetic"] == 6);
}

TEST_CASE("the content depends on neither threads nor on when it was made, but on the seed") {
  ScratchFolder folder;
  write_little_store(folder / "set.h5", {{150, 30}, 4, 8, 3});
  const Store in(folder / "set.h5");
  const std::vector<std::string> sources = {"gan:fake@.4", "augment:imagenet@.3", "augment:xray"};
  const auto one = balance_little(in, folder / "a.h5", sources, {}, 1);
  const auto three = balance_little(in, folder / "b.h5", sources, {}, 3);
  CHECK(one.content_digest == three.content_digest);
  CHECK(one.json == three.json);
}

TEST_CASE("caps: copies of one image, and no synthetic ones") {
  ScratchFolder folder;
  write_little_store(folder / "set.h5", {});
  const Store in(folder / "set.h5");
  BalanceOptions options;
  options.max_factor = 2;
  auto report = balance_little(in, folder / "a.h5", {"copy"}, options);
  CHECK(report.json["after"]["Broken"]["copy"] == 12);
  CHECK(report.json["missing"]["Broken"] == 2);
  CHECK(report.json["multiplicity"]["max"] == 3);
  report = balance_little(in, folder / "b.h5", {"copy@.5", "augment:xray@.5"}, options);
  CHECK(report.json["multiplicity"]["histogram"] == Json{{"1", 20}, {"3", 6}});
  options.max_synthetic = 0;
  options.max_factor = 0;
  report = balance_little(in, folder / "c.h5", {"gan:fake"}, options);
  CHECK(report.json["after"]["Broken"]["synthetic"] == 0);
  CHECK(report.json["after"]["Broken"]["copy"] == 14);
  options.max_synthetic = 10;
  report = balance_little(in, folder / "d.h5", {"gan:fake"}, options);
  CHECK(report.json["after"]["Broken"]["synthetic"] == 14);
}

TEST_CASE("gates reject, others are tried, and what was rejected is counted") {
  ScratchFolder folder;
  write_little_store(folder / "set.h5", {});
  const Store in(folder / "set.h5");
  const auto mixed = [&](int64_t number, const Rng& rng) {
    if (number % 4 == 0) return in.image("train", number % 20);
    if (number % 4 == 1) return cv::Mat(kLittleHeight, kLittleWidth, CV_8UC1, cv::Scalar(50));
    return little_picture(rng.key());
  };
  const auto report = balance_little(in, folder / "a.h5", {"gan:fake"}, {}, 2, mixed);
  CHECK(report.json["after"]["Broken"]["synthetic"] == 6);
  CHECK(report.json["rejected"]["near-duplicate"]["of a training image"] == 4);
  CHECK(report.json["rejected"]["blank"]["one even grey"] == 4);

  const auto memorised = [&](int64_t number, const Rng&) { return in.image("train", number % 20); };
  const Error error =
      error_of([&] { balance_little(in, folder / "b.h5", {"gan:fake"}, {}, 2, memorised); });
  CHECK(error.code() == Exit::bad_data);
  CHECK(contains(error.what(), "near-duplicate rejected"));
  CHECK(contains(error.what(), "Broken"));
  CHECK(!std::filesystem::exists(folder / "b.h5"));

  const auto large = [&](int64_t, const Rng&) { return cv::Mat(64, 64, CV_8UC1, cv::Scalar(50)); };
  const Error size =
      error_of([&] { balance_little(in, folder / "c.h5", {"gan:fake"}, {}, 2, large); });
  CHECK(size.code() == Exit::bad_data);
  CHECK(contains(size.what(), "64x64"));
}

TEST_CASE("rows of a class can be replaced by synthetic ones") {
  ScratchFolder folder;
  write_little_store(folder / "set.h5", {});
  const Store in(folder / "set.h5");
  const auto report = balance_little(in, folder / "out.h5", {"gan:fake"}, {}, 2, {}, {6, 0});
  CHECK(!check_store(folder / "out.h5").has_value());
  const Store out(folder / "out.h5");
  CHECK(class_counts(out) == std::vector<int64_t>{20, 20});
  auto sound = origins(out.part("train"), 0), broken = origins(out.part("train"), 1);
  CHECK(sound[Origin::real] == 14);
  CHECK(sound[Origin::synthetic] == 6);
  CHECK(broken[Origin::synthetic] == 6);
  CHECK(broken[Origin::copy] == 8);
  // Parents are named by where they lie now.
  const StorePart& train = out.part("train");
  for (size_t i = 0; i < train.ids.size(); ++i) {
    const Provenance& provenance = train.provenance[i];
    if (provenance.origin == Origin::copy)
      CHECK(train.ids[i].starts_with(train.ids[static_cast<size_t>(provenance.parent)] + "+copy"));
  }
  CHECK(report.json["replaced"]["Sound"] == 6);
  CHECK(error_of([&] {
          balance_little(in, folder / "b.h5", {"copy"}, {}, 2, {}, {6, 0});
        }).code() == Exit::usage);
}

TEST_CASE("a balanced store can be balanced again, and 16-bit stores work alike") {
  ScratchFolder folder;
  write_little_store(folder / "set.h5", {{20, 6}, 4, 16, -1});
  const Store in(folder / "set.h5");
  BalanceOptions options;
  options.strategy = "Broken=12";
  balance_little(in, folder / "a.h5", {"augment:imagenet", "augment:xray"}, options);
  CHECK(!check_store(folder / "a.h5").has_value());
  const Store again(folder / "a.h5");
  options.strategy = "auto";
  const auto report = balance_little(again, folder / "b.h5", {"copy"}, options);
  CHECK(!check_store(folder / "b.h5").has_value());
  CHECK(report.json["before"]["Broken"]["augmented"] == 6);
  CHECK(report.json["after"]["Broken"]["copy"] == 8);
  CHECK(report.json["multiplicity"]["max"] <= 5);
}

TEST_CASE("sources: unknown names, classes without rows") {
  ScratchFolder folder;
  write_little_store(folder / "set.h5", {{20, 0}, 0, 8, -1});
  const Store in(folder / "set.h5");
  const auto refused = [&](const std::string& name) {
    return error_of([&] { make_sources(parse_sources({name}), row_source_kinds(), {in}); });
  };
  for (const char* name : {"copies", "copy:x", "augment", "augment:nothing", "gan:somewhere"}) {
    CAPTURE(name);
    CHECK(refused(name).code() == Exit::usage);
  }
  CHECK(contains(refused("copies").what(), "known: copy, augment:POLICY"));
  BalanceOptions options;
  options.strategy = "Broken=5";
  const auto report = balance_little(in, folder / "a.h5", {"gan:fake"}, options);
  CHECK(report.json["after"]["Broken"]["synthetic"] == 5);
  CHECK(error_of([&] { balance_little(in, folder / "b.h5", {"copy"}, options); }).code() ==
        Exit::bad_data);
}

TEST_CASE("image i of a source does not depend on how the numbers are cut") {
  ScratchFolder folder;
  write_little_store(folder / "set.h5", {});
  const Store in(folder / "set.h5");
  const auto whole = make_augment_source(in, "xray", 2)->draw(1, 0, 20, Rng(4));
  const auto source = make_augment_source(in, "xray", 1);
  std::set<int64_t> first_round;
  for (int64_t i = 19; i >= 0; --i) {
    const Drawn one = source->draw(1, i, 1, Rng(4)).at(0);
    CHECK(one.provenance.parent == whole[static_cast<size_t>(i)].provenance.parent);
    CHECK(differing_pixels(one.image, whole[static_cast<size_t>(i)].image) == 0);
    if (i < 6) first_round.insert(one.provenance.parent);
  }
  CHECK(first_round.size() == 6);
}

namespace {

/// Rejects all that is made from one row.
class AgainstParent final : public Gate {
 public:
  explicit AgainstParent(int64_t parent) : parent_(parent) {}
  std::string name() const override { return "against"; }
  bool applies(Origin origin) const override { return origin == Origin::augmented; }
  std::optional<std::string> reject(const Drawn& drawn, int) override {
    if (drawn.provenance.parent == parent_) return "its parent";
    return std::nullopt;
  }

 private:
  int64_t parent_;
};

}  // namespace

TEST_CASE(
    "a row of which nothing passes the gates leaves its part missing where others are used up") {
  ScratchFolder folder;
  write_little_store(folder / "set.h5", {{40, 6}, 2, 8, -1});
  const Store in(folder / "set.h5");
  BalanceOptions options;
  options.max_factor = 5;
  const auto filled = [&](const std::vector<std::shared_ptr<Gate>>& gates) {
    const Plan plan = make_plan(class_counts(in), in.info().class_names, "Broken=36");
    const std::vector<SourceShare> sources{{make_augment_source(in, "xray", 2), 1}};
    return run_balance({.in = in,
                        .plan = plan,
                        .sources = sources,
                        .gates = gates,
                        .options = options,
                        .seed = 11,
                        .threads = 2,
                        .settings = "",
                        .out = folder / "out.h5"})
        .json;
  };
  CHECK(filled({})["after"]["Broken"]["augmented"] == 30);
  const int64_t hopeless = in.part("train").rows_of(1).at(2);
  const Json json = filled({std::make_shared<AgainstParent>(hopeless)});
  CHECK(json["after"]["Broken"]["augmented"] == 25);
  CHECK(json["missing"]["Broken"] == 5);
  CHECK(json["multiplicity"]["histogram"] == Json{{"1", 41}, {"6", 5}});
}

TEST_CASE("a store that is balanced again with its seed gets other images") {
  ScratchFolder folder;
  write_little_store(folder / "set.h5", {});
  BalanceOptions options;
  options.strategy = "Broken=12";
  balance_little(
      Store(folder / "set.h5"), folder / "a.h5", {"augment:xray@.5", "gan:fake"}, options);
  options.strategy = "Broken=18";
  options.near_duplicate = 0;
  balance_little(Store(folder / "a.h5"), folder / "b.h5", {"augment:xray@.5", "gan:fake"}, options);
  const Store out(folder / "b.h5");
  std::set<std::string> seen;
  const auto rows = out.part("train").rows_of(1);
  for (const int64_t row : rows) {
    const cv::Mat image = out.image("train", row);
    seen.emplace(reinterpret_cast<const char*>(image.data), image.total());
  }
  CHECK(rows.size() == 18);
  CHECK(seen.size() == 18);
}

TEST_CASE("what a class cannot have is said before anything is drawn for another") {
  ScratchFolder folder;
  write_little_store(folder / "set.h5", {});
  const Store in(folder / "set.h5");
  int drawn = 0;
  auto generator = std::make_shared<FakeGenerator>([&](int64_t, const Rng& rng) {
    ++drawn;
    return little_picture(rng.key());
  });
  class ForSound final : public Source {
   public:
    explicit ForSound(std::shared_ptr<Source> of) : of_(std::move(of)) {}
    std::string name() const override { return of_->name(); }
    Origin origin() const override { return of_->origin(); }
    bool serves(int class_index) const override { return class_index == 0; }
    std::vector<Drawn> draw(int c, int64_t first, int64_t count, const Rng& rng) override {
      return of_->draw(c, first, count, rng);
    }

   private:
    std::shared_ptr<Source> of_;
  };
  const Plan plan{{20, 6}, {0, 0}, {3, 3}};
  const std::vector<SourceShare> sources{{std::make_shared<ForSound>(generator), 1}};
  const Error error = error_of([&] {
    run_balance({.in = in,
                 .plan = plan,
                 .sources = sources,
                 .gates = {},
                 .options = {},
                 .seed = 11,
                 .settings = "",
                 .out = folder / "out.h5"});
  });
  CHECK(error.code() == Exit::usage);
  CHECK(contains(error.what(), "'Broken' has rows to replace, but there is no synthetic source"));
  CHECK(drawn == 0);
}
