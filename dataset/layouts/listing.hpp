// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <optional>
#include <string>
#include <vector>

#include "core/csv.hpp"
#include "dataset/files/image_folder.hpp"
#include "dataset/sample/sample.hpp"

namespace evenray {

/// A box as an annotation file has it; its class is a name.
struct ListedBox {
  std::string class_name;
  Box box;  ///< label not set
};

/// The box round these rings (not empty), with them.
Box bounds_of(std::vector<std::vector<cv::Point2f>>&& rings);

/// The box whose left, upper, right and lower edge stand in these columns of a row. Throws 65 with
/// file and line where one is no number.
Box box_in_row(const CsvTable& table, size_t row, const std::array<size_t, 4>& columns);

/// What annotation files say of one image.
struct ListedImage {
  std::string file;    ///< its path or the end of it, as the source writes it; its ending may lack
  std::string listed;  ///< where: "train.csv:12", for messages
  std::vector<std::string> classes{};  ///< that it shows, without those of its boxes
  std::vector<std::string> unknown{};  ///< that it may show
  std::vector<ListedBox> boxes{};
  bool boxes_known = false;
  std::optional<cv::Size> frame{};  ///< size of the image that the boxes are of, where it is stated
  std::string patient{}, part{};
  std::vector<std::string> meta{};  ///< one a meta column; empty: none known
  /// Findings on it: kind and detail.
  std::vector<std::pair<std::string, std::string>> remarks{};
};

/// What a collection's annotation files say, before its images are looked for.
struct Listing {
  std::string format;
  std::vector<std::string> class_names;  ///< in the order of the labels; others follow by name
  std::vector<std::string> meta_columns;
  std::vector<ListedImage> images;
  std::vector<Finding> findings;
};

/// The manifest of the images below `path` that the listing names, by path, by the end of a path,
/// by name, or by name without ending. A listed path whose folders are not those of the image will
/// do only where no listed path has its image's folders; of several images that a name fits, the
/// one in a folder named as the listing's part is meant. Classes exclude one another where each
/// image has exactly one. boxes_known is taken back for an image that shows a class with boxes
/// elsewhere and has none. Boxes of a stated frame of another size are scaled to the image
/// (`boxes_scaled`), unless its sides are to one another as no scaling explains (`size_conflict`).
/// Listed images that are not there become `missing_file` findings, images
/// that are not listed `unlisted_file` ones. Throws 65 where no listed image is there, where one is
/// listed twice or could be several.
Manifest match_listing(const std::string& path, Listing&& listing);

/// train, val or test where a word of a file's or folder's name is a part's (part_of_name:
/// "instances_train2017.json"); else empty.
std::string part_in_name(const std::string& name);

}  // namespace evenray
