// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>

#include "core/files.hpp"
#include "nn/compute.hpp"
#include "nn/features.hpp"

namespace evenray {

/// Loads a TorchScript network as Features. A JSON manifest describes it:
/// {"file": "densenet.pt" (in the folder of the manifest), "sha256": digest of this file,
///  "size_px": 224 or [height, width], "channels": 1 or 3 (equal channels),
///  "range": [-1024, 1024] (input values of black and white), "dimension": 1024},
/// and optionally "name". Images are resized like in Pillow (resize_bicubic), clipped to black and
/// white, and given to the network in batches of [B,channels,height,width]; the network must return
/// [B,dimension].
///
/// TorchScript is a program that runs with the rights of this user, so it is only loaded if
/// `trust_code` is set. Throws 2 if it is not set, 66 for a missing file, 65 for an invalid
/// manifest, a wrong digest or a file that is not TorchScript. of() throws 65 for an output with
/// another shape or with non-finite values.
std::shared_ptr<Features> load_extractor(const Path& manifest,
                                         bool trust_code,
                                         const Compute& compute);

}  // namespace evenray
