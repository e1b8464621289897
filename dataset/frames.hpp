// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "dataset/sample/sample.hpp"

namespace evenray {

/// Throws Exit::config unless `frames` (data.frames) is first, all or a number from 1.
void check_frames(const std::string& frames);

/// Replaces each DICOM file with several frames by the frames that `frames` asks for; with `first`
/// nothing changes. `all`: one sample for each frame, with the file's labels. A number: only this
/// frame. Ids end in the number of the frame (`#0001`). The frames of one file have one visit, so
/// that they stay in one part. Boxes stay with the first frame only (finding `boxes_of_file`),
/// since a layout gives them for the file. Ids in the findings follow. Only headers are read.
/// Returns whether there is a file with several frames. Throws Exit::bad_data if such a file has
/// fewer frames than the number.
bool take_frames(Manifest& manifest, const std::string& frames);

/// Throws Exit::bad_data if `frames` is a number but no file has several frames. `where`: the
/// sources, for the message.
void check_frames_used(bool multi_frame, const std::string& frames, const std::string& where);

}  // namespace evenray
