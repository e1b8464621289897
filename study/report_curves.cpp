// SPDX-License-Identifier: Apache-2.0
#include "study/report_curves.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

#include "core/text.hpp"
#include "metrics/detection/coco_files.hpp"
#include "metrics/detection/froc.hpp"
#include "metrics/detection/voc_map.hpp"

namespace evenray {
namespace {

/// The right end of the FROC curves, in wrong boxes per image.
constexpr double kMostWrong = kFrocRates.back();
constexpr double kPrecisionOverlap = .5;

/// Adds the curve of a fold to sums at kCurvePoints places from 0 to `end`. `at`: its value there.
template <class At>
void add_curve(std::vector<double>& sums, double end, const At& at) {
  sums.resize(kCurvePoints);
  for (int i = 0; i < kCurvePoints; ++i)
    sums[static_cast<size_t>(i)] += at(end * i / (kCurvePoints - 1));
}

Series mean_curve(const std::vector<double>& sums, double end, int folds) {
  Series out;
  for (int i = 0; i < kCurvePoints; ++i) {
    out.x.push_back(end * i / (kCurvePoints - 1));
    out.y.push_back(sums[static_cast<size_t>(i)] / folds);
  }
  return out;
}

double highest_precision(const std::vector<PrecisionPoint>& curve, double recall) {
  const auto reached = std::find_if(curve.begin(), curve.end(), [&](const PrecisionPoint& point) {
    return point.recall >= recall - 1e-12;
  });
  return reached == curve.end() ? 0 : reached->precision;
}

struct DetectionCurves {
  Series froc, recall;
};

/// Returns the curves of one seed of an arm; nullopt if a fold is missing or has no such boxes.
std::optional<DetectionCurves> curves_of_seed(const StudyFolder& folder,
                                              const StudyResult& result,
                                              const std::string& arm,
                                              int64_t seed) {
  const int folds = std::max(1, static_cast<int>(result.folds));
  std::vector<double> froc, recall;
  for (int fold = 0; fold < folds; ++fold) {
    const Path cell = folder.cell({arm, seed, fold});
    if (!std::filesystem::exists(cell / "detections.json")) return std::nullopt;
    const CocoBoxes boxes = read_coco_boxes(cell / "gt.json", cell / "detections.json");
    const auto& names = boxes.class_names;
    const auto c = static_cast<size_t>(std::find(names.begin(), names.end(), result.rare_class) -
                                       names.begin());
    if (c == names.size()) return std::nullopt;
    const auto of_class = boxes_by_class(boxes.images, names.size())[c];
    const auto wrong = froc_curve(froc_outcomes(of_class, HitRule{}), boxes.images.size());
    const auto precision = precision_recall(voc_outcomes(of_class, kPrecisionOverlap));
    add_curve(froc, kMostWrong, [&](double x) { return sensitivity_at(wrong, x); });
    add_curve(recall, 1, [&](double x) { return highest_precision(precision, x); });
  }
  return DetectionCurves{mean_curve(froc, kMostWrong, folds), mean_curve(recall, 1, folds)};
}

}  // namespace

void add_runs(std::vector<Series>& out,
              const std::string& name,
              std::vector<Series> runs,
              size_t colour,
              bool dashed) {
  std::erase_if(runs, [](const Series& run) { return run.x.empty(); });
  if (runs.empty()) return;
  Series mean{name, {}, {}, colour, /*thin=*/false, dashed};
  for (size_t i = 0; i < runs[0].x.size(); ++i) {
    double sum = 0;
    for (const auto& run : runs)
      sum += i < run.x.size() && run.x[i] == runs[0].x[i] ? run.y[i] : NAN;
    if (std::isnan(sum)) break;
    mean.x.push_back(runs[0].x[i]);
    mean.y.push_back(sum / static_cast<double>(runs.size()));
  }
  for (auto& run : runs) {
    run.colour = colour;
    run.dashed = dashed;
    run.thin = true;
    if (runs.size() > 1) out.push_back(std::move(run));
  }
  out.push_back(std::move(mean));
}

std::vector<HtmlFigure> detection_figures(const StudyFolder& folder, const StudyResult& result) {
  std::vector<Series> froc, recall;
  std::vector<std::string> arms;
  for (const auto& entry : result.comparison.arms) {
    std::vector<Series> froc_runs, recall_runs;
    for (int64_t seed = 0; seed < result.seeds; ++seed) {
      auto curves = curves_of_seed(folder, result, entry.arm, seed);
      if (!curves) continue;
      froc_runs.push_back(std::move(curves->froc));
      recall_runs.push_back(std::move(curves->recall));
    }
    if (froc_runs.empty()) continue;
    arms.push_back(entry.arm);
    add_runs(froc, entry.arm, std::move(froc_runs), result.colour_of(entry.arm));
    add_runs(recall, entry.arm, std::move(recall_runs), result.colour_of(entry.arm));
  }
  if (froc.empty()) return {};
  const std::string what = cat(" of ", join(arms), " for ", result.rare_class);
  const char* runs = "Thin: each seed, as the mean over its folds; thick: the mean of the seeds.";
  return {
      {line_chart(cat("FROC curves", what, "; the table of the arms gives their score as FROC."),
                  {"wrong boxes per image", 0., kMostWrong},
                  {"sensitivity", 0., 1.},
                  froc),
       cat("FROC, better towards the upper left: a box is right if its centre lies in a marked "
           "one. ",
           runs)},
      {line_chart(cat("Precision-recall curves",
                      what,
                      " at an overlap of .5; the areas under them are close to AP50."),
                  {"recall (sensitivity)", 0., 1.},
                  {"precision", 0., 1.},
                  recall),
       cat("Precision-recall at an overlap of .5, better towards the upper right. ", runs)}};
}

}  // namespace evenray
