// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>

#include "dataset/layouts/listing.hpp"

namespace evenray {

/// YOLO's text files: a line a box, `class x y w h` (centre and sides as shares of the upright
/// image's), or `class x1 y1 x2 y2 ...`, a polygon, whose bounds are the box. Class names from a
/// data.yaml beside them (Ultralytics: `names`, a list or a mapping), a darknet `.names` file,
/// `classes.txt` or `labels.txt`. The file of images/a/x.jpg is labels/a/x.txt, x.txt beside the
/// image, or the only x.txt there is. Parts from data.yaml's `train`, `val`, `test`, which name
/// folders or lists, from darknet's lists, else from folders' names. An image belongs to the line
/// of a list that ends in its path, or that its path ends in: lists of another machine fit, too.
bool is_yolo_layout(const std::string& path);

/// The boxes of one text file, in pixels of its image; nullopt where the image's size cannot be
/// read. Throws as read_yolo().
std::optional<std::vector<ListedBox>> read_yolo_file(const Path& file,
                                                     const Path& image,
                                                     const std::vector<std::string>& names);

/// An image without a text file, or with an empty one, has no box; of one that cannot be read the
/// boxes are not known. Throws 65 for a line that is no such box, a class beyond the names, no
/// names, a list that is not there, none of whose images is there, or that fits an image of another
/// part as well.
Manifest read_yolo(const std::string& path);

}  // namespace evenray
