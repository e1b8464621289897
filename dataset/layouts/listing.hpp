// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/csv.hpp"
#include "dataset/files/image_folder.hpp"
#include "dataset/sample/sample.hpp"

namespace evenray {

/// The folder dataset/layouts/ reads published layouts into manifests: one header per layout, with
/// is_NAME_layout() and read_NAME(). Read this header first: readers whose annotation files list
/// the images by name fill a Listing, and match_listing() finds the images. Then read
/// box_fusion.hpp (merges the boxes of several readers), npz.hpp (arrays of MedMNIST) and the
/// layouts in any order.

/// A box as an annotation file describes it, with its class as a name.
struct ListedBox {
  std::string class_name;
  Box box;  ///< `label` is not set
};

/// Returns the bounding box of these rings (at least one, not empty), with the rings in it.
Box bounds_of(std::vector<std::vector<cv::Point2f>>&& rings);

/// Returns the box with this left and upper edge, width and height.
Box sized_box(float x, float y, float width, float height);

/// Returns the box whose left, upper, right and lower edges are in these columns of a row; if
/// `sizes`, the last two are width and height. Throws Exit::bad_data if one is not a number.
Box box_in_row(const CsvTable& table,
               size_t row,
               const std::array<size_t, 4>& columns,
               bool sizes = false);

/// The annotations of one image.
struct ListedImage {
  std::string file;    ///< its path, or the end of the path, as the source writes it; the extension
                       ///< may be missing
  std::string listed;  ///< where it is listed, for messages: "train.csv:12"
  std::string other_file{};            ///< another name that the image may have; empty: none
  std::vector<std::string> classes{};  ///< present classes, except those of the boxes
  std::vector<std::string> unknown{};  ///< classes that may be present
  bool classes_known = true;           ///< false: any other class may be present
  std::vector<ListedBox> boxes{};
  bool boxes_known = false;         ///< annotated: no boxes then means no object
  std::optional<cv::Size> frame{};  ///< size of the image that was annotated, if stated
  std::string patient{}, part{};    ///< empty: unknown
  std::string other_part{};         ///< another part that the source puts it into; empty: none
  std::vector<std::string> meta{};  ///< one per meta column; empty: no value is known
  /// Findings on this image: kind and detail.
  std::vector<std::pair<std::string, std::string>> remarks{};
};

/// Calls `read`, which reads one annotation of the image. If it throws Exit::bad_data, the
/// annotation is left out: it becomes an `annotation_invalid` finding on the image ("NAME: what is
/// wrong"), and the boxes of the image are no longer known completely.
void read_annotation(ListedImage& image,
                     const std::string& name,
                     const std::function<void()>& read);

/// The annotations of a collection, before its images are found.
struct Listing {
  std::string format;
  std::vector<std::string>
      class_names;  ///< in the order of the labels; further ones follow by name
  std::vector<std::string> meta_columns;
  std::vector<ListedImage> images;
  std::vector<Finding> findings;
};

/// Returns the manifest of the images below `path` that the listing names, matched as in
/// image_index.hpp. A name that matches in another case, with another extension or with backslashes
/// is a `name_differs` finding. Classes exclude one another if each image has exactly one.
/// boxes_known becomes false for an image without boxes that shows a class which
/// has boxes in other images. If a stated frame has another size than the image, the boxes are
/// scaled to the image (`boxes_scaled`), except when the aspect ratios differ (`size_conflict`).
/// Listed images that are not found become `missing_file` findings, images that are not listed
/// `unlisted_file` findings. If an image is in two parts, no part is taken (`part_conflict`).
/// Throws Exit::bad_data if no listed image is found, or if one matches several images or is listed
/// twice (other than in two parts with equal annotations).
Manifest match_listing(const std::string& path, Listing&& listing);

/// Returns train, val or test if a word in the name of a file or folder is the name of a part
/// (part_of_name: "instances_train2017.json"); else an empty string.
std::string part_in_name(const std::string& name);

}  // namespace evenray
