// SPDX-License-Identifier: Apache-2.0
#include "study/estimate.hpp"

#include <chrono>
#include <cmath>
#include <cstdlib>

#include "tests/fixture.hpp"
#include "tests/torch_catch.hpp"

using namespace evenray;

namespace {

StudyTimes times_of(double generator, double cell) {
  StudyTimes times;
  times.generator.median_s = generator;
  times.cell.median_s = cell;
  return times;
}

}  // namespace

TEST_CASE("a study's clock corrects its estimate with what is done") {
  const ScratchFolder scratch;
  const StudyFolder folder{scratch.path()};
  const std::map<std::string, int64_t> left{
      {"generator Rare", 2}, {"generator Common", 1}, {"cell", 10}};
  {
    StudyClock clock(folder);
    CHECK_FALSE(clock.known());
    CHECK(std::isnan(clock.seconds_of(left)));
    CHECK(clock.seconds_of({{"cell", 0}}) == 0);
    clock.set_estimate(times_of(100, 10));
    CHECK(clock.seconds_of(left) == Approx(3 * 100 + 10 * 10));
    // Generators of Rare take three times as long as estimated: so will all others.
    clock.add("generator Rare", 300);
    CHECK(clock.seconds_of(left) == Approx(3 * (3 * 100 + 10 * 10)));
  }
  // Another process goes on with it. What was measured is believed more than the estimate.
  StudyClock clock(folder);
  CHECK(clock.known());
  clock.add("cell", 12);
  clock.add("cell", 14);
  const double ratio = (300 + 12 + 14) / (100. + 10 + 10);
  CHECK(clock.seconds_of(left) == Approx(2 * 300 + ratio * 100 + 10 * 13));
}

TEST_CASE("the space that a study needs") {
  Config config;
  config.study.arms = {"real", "oversample", "gan"};
  config.study.seeds = 2;
  const StudyPlan plan = make_study_plan(config, {"Common", "Rare"}, "Rare");
  Json facts{{"folds",
              {{{"images", {{"train", 1000}, {"val", 60}, {"test", 60}}},
                {"counts",
                 {{"train", {{"Common", 900}, {"Rare", 100}}},
                  {"val", {{"Common", 50}, {"Rare", 10}}},
                  {"test", {{"Common", 50}, {"Rare", 10}}}}}}}}};
  const int64_t pixels = 80 * 64, once = study_bytes(config, plan, facts);
  // The packed store and one filled store.
  CHECK(once > (1120 + 1920) * pixels);
  config.study.keep_stores = true;
  CHECK(study_bytes(config, plan, facts) - once == 3 * 1920 * pixels);
  config.runtime.keep_checkpoints += 1;
  CHECK(study_bytes(config, plan, facts) > once + 3 * 1920 * pixels);

  // Images with two labels take space once, and clones are a share of the images.
  const int64_t kept = study_bytes(config, plan, facts);
  facts["folds"][0]["images"]["train"] = 950;
  CHECK(kept - study_bytes(config, plan, facts) == (1 + 4) * 50 * pixels);
  config.balance.strategy = "ml-ros=20";
  CHECK(kept - study_bytes(config, plan, facts) == (50 + 4 * (1920 - 1070 - 190)) * pixels);
}

TEST_CASE("a study's clock knows the cells that choose settings") {
  const ScratchFolder scratch;
  Config config;
  config.study.arms = {"real"};
  config.study.seeds = 2;
  config.study.folds = 3;
  config.study.tuned = true;
  const StudyPlan plan = make_study_plan(config, {"Common", "Rare"}, "Rare");
  const StudyFolder folder{scratch.path()};
  const auto left = units_left(folder, plan);
  CHECK(left == std::map<std::string, int64_t>{{"cell", 3}, {"cell with search", 3}});
  StudyClock clock(folder);
  StudyTimes times = times_of(0, 10);
  times.search.median_s = 50;
  clock.set_estimate(times);
  CHECK(clock.seconds_of(left) == Approx(6 * 10 + 3 * 50));
}

TEST_CASE("the batch system's end of the job is known") {
  ::unsetenv("SLURM_JOB_END_TIME");
  CHECK(std::isinf(seconds_of_job()));
  const auto now = std::chrono::duration_cast<std::chrono::seconds>(
      std::chrono::system_clock::now().time_since_epoch());
  ::setenv("SLURM_JOB_END_TIME", std::to_string(now.count() + 3600).c_str(), 1);
  CHECK(seconds_of_job() == Approx(3600).margin(60));
  ::unsetenv("SLURM_JOB_END_TIME");
}
