// SPDX-License-Identifier: Apache-2.0
#pragma once
// COCO's mean average precision (Lin et al. 2014; as pycocotools computes it).
#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "metrics/detection/measure.hpp"

namespace evenray {

/// Ranges of areas in square pixels: any, up to 32 x 32, from there to 96 x 96, and from there on.
/// Both ends belong to both ranges.
enum class AreaRange { all, small, medium, large };

/// Matches found with true boxes once, and computes values for any weights of the images.
///
/// A found box is right if it overlaps a true box of its class that no box with a higher score
/// took, by the threshold or more; of several, it takes the one that it overlaps most, and of equal
/// ones the later. Precision is made monotonous and read at 101 recalls. In a range of areas, true
/// boxes outside it, and found boxes outside it that match nothing, do not count; so do boxes above
/// 1e10 square pixels in none. Boxes with masks overlap by them, and a found one has the area of
/// its mask. The 100 boxes of a class with the highest scores in an image count.
///
/// pycocotools takes a match with an annotation whose id is 0 for no match. Here ids do not matter.
class CocoMap {
 public:
  /// What a value is about.
  struct Key {
    std::string name;
    AreaRange area = AreaRange::all;
    int class_index = -1;  ///< -1: the mean over classes
  };

  /// `images`: in the order of their ids, which decides between equal scores. Throws 1 for a class
  /// index that is not below `class_names`.size().
  CocoMap(const std::vector<ScoredImage>& images,
          const std::vector<std::string>& class_names,
          int threads = 1);

  /// Returns the keys of values(): "ap" (mean over the thresholds .50 to .95), "ap50", "ap75",
  /// "ap40", "ap_small", "ap_medium", "ap_large", "ar_1", "ar_10", "ar_100" (recall with so many
  /// boxes of a class in an image), "ar_small", "ar_medium", "ar_large", then CLASS.ap and
  /// CLASS.ap50.
  const std::vector<Key>& keys() const { return keys_; }

  /// Returns one value per key. `image_weights`: how often each image counts (empty: once each);
  /// boxes with equal scores keep their order, so that an image that counts twice is no image that
  /// occurs twice where scores in it are equal. NaN: without true boxes in the range. Classes that
  /// have none in any image are left out of means; if another class has none with these weights,
  /// the mean is NaN, since it would be one over fewer classes. Thread-safe.
  std::vector<double> values(std::span<const double> image_weights = {}) const;

  /// Returns the images with true boxes of a class that count in a range.
  std::vector<size_t> images_with_boxes(size_t class_index, AreaRange area) const;

 private:
  static constexpr size_t kAreas = 4, kThresholds = 11;

  /// True boxes of a class in an image that count, by area.
  struct Counted {
    uint32_t image;
    std::array<uint32_t, kAreas> boxes;
  };
  /// A found box that is right, or does not count, at one threshold.
  struct Event {
    uint32_t place;  ///< boxes of `counted` with higher scores, itself included
    uint32_t what;   ///< four times the image, plus an EventKind
  };
  /// Found boxes in one range of areas, the highest score first. At a threshold, all of `counted`
  /// are wrong, but for its events. Most boxes are wrong at all of them, so this is short.
  struct Outcomes {
    std::vector<uint32_t> counted;  ///< their images
    std::array<std::vector<Event>, kThresholds> events;
  };
  struct Hits {
    uint32_t image, boxes;
  };
  struct OfClass {
    std::vector<Counted> truth;
    std::array<Outcomes, kAreas> outcomes;
    /// Right boxes of any area, over the thresholds .5 to .95: the first and the first ten of an
    /// image.
    std::vector<Hits> first, first_ten;
  };
  struct Matcher;
  struct Averages;

  Averages averages(const OfClass& of_class,
                    AreaRange area,
                    std::span<const double> image_weights) const;
  double recall(const OfClass& of_class,
                const std::vector<Hits>& hits,
                std::span<const double> image_weights) const;

  size_t images_;
  std::vector<OfClass> classes_;
  std::vector<Key> keys_;
};

/// Returns the values of a CocoMap with the groups behind them.
Measure coco_measure(const std::vector<ScoredImage>& images,
                     const std::vector<std::string>& class_names,
                     int threads = 1);

}  // namespace evenray
