// SPDX-License-Identifier: Apache-2.0
#include "nn/step_time.hpp"

#include "tests/nn/torch_fixture.hpp"

using namespace evenray;

namespace {

Runtime threads_of(int64_t threads) {
  Runtime runtime;
  runtime.device = "cpu";
  runtime.threads = threads;
  return runtime;
}

/// Steps of a network that take one second with one thread and `several` with more.
auto steps_that_take(double several) {
  return [several](const Compute& compute) {
    const double seconds = compute.threads == 1 ? 1 : several;
    return StepTime{seconds, seconds, seconds};
  };
}

}  // namespace

TEST_CASE("a step's time is the median, and the slowest step is left out") {
  const StepTime time = step_time({.2, 25, .1, .4, .3});
  CHECK(time.median_s == Approx(.25));
  CHECK(time.low_s == .1);
  CHECK(time.high_s == .4);
  CHECK(step_time({2}).high_s == 2);
  const StepTime two = time * 3600 + StepTime{1, 1, 1};
  CHECK(two.median_s == Approx(901));
  CHECK(two.text() == "15 min 01 s (6 min 01 s to 24 min 01 s)");
  CHECK(StepTime::of(two.json()).high_s == two.high_s);
  CHECK(StepTime{7200, 7201, 7202}.text() == "2 h 00 min");
}

TEST_CASE("steps are timed warm, at least four and at most as many as asked for") {
  int steps = 0;
  CHECK(time_steps([&] { ++steps; }, 6).high_s < 1);
  CHECK(steps == 2 + 6);
}

TEST_CASE("a busy machine is named, with what one thread would take") {
  const Load busy{.average = 4, .cores = 2}, quiet{.average = .2, .cores = 2};
  CHECK(busy.busy(1));
  CHECK_FALSE(quiet.busy(2));
  CHECK(Load{.average = 1, .cores = 2}.busy(2));
  CHECK_FALSE(Load{.average = 1, .cores = 2}.busy(1));

  CHECK(estimate_time(threads_of(2), steps_that_take(1), busy).busy ==
        "load 4.0 on 2 cores: one thread is as fast here (1 s): --threads 1");
  const TimeEstimate slower = estimate_time(threads_of(2), steps_that_take(.6), busy);
  CHECK(slower.time.median_s == .6);
  CHECK(slower.time.low_s == .6);
  CHECK(slower.time.high_s == Approx(3 * .6));  // 6 threads on 2 cores
  CHECK(slower.busy ==
        "load 4.0 on 2 cores: one thread is not as fast (1 s), but other programs slow this "
        "machine down");
  CHECK(estimate_time(threads_of(1), steps_that_take(1), busy).busy ==
        "load 4.0 on 2 cores: other programs slow this machine down");
  const TimeEstimate undisturbed = estimate_time(threads_of(2), steps_that_take(.6), quiet);
  CHECK(undisturbed.busy.empty());
  CHECK(undisturbed.time.high_s == .6);
  CHECK_FALSE(undisturbed.json().contains("busy"));
  CHECK(machine_load().cores >= 1);
  CHECK(make_compute(threads_of(2)).threads == 2);
}
