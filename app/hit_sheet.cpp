// SPDX-License-Identifier: Apache-2.0
#include "app/hit_sheet.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "core/text.hpp"
#include "metrics/detection/froc.hpp"

namespace evenray {
namespace {

constexpr double kWrongPerImage = 1;

/// One box of the sheet.
struct Case {
  size_t image;
  std::string caption;
  double rank;  ///< ascending order of the sheet
};

Box as_box(const PixelBox& box) {
  return {static_cast<float>(box.x),
          static_cast<float>(box.y),
          static_cast<float>(box.x + box.width),
          static_cast<float>(box.y + box.height),
          0,
          {}};
}

/// Returns the least score of each class that counts; infinity for a class without true boxes.
std::vector<double> least_scores(const CocoBoxes& boxes) {
  std::vector<double> out;
  for (const auto& of_class : boxes_by_class(boxes.images, boxes.class_names.size())) {
    const auto ranked = froc_outcomes(of_class, HitRule{});
    out.push_back(ranked.targets.empty()
                      ? INFINITY
                      : score_at_wrong(ranked, boxes.images.size(), kWrongPerImage));
  }
  return out;
}

struct Cases {
  std::vector<Case> missed, wrong, hit;
};

/// Adds the cases of one image: by descending score, each found box takes a true one.
void add_cases(const CocoBoxes& boxes,
               size_t image,
               const std::vector<double>& least,
               Cases& cases) {
  const ScoredImage& one = boxes.images[image];
  std::vector<const FoundBox*> found;
  for (const auto& box : one.found)
    if (box.score >= least[static_cast<size_t>(box.class_index)]) found.push_back(&box);
  std::stable_sort(
      found.begin(), found.end(), [](const auto* a, const auto* b) { return a->score > b->score; });
  const HitRule rule{};
  std::vector<uint8_t> taken(one.truth.size());
  for (const auto* box : found) {
    bool near = false, hit = false;
    for (size_t t = 0; t < one.truth.size() && !hit; ++t) {
      if (one.truth[t].class_index != box->class_index || !rule.hits(*box, one.truth[t])) continue;
      near = true;
      hit = !taken[t];
      taken[t] = 1;
    }
    const std::string score = fixed(box->score, 2);
    if (hit) cases.hit.push_back({image, cat("hit ", score), box->score});
    if (!near) cases.wrong.push_back({image, cat("wrong ", score), -box->score});
  }
  for (size_t t = 0; t < one.truth.size(); ++t)
    if (!taken[t] && !one.truth[t].ignored())
      cases.missed.push_back({image, "missed", -one.truth[t].area});
}

SheetItem drawn_case(const Case& shown,
                     const CocoBoxes& boxes,
                     const std::vector<double>& least,
                     const cv::Mat& picture) {
  const ScoredImage& one = boxes.images[shown.image];
  SheetItem item{picture, cat(shown.caption, ", ", one.id), {}};
  for (const auto& box : one.truth) item.boxes.push_back(as_box(box.box));
  for (const auto& box : one.found)
    if (box.score >= least[static_cast<size_t>(box.class_index)])
      item.found.push_back(as_box(box.box));
  return item;
}

}  // namespace

std::vector<SheetItem> hit_items(const CocoBoxes& boxes,
                                 const Store& store,
                                 const std::string& part,
                                 int64_t count) {
  const auto least = least_scores(boxes);
  Cases cases;
  for (size_t i = 0; i < boxes.images.size(); ++i) add_cases(boxes, i, least, cases);
  std::map<std::string, int64_t> rows;
  const auto& ids = store.part(part).ids;
  for (size_t row = 0; row < ids.size(); ++row) rows[ids[row]] = static_cast<int64_t>(row);
  std::vector<SheetItem> out;
  const auto third = static_cast<size_t>((count + 2) / 3);
  for (auto* kind : {&cases.missed, &cases.wrong, &cases.hit}) {
    std::stable_sort(
        kind->begin(), kind->end(), [](const Case& a, const Case& b) { return a.rank < b.rank; });
    for (size_t k = 0; k < std::min(third, kind->size()); ++k) {
      const Case& shown = (*kind)[k];
      out.push_back(drawn_case(
          shown, boxes, least, store.image(part, rows.at(boxes.images[shown.image].id))));
    }
  }
  return out;
}

}  // namespace evenray
