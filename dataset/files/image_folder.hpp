// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "dataset/sample/sample.hpp"

namespace evenray {

/// The files below `folder` with one of these endings (lower case, with the dot; they stand in any
/// case), sorted. Hidden ones are left out, links to folders followed.
std::vector<Path> files_ending(const Path& folder, const std::vector<std::string>& endings);

/// The folders in `folder` that are not hidden, sorted.
std::vector<Path> visible_folders(const Path& folder);

/// PNG, JPEG, TIFF and DICOM files by their ending, likewise; and DICOM files whose name has no
/// ending, or a number's (1.2.840.113).
std::vector<Path> image_files(const Path& folder);

/// Endings of pictures that nothing here decodes: BMP, GIF, WebP and others.
const std::vector<std::string>& unread_endings();

/// `root`, or the one visible folder in it where that holds folders and no image itself (an
/// archive's own top folder); loose files beside it do not count.
Path enter_wrapping_folder(const Path& root);

/// train, val or test where a folder's name is one of a split's (valid, validation = val; any
/// case), else "".
std::string part_of_name(const std::string& folder);

/// Absolute, without "." and without a slash at the end, so that its last component is its name.
Path clean_root(const std::string& path);

/// A row for each file (absolute paths below `root`): file, source_path relative to `root`, id (its
/// stem; the path without its ending where stems collide, with it where even those do).
std::vector<Sample> samples_of_files(const Path& root, const std::vector<Path>& files);

}  // namespace evenray
