// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <map>
#include <opencv2/core.hpp>
#include <string>
#include <vector>

#include "dataset/store/store.hpp"
#include "lesion/options.hpp"

namespace evenray {

/// One lesion of a training image.
struct Lesion {
  int64_t row = 0;  ///< of train
  size_t box = 0;   ///< index into the row's boxes
};

/// Returns the part of a store's image that shows the source image, without the border that the fit
/// `pad` added. `offset`: of the row, see StoreRow.
cv::Rect content_of(const cv::Size& size, const std::array<float, 2>& offset);

/// Returns the square around the part of a box that is in `content`, with a side of `context` times
/// its longer side, at least 9 px. It may reach beyond `content`.
cv::Rect patch_square(const Box& box, double context, const cv::Rect& content);
/// The same, clipped to `content`.
cv::Rect patch_area(const Box& box, double context, const cv::Rect& content);

/// The lesions of a store's train part and the images that they can be pasted into. Only real rows
/// count.
class Collection {
 public:
  /// Throws 65 if no real training row has boxes, if none is known to have none, or if no lesion
  /// can be moved. `store` must outlive it.
  Collection(const Store& store, const LesionOptions& options);

  /// Returns the lesions whose box has the class; of all classes for -1. Left out are those whose
  /// patch covers more than half of the image's content or has a side below 5 or above 1024 px.
  const std::vector<Lesion>& lesions(int class_index) const;
  /// Returns the number of lesions that were left out.
  int64_t unmovable() const { return unmovable_; }
  /// Returns the negatives (annotated rows without boxes) with the same values of
  /// LesionOptions::match as `row`, and, if class_index is not -1, with that label; without rows of
  /// its own group.
  std::vector<int64_t> negatives_like(int64_t row, int class_index) const;
  /// Returns all negatives.
  const std::vector<int64_t>& negatives() const { return negatives_; }
  /// Returns the area of a training image that shows the source image.
  cv::Rect content(int64_t row) const;
  /// Returns "ID#b2": the second box of the image ID.
  std::string name(const Lesion& lesion) const;

 private:
  const Store& store_;
  std::vector<size_t> columns_;
  std::map<int, std::vector<Lesion>> lesions_;
  std::vector<int64_t> negatives_;
  std::map<std::string, std::vector<int64_t>> negatives_of_key_;
  int64_t unmovable_ = 0;
};

}  // namespace evenray
