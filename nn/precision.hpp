// SPDX-License-Identifier: Apache-2.0
#pragma once
// What `--precision auto` is for a training: bf16 is quicker than fp32 on some processors and
// slower on others, also where both have the instructions for it, so it is measured.
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "core/run_folder.hpp"
#include "nn/compute.hpp"

namespace evenray {

/// A network that is going to be trained, for timing.
struct TimedNetwork {
  std::string name;  ///< differs if the settings of a step differ, for example "small 64x64 px"
  int64_t minibatch = 1;  ///< images per training step
  /// Returns the seconds of one training step on this many images, after a warm-up.
  std::function<double(const Compute& compute, int64_t images)> step_seconds;
};

/// Seconds of one training step in both precisions; NaN where it was not measured.
struct PrecisionTimes {
  double fp32_s, bf16_s;
};

/// What `auto` is, and why.
struct PrecisionChoice {
  std::string precision;  ///< "fp32" or "bf16"
  std::string reason;     ///< for the user, without a full stop

  /// "precision auto: fp32 (REASON)", one line of a log.
  std::string text() const;
};

/// Times a few steps in both precisions, a slow network with 4 images instead of the minibatch, so
/// that it takes less than 5 s. The result is kept in evenray/precision.json of the user's cache
/// folder (XDG_CACHE_HOME, else ~/.cache) by processor, threads, torch version and network, and is
/// read from there the next time. A cache that cannot be read or written is not an error.
PrecisionTimes precision_times(const Compute& compute, const TimedNetwork& network);

/// Returns the quicker precision; fp32 if both are equal.
PrecisionChoice quicker_precision(const PrecisionTimes& times);
/// Returns fp32, the choice where the hardware does not support bf16 (see Compute::auto_bf16).
PrecisionChoice unsupported_bf16();

/// Decides runtime.precision `auto` for the training of one network in the folder `run` and returns
/// the choice. Returns nullopt if there is nothing to decide: the
/// precision was given, or the folder holds a run (RunFolder then takes the run's precision). Times
/// nothing if the hardware does not support bf16.
std::optional<PrecisionChoice> decide_precision(Runtime& runtime,
                                                const TimedNetwork& network,
                                                const Path& run = {});

}  // namespace evenray
