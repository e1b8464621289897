// SPDX-License-Identifier: Apache-2.0
#pragma once
// How long two-stage detectors take.
#include "nn/compute.hpp"
#include "nn/step_time.hpp"
#include "rcnn/options.hpp"

namespace evenray {

/// What is timed: training steps, the search of boxes, or RoIAlign forwards and backwards of 512
/// boxes per image on maps of 256 channels and stride 4.
enum class RcnnTimed { step, find, roi_align };

/// Times `steps` steps with drawn images of this size, every second of which has a box.
StepTime rcnn_time(RcnnTimed timed,
                   const RcnnOptions& options,
                   int64_t images,
                   int64_t height,
                   int64_t width,
                   const Compute& compute,
                   int steps);

}  // namespace evenray
