// SPDX-License-Identifier: Apache-2.0
#pragma once
// The images that a detector is trained on, and their minibatches. Internal to detector.
#include <array>
#include <deque>
#include <functional>
#include <future>
#include <opencv2/core.hpp>
#include <string>
#include <vector>

#include "core/rng.hpp"
#include "dataset/store/store.hpp"
#include "detector/options.hpp"
#include "nn/batches.hpp"
#include "nn/schedule.hpp"

namespace evenray {

/// An image and the boxes in it, in pixels.
struct BoxedImage {
  cv::Mat image;
  std::vector<Box> boxes;
};

/// Annotated images. Those that nobody annotated (boxes_known is 0) are left out, because without
/// boxes they say nothing.
class BoxedImages {
 public:
  /// Those of a part of a store, which must outlive it. Holds the images in memory if they take at
  /// most `resident_bytes`, else reads them when they are used.
  BoxedImages(const Store& store, const std::string& part, double resident_bytes);
  explicit BoxedImages(std::vector<BoxedImage> images);

  int64_t size() const { return static_cast<int64_t>(boxes_.size()); }
  const std::vector<Box>& boxes(int64_t i) const { return boxes_[static_cast<size_t>(i)]; }
  /// Thread-safe. Throws 65 if the image cannot be read.
  cv::Mat image(int64_t i) const;
  /// The number of images of the part that nobody annotated.
  int64_t unknown() const { return unknown_; }

 private:
  std::vector<std::vector<Box>> boxes_;
  std::vector<cv::Mat> images_;  ///< empty: `read_` reads them
  std::function<cv::Mat(int64_t i)> read_;
  int64_t unknown_ = 0;
};

/// Returns the image and its boxes after online augmentation: detect.policy, then mirror, rotation,
/// scale and shift in one bilinear resampling (see geometry.hpp), then contrast and brightness.
/// `value_max`: white.
BoxedImage augmented(const BoxedImage& one, const DetectOptions& options, int value_max, Rng rng);

/// Returns the corners of four images of one size that meet in a point, which is drawn from the
/// middle half of each side, with what is left of their boxes (mosaic: Bochkovskiy et al. 2020,
/// YOLOv4, section 3.3, but without changing their scale).
BoxedImage mosaic_of(const std::array<BoxedImage, 4>& images, Rng rng);

/// Returns an image into which the objects of another image of the same size are copied at their
/// places (copy-paste: Ghiasi et al. 2021, without their large changes of scale): the pixels of
/// object_mask(). Boxes of which less than a quarter is left are dropped.
BoxedImage copy_pasted(const BoxedImage& one, const BoxedImage& from);

/// Returns a square of the image with what is left of its boxes: around one of the boxes, at
/// random, which is inside as a whole if it fits; anywhere without boxes. `side`: in px, at most
/// those of the image.
BoxedImage cropped(const BoxedImage& one, int side, Rng rng);

/// Minibatches of augmented images: detect.negatives of each are images without boxes, the rest
/// have some; of both kinds, shuffled epochs. With detect.negatives -1, shuffled epochs of all
/// images. With repeat-factor, an image with boxes occurs max(1, sqrt(t / f)) times in an epoch on
/// average (rounded at random once), where t is detect.repeat_threshold and f is the share of
/// images that have its rarest class, among those with boxes, or among all with detect.negatives -1
/// (Gupta et al. 2019, section 5.1). Images are read and augmented some steps ahead, in threads of
/// their own. Batch::images are as stored (u8, or f32 of 16-bit values), on the CPU.
class BoxBatches final : public Batches {
 public:
  /// `images` must outlive it. Throws 65 if none has boxes.
  BoxBatches(const BoxedImages& images,
             const DetectOptions& options,
             int value_max,
             int classes,
             const Rng& rng);
  Batch at(int64_t step) override;

 private:
  std::vector<int64_t> rows(int64_t step);
  BoxedImage one(int64_t i) const { return {images_.image(i), images_.boxes(i)}; }
  Batch read(int64_t step, const std::vector<int64_t>& rows) const;

  const BoxedImages& images_;
  DetectOptions options_;
  int value_max_;
  Rng rng_;
  /// Indices of images; with detect.negatives -1 all are in the first, after those with boxes.
  std::vector<int64_t> with_boxes_, without_;
  size_t donors_ = 0;               ///< the first entries of with_boxes_, which have boxes
  std::vector<EpochOrder> orders_;  ///< of both, those without if there are some

  struct Ahead {
    int64_t step;
    std::future<Batch> batch;
  };
  std::deque<Ahead> ahead_;
};

}  // namespace evenray
