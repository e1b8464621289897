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

/// Reads the boxes of one text file, in pixels of its image. Returns nullopt if the size of the
/// image cannot be read. Throws as read_yolo().
std::optional<std::vector<ListedBox>> read_yolo_file(const Path& file,
                                                     const Path& image,
                                                     const std::vector<std::string>& names);

/// Reads the data set. An image without a text file, or with an empty one, has no box; if the image
/// cannot be read, its boxes are unknown. Throws Exit::bad_data for a line that is not such a box,
/// a class number without a name, missing names, a list that is missing, that has none of the
/// images, or that also matches an image of another part.
Manifest read_yolo(const std::string& path);

}  // namespace evenray
