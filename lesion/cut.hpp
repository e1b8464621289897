// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <optional>

#include "core/rng.hpp"
#include "dataset/sample/sample.hpp"
#include "lesion/options.hpp"
#include "lesion/texture.hpp"

namespace evenray {

/// A patch with a lesion, or of the shape of one, ready to be pasted.
struct Cut {
  std::shared_ptr<const Scene> scene;  ///< the image that it was cut from
  cv::Rect area;                       ///< the patch in it
  cv::Point2d place;  ///< centre of the patch in the content of the lesion's own image, 0..1
  Box box;            ///< the lesion, in pixels from the patch's corner
  cv::Rect lesion;    ///< its box, grown by a quarter of its longer side, inside the patch
  cv::Mat alpha;      ///< CV_64FC1, share of the patch: 1 on the lesion, 0 on the patch's border
  cv::Mat ring;       ///< CV_8UC1, 255 around the lesion: what is compared with a target
  Texture texture;    ///< of the ring
};

/// Cuts the lesion `box` with the square `area` around it (patch_area()). The shape is that of its
/// polygons, else the ellipse in its box. Its edge is feathered over a quarter of its longer side.
Cut cut_lesion(std::shared_ptr<const Scene> scene,
               const cv::Rect& area,
               const cv::Rect& content,
               const Box& box);

/// Returns a cut of the same shape whose pixels are those of `area` in another image.
Cut cut_like(const Cut& cut, std::shared_ptr<const Scene> scene, const cv::Rect& area);

/// A place in a target.
struct Place {
  cv::Rect area;
  double likeness = 0;  ///< correlation of the two patches, -1..1
};

/// Returns the best place for a cut in a target: LesionOptions::places places are tried within
/// LesionOptions::move of the cut's own one and inside `content`, and from the best of them steps
/// of 1 px. Places are taken whose ring is alike() that of the cut, whose middle has a mean like
/// the cut's, and whose patch has a correlation of at least LesionOptions::likeness with that of
/// the cut; the highest correlation wins. nullopt: there is none.
std::optional<Place> find_place(const Cut& cut,
                                const Scene& target,
                                const cv::Rect& content,
                                const LesionOptions& options,
                                Rng rng);

}  // namespace evenray
