// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

namespace evenray {

/// Returns the name of the picture of which a file with this name (without folder and extension)
/// may be an altered copy: the name without what programs and people append, as often as it
/// stands there: Roboflow's "_png.rf.HASH", Keras' "_0_1234", "(1)", "- Copy", "-rotated2",
/// "_flip",
/// "_aug3", "_bright" and the like. A name without such an ending is returned as it is. Different
/// pictures may share a name ("1_png.rf.HASH" in two classes), so compare the pictures too.
std::string original_name(const std::string& name);

}  // namespace evenray
