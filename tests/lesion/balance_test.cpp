// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "augment/balance_rows.hpp"
#include "augment/gates.hpp"
#include "lesion/source.hpp"
#include "tests/fixture.hpp"
#include "tests/lesion/lesion_store.hpp"

using namespace evenray;

namespace {

BalanceRequest lesion_request(const Store& in,
                              const Path& out,
                              LesionKind kind,
                              std::vector<int64_t> added,
                              int threads = 2) {
  Plan plan = make_plan(class_counts(in), in.info().class_names, "auto");
  plan.added = std::move(added);
  BalanceOptions options;
  options.max_synthetic = 100;
  return {.in = in,
          .plan = plan,
          .sources = {{std::make_shared<LesionSource>(in, kind, LesionOptions{}, threads), 1}},
          .gates = make_gates(in, options, threads),
          .options = options,
          .seed = 11,
          .threads = threads,
          .settings = "seed = 11\n",
          .out = out};
}

}  // namespace

TEST_CASE("balance writes pasted rows with box, parent and label, as forecast", "[lesion]") {
  const ScratchFolder folder;
  write_bone_store(folder / "a.h5", {});
  const Store in(folder / "a.h5");
  const auto request = lesion_request(in, folder / "b.h5", LesionKind::real, {0, 10});
  const Json forecast = balance_forecast(request);
  const BalanceReport report = run_balance(request);
  CHECK(forecast.at("after") == report.json.at("after"));
  CHECK_FALSE(check_store(folder / "b.h5"));
  const Store out(folder / "b.h5");
  const StorePart& train = out.part("train");
  REQUIRE(train.size() == 38);
  for (size_t row = 28; row < 38; ++row) {
    const auto parent = static_cast<size_t>(train.provenance[row].parent);
    CHECK(train.provenance[row].origin == Origin::synthetic);
    CHECK(train.labels[row] == std::vector<int8_t>{0, 1});
    CHECK(train.labels[parent] == std::vector<int8_t>{1, 0});
    CHECK(train.groups[row] == train.groups[parent]);
    CHECK(train.meta[row] == train.meta[parent]);
    CHECK(train.boxes[row].size() == 1);
    CHECK(train.boxes_known[row] == 1);
    CHECK(contains(train.ids[row], "+synthetic-"));
    CHECK(contains(train.provenance[row].recipe, "lesion:real lesion train"));
  }
  // Val and test stay as they were.
  for (const char* part : {"val", "test"}) CHECK(out.part(part).ids == in.part(part).ids);
  const auto again = lesion_request(in, folder / "c.h5", LesionKind::real, {0, 10}, 1);
  CHECK(run_balance(again).content_digest == report.content_digest);
}

TEST_CASE("healthy rows keep the class of their negative and have no box", "[lesion]") {
  const ScratchFolder folder;
  write_bone_store(folder / "a.h5", {});
  const Store in(folder / "a.h5");
  const BalanceReport report =
      run_balance(lesion_request(in, folder / "b.h5", LesionKind::healthy, {6, 0}));
  CHECK(report.json.at("cautions").at(0).at("text") == "a control: its images show no new lesion");
  const Store out(folder / "b.h5");
  const StorePart& train = out.part("train");
  for (size_t row = 28; row < 34; ++row) {
    CHECK(train.labels[row] == std::vector<int8_t>{1, 0});
    CHECK(train.boxes[row].empty());
    CHECK(train.boxes_known[row] == 1);
  }
}

TEST_CASE("lesions whose targets are used up are counted, and end a balance that needs more",
          "[lesion]") {
  const ScratchFolder folder;
  write_bone_store(folder / "a.h5", {.broken = 2, .sound = 8});
  const Store in(folder / "a.h5");
  const Error error = error_of([&] {
    run_balance(lesion_request(in, folder / "b.h5", LesionKind::real, {0, 40}));
  });
  CHECK(error.code() == Exit::bad_data);
  CHECK(contains(error.what(), "(the lesion was pasted into every target)"));
  CHECK_FALSE(find_store(folder / "b.h5"));
}

TEST_CASE("in a store with several labels a pasted row keeps the zeros of its parent", "[lesion]") {
  StoreInfo info;
  info.class_names = {"a", "b", "c"};
  info.multi_label = true;
  CHECK(drawn_into_labels({0, 1, -1}, info, 2) == std::vector<int8_t>{0, -1, 1});
  info.multi_label = false;
  CHECK(drawn_into_labels({1, 0, 0}, info, 2) == std::vector<int8_t>{0, 0, 1});
}
