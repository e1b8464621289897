// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "dataset/sample/sample.hpp"

namespace evenray {

/// Returns the files below `folder` that have one of these extensions (given in lower case, with
/// the dot; file names match in any case), sorted. Hidden files are left out, links to folders
/// followed.
std::vector<Path> files_with_extension(const Path& folder, const std::vector<std::string>& endings);

/// Returns all files below `folder`, under the same rules.
std::vector<Path> visible_files(const Path& folder);

/// Returns the symbolic links below `folder` that lead to nothing, under the same rules.
std::vector<Path> dead_links(const Path& folder);

/// Returns the symbolic links below `folder` whose files or folders are outside of it, under the
/// same rules.
std::vector<Path> outside_links(const Path& folder);

/// Returns the folders directly in `folder` that hold no visible file at any depth, other than dead
/// links and images in an unsupported format, sorted.
std::vector<Path> empty_folders(const Path& folder);

/// Returns the folders directly in `folder` that are not hidden, sorted.
std::vector<Path> visible_folders(const Path& folder);

/// Returns the PNG, JPEG, TIFF and DICOM files below `folder` by their extension, under the same
/// rules as files_with_extension(), and DICOM files whose name has no extension or one of digits
/// (1.2.840.113).
std::vector<Path> image_files(const Path& folder);

/// Extensions of image formats that evenray cannot decode: BMP, GIF, WebP and others.
const std::vector<std::string>& unsupported_extensions();

/// Returns `root`; or, if `root` has exactly one visible folder and that holds folders but directly
/// no images (the top folder of an unpacked archive), that folder. Files beside it do not count,
/// and a folder named like a part is never entered.
Path enter_wrapping_folder(const Path& root);

/// Returns train, val or test if a folder's name is that of a part, in any case (training, testing,
/// valid and validation are known too); else "".
std::string part_of_name(const std::string& folder);

/// Returns the absolute path without "." and without a slash at the end, so that the last component
/// is the folder's name.
Path clean_root(const std::string& path);

/// Returns one sample per file (absolute paths below `root`) with file, source_path relative to
/// `root` and id: the stem; the path without its extension if stems collide; the path with it if
/// those collide too.
std::vector<Sample> samples_of_files(const Path& root, const std::vector<Path>& files);

}  // namespace evenray
