// SPDX-License-Identifier: Apache-2.0
#pragma once
// The choice of `--precision auto` for a training. bf16 is faster than fp32 on some processors and
// slower on others, even if the processor has bf16 instructions. Both are therefore timed.
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "core/run_folder.hpp"
#include "nn/compute.hpp"
#include "nn/step_time.hpp"

namespace evenray {

/// Sizes of the files of a training run.
struct CheckpointBytes {
  int64_t best = 0;   ///< the weights alone
  int64_t state = 0;  ///< the weights with the state of the optimiser
};

/// A network that is going to be trained, for timing and for the space that its files need.
struct TimedNetwork {
  /// For the cache of times: differs if the settings of a step differ. For example "small 64x64 px,
  /// minibatch 64".
  std::string name;
  int64_t minibatch = 1;  ///< images per training step
  /// Times training steps on this many images.
  std::function<StepTime(const Compute& compute, int64_t images)> step_time;
  /// Returns the approximate sizes of its checkpoints.
  std::function<CheckpointBytes()> bytes{};
};

/// Seconds of one training step in both precisions.
struct PrecisionTimes {
  double fp32_s, bf16_s;
};

/// The precision that `auto` selects, and the reason.
struct PrecisionChoice {
  std::string precision;  ///< "fp32" or "bf16"
  std::string reason;     ///< for the user, without a full stop

  /// Returns "precision auto: fp32 (REASON)", for the log.
  std::string text() const;
};

/// Times a few steps in both precisions with 4 images, then with the whole minibatch if that will
/// take less than 10 s; both in turns, and the quickest round of each counts. The result is stored
/// in the file evenray/precision.json of the user's cache folder (XDG_CACHE_HOME, else ~/.cache)
/// for this processor, number of threads, torch version and network, and is read from there the
/// next time; but not if the rounds differ by more than half, since this machine was busy then. It
/// is not an error if the file cannot be read or written.
PrecisionTimes precision_times(const Compute& compute, const TimedNetwork& network);

/// Returns the faster precision; fp32 if both are equal.
PrecisionChoice quicker_precision(const PrecisionTimes& times);
/// Returns fp32, the choice where the hardware does not support bf16 (see Compute::auto_bf16).
PrecisionChoice unsupported_bf16();

/// Replaces the precision `auto` in `runtime` by a choice for the training of one network in the
/// folder `run`, and returns the choice. Returns nullopt and changes nothing if the precision is
/// not `auto`, or if the folder contains a run (RunFolder then takes the precision of that run).
/// Times nothing if the hardware does not support bf16. Throws like make_compute().
std::optional<PrecisionChoice> decide_precision(Runtime& runtime,
                                                const TimedNetwork& network,
                                                const Path& run = {});

}  // namespace evenray
