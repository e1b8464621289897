// SPDX-License-Identifier: Apache-2.0
#include "nn/step_time.hpp"

#include <algorithm>
#include <cassert>
#include <chrono>
#include <fstream>

#include "core/number.hpp"
#include "core/parallel.hpp"
#include "core/text.hpp"
#include "metrics/stats.hpp"

namespace evenray {
namespace {

constexpr int kWarmSteps = 2, kLeastTimed = 4;
constexpr double kEnoughSeconds = 2;  ///< for the timed steps, if there are kLeastTimed of them
/// One thread counts as equally fast up to this ratio.
constexpr double kAsFast = 1.05;
/// Share of a core that idle programs may use.
constexpr double kIdle = .5;

double seconds_of(const std::function<void()>& step) {
  const auto start = std::chrono::steady_clock::now();
  step();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

StepTime StepTime::operator+(const StepTime& other) const {
  return {median_s + other.median_s, low_s + other.low_s, high_s + other.high_s};
}

StepTime StepTime::operator*(double steps) const {
  return {median_s * steps, low_s * steps, high_s * steps};
}

Json StepTime::json() const { return {{"estimate_s", median_s}, {"range_s", {low_s, high_s}}}; }

StepTime StepTime::of(const Json& plan) {
  return {plan.at("estimate_s"), plan.at("range_s").at(0), plan.at("range_s").at(1)};
}

std::string StepTime::text() const {
  const std::string low = duration_text(low_s), high = duration_text(high_s);
  return cat(duration_text(median_s), low == high ? "" : cat(" (", low, " to ", high, ")"));
}

StepTime step_time(std::vector<double> seconds) {
  assert(!seconds.empty());
  std::sort(seconds.begin(), seconds.end());
  if (seconds.size() > 1) seconds.pop_back();
  return {quantile(seconds, .5), seconds.front(), seconds.back()};
}

StepTime time_steps(const std::function<void()>& step, int most) {
  for (int i = 0; i < kWarmSteps; ++i) step();
  std::vector<double> seconds;
  double sum = 0;
  for (int i = 0; i < most && (i < kLeastTimed || sum < kEnoughSeconds); ++i) {
    seconds.push_back(seconds_of(step));
    sum += seconds.back();
  }
  return step_time(std::move(seconds));
}

double Load::slowdown(int threads) const { return std::max(1., (average + threads) / cores); }

bool Load::busy(int threads) const { return average + threads > cores + kIdle; }

Load machine_load() {
  Load load;
  load.cores = hardware_threads();
  std::ifstream("/proc/loadavg") >> load.average;
  return load;
}

Json TimeEstimate::json() const {
  Json out = time.json();
  if (!busy.empty()) out["busy"] = busy;
  return out;
}

TimeEstimate estimate_time(const Runtime& runtime,
                           const std::function<StepTime(const Compute&)>& measure,
                           const Load& load) {
  const Compute compute = make_compute(runtime);
  TimeEstimate out{.time = measure(compute)};
  // The load of the last minute does not yet contain this process.
  if (compute.device.is_cuda() || !load.busy(compute.threads)) return out;
  // The steps may have met a quiet moment: all programs share the cores.
  out.time.high_s = std::max(out.time.high_s, out.time.low_s * load.slowdown(compute.threads));
  const std::string state =
      cat("load ", fixed(load.average, 1), " on ", counted(load.cores, "core"));
  if (compute.threads == 1) {
    out.busy = cat(state, ": other programs slow this machine down");
    return out;
  }
  Runtime single = runtime;
  single.threads = 1;
  const StepTime one = measure(make_compute(single));
  make_compute(runtime);  // sets torch's threads again
  const bool as_fast = one.median_s <= out.time.median_s * kAsFast;
  out.busy = cat(state,
                 as_fast ? ": one thread is as fast here (" : ": one thread is not as fast (",
                 duration_text(one.median_s),
                 as_fast ? "): --threads 1" : "), but other programs slow this machine down");
  return out;
}

}  // namespace evenray
