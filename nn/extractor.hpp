// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>

#include "core/files.hpp"
#include "nn/compute.hpp"
#include "nn/features.hpp"

namespace evenray {

/// A TorchScript network that a manifest describes, as Features. The manifest is JSON:
/// {"file": "densenet.pt" (beside it), "sha256": of that file, "size_px": 224 or [height, width],
///  "channels": 1 or 3 (alike), "range": [-1024, 1024] (black, white), "dimension": 1024}, and
/// "name" if wanted. Images are resized as Pillow would (resize_bicubic), clipped to black and
/// white, and shown a batch at a time, [B,channels,height,width]; the network gives [B,dimension].
///
/// TorchScript is a program, which can do whatever this user can: it is only run where
/// `trust_code`. Throws 2 where it is not, 66 for a missing file, 65 for a faulty manifest, another
/// hash, no TorchScript, and from of() for an output of another shape or that is not finite.
std::shared_ptr<Features> load_extractor(const Path& manifest,
                                         bool trust_code,
                                         const Compute& compute);

}  // namespace evenray
