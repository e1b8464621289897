// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>

#include "dataset/layouts/listing.hpp"

namespace evenray {

/// Returns whether `path` is a YOLO data set: text files with one line per box, `class x y w h`
/// (centre and sides as shares of the upright image) or `class x1 y1 x2 y2 ...`, a polygon whose
/// bounds are the box. Class names: from a data.yaml beside them (Ultralytics: `names`, a list or a
/// mapping), a darknet `.names` file, `classes.txt` or `labels.txt`. The text file of
/// images/a/x.jpg is labels/a/x.txt, else x.txt beside the image, else the only x.txt. Parts: from
/// data.yaml's `train`, `val` and `test`, which name folders or lists; from darknet's lists; else
/// from the folders' names. A line of a list refers to an image if one of the two paths ends in the
/// other, so that lists from another machine also match.
bool is_yolo_layout(const std::string& path);

/// Reads the boxes of one text file, in pixels of its image `picture`, into `image`. A line that is
/// not a box, or whose class has no name, is a remark (read_annotation()). If the size of the
/// picture cannot be read, its boxes are unknown.
void read_yolo_file(const Path& file,
                    const Path& picture,
                    const std::vector<std::string>& names,
                    ListedImage& image);

/// Reads the data set. An image without a text file, or with an empty one, has no box. An image in
/// several parts is a `part_conflict` (match_listing()). Throws Exit::bad_data for missing names,
/// and for a list that is missing or that has none of the images.
Manifest read_yolo(const std::string& path);

}  // namespace evenray
