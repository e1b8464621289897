// SPDX-License-Identifier: Apache-2.0
#include "lesion/cut.hpp"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

namespace evenray {
namespace {

constexpr double kFeather = .25;
constexpr double kTaperPx = 3;
constexpr int kLeastRing = 32;
constexpr int kMostSteps = 16;
constexpr double kCoarse = 1.5;

/// Returns the lesion's shape in the patch: 255 inside.
cv::Mat shape_of(const Box& box, const cv::Size& size) {
  cv::Mat out(size, CV_8UC1, cv::Scalar(0));
  std::vector<std::vector<cv::Point>> rings;
  for (const auto& ring : box.rings) {
    if (ring.size() < 3) continue;
    auto& points = rings.emplace_back();
    for (const auto& point : ring)
      points.emplace_back(static_cast<int>(std::floor(point.x)),
                          static_cast<int>(std::floor(point.y)));
  }
  if (!rings.empty()) {
    cv::fillPoly(out, rings, cv::Scalar(255));
  } else {
    const double cx = (box.x0 + box.x1) / 2, cy = (box.y0 + box.y1) / 2;
    const double rx = std::max(1., (box.x1 - box.x0) / 2.),
                 ry = std::max(1., (box.y1 - box.y0) / 2.);
    for (int y = 0; y < size.height; ++y)
      for (int x = 0; x < size.width; ++x)
        if (std::hypot((x + .5 - cx) / rx, (y + .5 - cy) / ry) <= 1) out.at<uint8_t>(y, x) = 255;
  }
  // A shape thinner than a pixel still has a middle.
  const auto inside = [](double at, int side) {
    return std::clamp(static_cast<int>(std::floor(at)), 0, side - 1);
  };
  if (cv::countNonZero(out) == 0)
    out.at<uint8_t>(inside((box.y0 + box.y1) / 2., size.height),
                    inside((box.x0 + box.x1) / 2., size.width)) = 255;
  return out;
}

cv::Mat feathered(const cv::Mat& shape, double feather_px) {
  cv::Mat distance;
  cv::distanceTransform(255 - shape, distance, cv::DIST_L2, cv::DIST_MASK_PRECISE);
  cv::Mat alpha(shape.size(), CV_64F);
  for (int y = 0; y < shape.rows; ++y) {
    for (int x = 0; x < shape.cols; ++x) {
      const double t = std::clamp(1 - distance.at<float>(y, x) / feather_px, 0., 1.);
      const int border = std::min({x, y, shape.cols - 1 - x, shape.rows - 1 - y});
      alpha.at<double>(y, x) = t * t * (3 - 2 * t) * std::min(1., border / kTaperPx);
    }
  }
  return alpha;
}

}  // namespace

Cut cut_lesion(std::shared_ptr<const Scene> scene,
               const cv::Rect& area,
               const cv::Rect& content,
               const Box& box) {
  Cut cut;
  cut.area = area;
  cut.place = {(area.x + area.width / 2. - content.x) / content.width,
               (area.y + area.height / 2. - content.y) / content.height};
  cut.box = box;
  const auto dx = static_cast<float>(area.x), dy = static_cast<float>(area.y);
  cut.box.x0 -= dx, cut.box.x1 -= dx, cut.box.y0 -= dy, cut.box.y1 -= dy;
  for (auto& ring : cut.box.rings)
    for (auto& point : ring) point -= cv::Point2f(dx, dy);
  const double longer = std::max(box.x1 - box.x0, box.y1 - box.y0);
  const double grown = kFeather * longer;
  const cv::Point first(static_cast<int>(std::floor(cut.box.x0 - grown)) - 1,
                        static_cast<int>(std::floor(cut.box.y0 - grown)) - 1);
  const cv::Point last(static_cast<int>(std::ceil(cut.box.x1 + grown)) + 1,
                       static_cast<int>(std::ceil(cut.box.y1 + grown)) + 1);
  cut.lesion = cv::Rect(first, last) & cv::Rect({}, area.size());
  const cv::Mat shape = shape_of(cut.box, area.size());
  cut.alpha = feathered(shape, std::max(2., grown));
  cut.ring = cut.alpha == 0;
  if (cv::countNonZero(cut.ring) < kLeastRing) cut.ring = 255 - shape;
  cut.texture = texture_of(*scene, area, cut.ring);
  cut.scene = std::move(scene);
  return cut;
}

Cut cut_like(const Cut& cut, std::shared_ptr<const Scene> scene, const cv::Rect& area) {
  Cut out = cut;
  out.area = area;
  out.texture = texture_of(*scene, area, out.ring);
  out.scene = std::move(scene);
  return out;
}

std::optional<Place> find_place(const Cut& cut,
                                const Scene& target,
                                const cv::Rect& content,
                                const LesionOptions& options,
                                Rng rng) {
  const Likeness bounds{options.tolerance, options.angle_deg};
  const cv::Mat core = 255 - cut.ring;
  const double middle = texture_of(*cut.scene, cut.area, core).mean;
  const double all = mean_in(*cut.scene, cut.area);
  std::optional<Place> best;
  const auto attempt = [&](const cv::Point& corner) {
    const cv::Rect area(corner, cut.area.size());
    if ((area & content) != area) return false;
    // Where ring and middle are alike, the whole is too; this is quicker to see.
    if (!alike_values(all, mean_in(target, area), kCoarse * options.tolerance)) return false;
    if (!alike(cut.texture, texture_of(target, area, cut.ring), bounds)) return false;
    if (!alike_values(middle, texture_of(target, area, core).mean, options.tolerance)) return false;
    const double likeness = correlation(*cut.scene, cut.area, target, area);
    if (likeness < options.likeness || (best && likeness <= best->likeness)) return false;
    best = Place{area, likeness};
    return true;
  };
  const double reach_x = options.move * content.width, reach_y = options.move * content.height;
  const double own_x = content.x + cut.place.x * content.width - cut.area.width / 2.;
  const double own_y = content.y + cut.place.y * content.height - cut.area.height / 2.;
  for (int64_t i = 0; i < options.places; ++i) {
    // The first place is the lesion's own one.
    const double right = i == 0 ? 0 : rng.uniform(-reach_x, reach_x);
    const double down = i == 0 ? 0 : rng.uniform(-reach_y, reach_y);
    attempt({static_cast<int>(std::lround(own_x + right)),
             static_cast<int>(std::lround(own_y + down))});
  }
  // From the best place, steps of a pixel towards higher correlation, within the same reach.
  for (int step = 0; best && step < kMostSteps; ++step) {
    const cv::Point from = best->area.tl();
    bool better = false;
    for (const cv::Point& by : {cv::Point(-1, 0), {1, 0}, {0, -1}, {0, 1}}) {
      const cv::Point to = from + by;
      if (std::abs(to.x - own_x) <= reach_x + 1 && std::abs(to.y - own_y) <= reach_y + 1)
        better |= attempt(to);
    }
    if (!better) break;
  }
  return best;
}

}  // namespace evenray
