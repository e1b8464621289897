// SPDX-License-Identifier: Apache-2.0
#include "nn/precision.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>

#include "core/error.hpp"
#include "core/json.hpp"
#include "core/text.hpp"

namespace evenray {
namespace {

constexpr const char* kSchema = "evenray-precision-1";
constexpr int64_t kFewImages = 4;
/// Each precision is timed so often.
constexpr int kRounds = 2;
/// Times are not kept if the rounds differ by this factor: this machine was busy.
constexpr double kSteady = 1.5;
/// Limit in seconds for timing both precisions with the whole minibatch. About ten steps are
/// computed in each round: warm-up, timed steps, and steps with the gradient penalty.
constexpr double kLongest = 10;
constexpr double kStepsTimed = 10 * kRounds;
/// A cache with this many entries is emptied.
constexpr size_t kMostEntries = 1000;

/// Returns the value of the first line "KEY : VALUE" in a file of /proc; `otherwise` if there is
/// none.
std::string fact_of(const Path& path, const std::string& key, const std::string& otherwise) {
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) {
    const size_t colon = line.find(':');
    if (!line.starts_with(key) || colon == std::string::npos) continue;
    const size_t first = line.find_first_not_of(" \t", colon + 1);
    return first == std::string::npos ? otherwise : line.substr(first);
  }
  return otherwise;
}

std::string processor(const Compute& compute) {
  if (!compute.device.is_cuda())
    return cat(fact_of("/proc/cpuinfo", "model name", "cpu"), ", ", compute.threads, " threads");
  std::error_code error;
  for (const auto& gpu : std::filesystem::directory_iterator("/proc/driver/nvidia/gpus", error))
    return fact_of(gpu.path() / "information", "Model", "cuda");
  return "cuda";
}

/// Returns the path of the cache file; empty if the user has no cache folder.
Path cache_file() {
  const char* cache = std::getenv("XDG_CACHE_HOME");
  if (cache && *cache) return Path(cache) / "evenray" / "precision.json";
  const char* home = std::getenv("HOME");
  if (home && *home) return Path(home) / ".cache" / "evenray" / "precision.json";
  return {};
}

/// Returns {"schema","step_seconds":{NETWORK ON PROCESSOR:{"fp32","bf16"}}}, with no entries if the
/// file is missing, damaged or full.
Json read_cache(const Path& path) {
  Json empty{{"schema", kSchema}, {"step_seconds", Json::object()}};
  try {
    Json cache = Json::parse(read_file(path, 1 << 20));
    if (cache.at("schema") != kSchema || !cache.at("step_seconds").is_object()) return empty;
    return cache["step_seconds"].size() < kMostEntries ? cache : empty;
  } catch (const Error&) {
    return empty;
  } catch (const Json::exception&) {
    return empty;
  }
}

std::optional<PrecisionTimes> cached(const Json& cache, const std::string& key) {
  try {
    const Json& entry = cache.at("step_seconds").at(key);
    const PrecisionTimes times{entry.at("fp32"), entry.at("bf16")};
    if (times.fp32_s > 0 && times.bf16_s > 0) return times;
  } catch (const Json::exception&) {
  }
  return std::nullopt;
}

struct Timing {
  PrecisionTimes times;
  bool steady = true;  ///< no round took much longer than another one
};

/// Times both precisions in turns and takes the quickest round of each: other programs on this
/// machine only make steps slower.
Timing timed(const Compute& given, const TimedNetwork& network, int64_t images) {
  Compute compute = given;
  std::array<std::vector<double>, 2> seconds;  // of fp32, bf16
  for (int round = 0; round < kRounds; ++round) {
    for (const bool bf16 : {false, true}) {
      compute.bf16 = bf16;
      seconds[bf16 ? 1 : 0].push_back(network.step_time(compute, images).median_s);
    }
  }
  Timing out;
  const auto quickest = [&](const std::vector<double>& of) {
    const auto [least, most] = std::minmax_element(of.begin(), of.end());
    out.steady = out.steady && *most < kSteady * *least;
    return *least;
  };
  out.times = {quickest(seconds[0]), quickest(seconds[1])};
  return out;
}

}  // namespace

PrecisionTimes precision_times(const Compute& compute, const TimedNetwork& network) {
  const std::string key =
      cat(network.name, " on ", processor(compute), ", torch ", torch_version());
  const Path path = cache_file();
  if (const auto known = cached(read_cache(path), key)) return *known;
  const int64_t few = std::min(kFewImages, network.minibatch);
  Timing timing = timed(compute, network, few);
  const PrecisionTimes& times = timing.times;
  const double whole = (times.fp32_s + times.bf16_s) * static_cast<double>(network.minibatch) /
                       static_cast<double>(few);
  if (kStepsTimed * whole < kLongest) timing = timed(compute, network, network.minibatch);
  if (path.empty() || !timing.steady) return times;
  try {
    Json cache = read_cache(path);  // again: another process may have written meanwhile
    cache["step_seconds"][key] = {{"fp32", times.fp32_s}, {"bf16", times.bf16_s}};
    write_atomic(path, json_text(cache));
  } catch (const Error&) {
    // The times are measured again next time.
  }
  return times;
}

PrecisionChoice quicker_precision(const PrecisionTimes& times) {
  const bool bf16 = times.bf16_s < times.fp32_s;
  const double ratio = bf16 ? times.fp32_s / times.bf16_s : times.bf16_s / times.fp32_s;
  return {bf16 ? "bf16" : "fp32",
          cat("measured: ", fixed(ratio, 2), " times as fast as ", bf16 ? "fp32" : "bf16")};
}

PrecisionChoice unsupported_bf16() { return {"fp32", "no hardware support for bf16"}; }

std::string PrecisionChoice::text() const {
  return cat("precision auto: ", precision, " (", reason, ")");
}

std::optional<PrecisionChoice> decide_precision(Runtime& runtime,
                                                const TimedNetwork& network,
                                                const Path& run) {
  if (runtime.precision != "auto" || (!run.empty() && holds_run(run))) return std::nullopt;
  const Compute compute = make_compute(runtime);
  const PrecisionChoice choice =
      compute.auto_bf16 ? quicker_precision(precision_times(compute, network)) : unsupported_bf16();
  runtime.precision = choice.precision;
  return choice;
}

}  // namespace evenray
