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

struct Cases {
  std::vector<Case> missed, wrong, hit;
};

/// Adds the cases of a class. Returns its least score that counts; infinity without true boxes.
double add_cases(const RankedOutcomes& ranked, size_t images, Cases& cases) {
  if (ranked.targets.empty()) return INFINITY;
  const double least = score_at_wrong(ranked, images, kWrongPerImage);
  for (size_t i = 0; i < ranked.scores.size() && ranked.scores[i] >= least; ++i) {
    const size_t image = ranked.outcomes[i] / 2;
    const double score = ranked.scores[i];
    if (ranked.outcomes[i] % 2 == 1)
      cases.hit.push_back({image, cat("hit ", fixed(score, 2)), score});
    else
      cases.wrong.push_back({image, cat("wrong ", fixed(score, 2)), -score});
  }
  for (const CountedBox& target : ranked.targets)
    if (target.score < least) cases.missed.push_back({target.image, "missed", -target.area});
  return least;
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
  Cases cases;
  std::vector<double> least;
  for (const auto& of_class : boxes_by_class(boxes.images, boxes.class_names.size()))
    least.push_back(add_cases(froc_outcomes(of_class, HitRule{}), boxes.images.size(), cases));
  std::map<std::string, int64_t> rows;
  const auto& ids = store.part(part).ids;
  for (size_t row = 0; row < ids.size(); ++row) rows[ids[row]] = static_cast<int64_t>(row);
  std::vector<SheetItem> out;
  const auto third = static_cast<size_t>(count / 3);
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
