// SPDX-License-Identifier: Apache-2.0
#include "study/report_figures.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

#include "core/page/chart.hpp"
#include "core/text.hpp"
#include "metrics/predictions.hpp"
#include "metrics/stats.hpp"
#include "study/report_curves.hpp"
#include "study/report_value.hpp"

namespace evenray {
namespace {

/// The predictions of one seed of an arm for the test rows, all folds one after the other.
struct SeedScores {
  std::vector<double> scores;
  std::vector<uint8_t> labels;
};

std::optional<SeedScores> read_scores(const StudyFolder& folder,
                                      const StudyResult& result,
                                      const std::string& arm,
                                      int64_t seed) {
  const int folds = std::max(1, static_cast<int>(result.folds));
  SeedScores out;
  for (int fold = 0; fold < folds; ++fold) {
    const Path path = folder.cell({arm, seed, fold}) / "predictions.csv";
    if (!std::filesystem::exists(path)) return std::nullopt;
    const Predictions predictions = read_predictions(path);
    const KnownScores known = known_scores(predictions, predictions.class_index(result.rare_class));
    out.scores.insert(out.scores.end(), known.scores.begin(), known.scores.end());
    out.labels.insert(out.labels.end(), known.labels.begin(), known.labels.end());
  }
  return out;
}

/// Returns the true positive rate at a false positive rate: the highest point there, linear between
/// points.
double roc_at(const std::vector<CurvePoint>& curve, double x) {
  const auto after =
      std::upper_bound(curve.begin(), curve.end(), x, [](double at, const CurvePoint& point) {
        return at < point.x;
      });
  if (after == curve.begin()) return 0;
  const CurvePoint& left = *(after - 1);
  if (after == curve.end() || after->x == left.x) return left.y;
  return left.y + (after->y - left.y) * (x - left.x) / (after->x - left.x);
}

/// Returns the precision at the first point that reaches a recall: the steps that average precision
/// sums.
double precision_at(const std::vector<CurvePoint>& curve, double x) {
  const auto reached = std::lower_bound(
      curve.begin(), curve.end(), x - 1e-12, [](const CurvePoint& point, double at) {
        return point.x < at;
      });
  return reached == curve.end() ? curve.back().y : reached->y;
}

using Curve = std::vector<CurvePoint> (*)(std::span<const double>, std::span<const uint8_t>);
using At = double (*)(const std::vector<CurvePoint>&, double);

std::vector<Series> curves_of(const std::vector<SeedScores>& seeds, Curve curve, At at) {
  std::vector<Series> runs;
  for (const auto& seed : seeds) {
    const auto points = curve(seed.scores, seed.labels);
    if (points.empty()) continue;
    Series& run = runs.emplace_back();
    for (int i = 0; i < kCurvePoints; ++i) {
      run.x.push_back(static_cast<double>(i) / (kCurvePoints - 1));
      run.y.push_back(at(points, run.x.back()));
    }
  }
  return runs;
}

/// Adds the ROC and the precision-recall curves of some arms.
void add_pair(std::vector<HtmlFigure>& figures,
              const StudyResult& result,
              const std::vector<std::string>& arms,
              const std::map<std::string, std::vector<SeedScores>>& scores) {
  std::vector<Series> roc, recall;
  for (const auto& arm : arms) {
    const size_t colour = result.colour_of(arm);
    const bool dashed = result.arm_named(arm).synthetic();
    const auto& seeds = scores.at(arm);
    add_runs(roc, arm, curves_of(seeds, roc_curve, roc_at), colour, dashed);
    add_runs(recall, arm, curves_of(seeds, precision_recall_curve, precision_at), colour, dashed);
  }
  if (roc.empty()) return;
  const double prevalence = result.comparison.test_positives / result.comparison.test_known;
  const std::string what = cat(" of ", join(arms), " for ", result.rare_class);
  const auto axis = [](const char* label) { return Axis{label, 0., 1.}; };
  figures.push_back(
      {line_chart(
           cat("ROC curves", what, "; the table of the arms gives the areas under them as AUROC."),
           axis("false positive rate (1 \u2212 specificity)"),
           axis("true positive rate (sensitivity)"),
           roc,
           {{"chance", 0, 0, 1, 1}}),
       "ROC, better towards the upper left. Thin: each seed; thick: their mean at equal false "
       "positive rate; dashed: arms with synthetic images."});
  figures.push_back(
      {line_chart(cat("Precision-recall curves",
                      what,
                      "; the table of the arms gives the average precisions as AUPRC."),
                  axis("recall (sensitivity)"),
                  axis("precision"),
                  recall,
                  {{cat("prevalence ", plain_number(prevalence)), 0, prevalence, 1, prevalence}}),
       "Precision-recall, better towards the upper right. Thin: each seed; thick: their mean at "
       "equal recall; dashed: arms with synthetic images."});
}

/// Returns at most kCurvePoints points of a run, evenly chosen, including the last.
Series thinned(const Series& series) {
  const size_t n = series.x.size(), step = (n + kCurvePoints - 1) / kCurvePoints;
  if (step <= 1) return series;
  Series out;
  for (size_t i = (n - 1) % step; i < n; i += step) {
    out.x.push_back(series.x[i]);
    out.y.push_back(series.y[i]);
  }
  return out;
}

/// Curves from the training of the generators of a class, one series per generator.
struct TrainingRuns {
  std::vector<Series> discriminator, generator, swd;
};

void read_training(const Path& events, TrainingRuns& into) {
  Series discriminator, generator, swd;
  const auto add = [](Series& series, const Json& event, const char* key) {
    if (!event.contains(key) || !event[key].is_number()) return;
    series.x.push_back(event.value("kimg", NAN));
    series.y.push_back(event[key].get<double>());
  };
  for (const auto& line : split_text(read_file(events), '\n')) {
    const Json event = Json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (!event.is_object()) continue;
    add(discriminator, event, "loss_d");
    add(generator, event, "loss_g");
    add(swd, event, "swd");
  }
  into.discriminator.push_back(thinned(discriminator));
  into.generator.push_back(thinned(generator));
  into.swd.push_back(thinned(swd));
}

}  // namespace

std::vector<HtmlFigure> difference_figures(const StudyResult& result) {
  std::vector<ForestRow> rows;
  const std::string lead = result.comparison.lead();
  std::string alt = cat("Differences in ", lead, " with 95 % intervals.");
  for (const auto& pair : result.comparison.differences) {
    const Difference& value = pair.metrics[0];
    const std::string name = cat(pair.first, " vs ", pair.second);
    rows.push_back(
        {name, value.value, value.low, value.high, pair.primary, result.colour_of(pair.first)});
    alt += cat(" ", name, ": ", difference_with_interval(value), ".");
  }
  if (rows.empty()) return {};
  const std::string caption =
      cat("To the right of the vertical line, the arm named first is better. Lines are 95 % "
          "intervals of ",
          plain_count(result.comparison.draws),
          " draws that resample groups of test images",
          result.seeds > 1 ? " and seeds" : "",
          ", the same draw for all arms. The "
          "exploratory intervals are not adjusted for multiple comparisons; their p values in the "
          "table below are.");
  return {{forest_plot(alt, cat("difference in ", lead), rows), caption}};
}

std::vector<HtmlFigure> curve_figures(const StudyFolder& folder, const StudyResult& result) {
  if (result.detects()) return detection_figures(folder, result);
  std::map<std::string, std::vector<SeedScores>> scores;
  std::vector<std::string> arms, contrast;
  const auto [first, second] = parse_contrast(result.contrast);
  for (const auto& entry : result.comparison.arms) {
    arms.push_back(entry.arm);
    if (arms.back() == first || arms.back() == second) contrast.push_back(arms.back());
    for (int64_t seed = 0; seed < result.seeds; ++seed) {
      if (auto one = read_scores(folder, result, arms.back(), seed))
        scores[arms.back()].push_back(std::move(*one));
    }
    scores[arms.back()];
  }
  std::vector<HtmlFigure> figures;
  if (contrast.size() == 2 && arms.size() > 2) add_pair(figures, result, contrast, scores);
  add_pair(figures, result, arms, scores);
  return figures;
}

std::vector<HtmlFigure> generator_figures(const StudyFolder& folder, const StudyResult& result) {
  std::map<std::string, TrainingRuns> runs;
  std::vector<std::string> classes;
  for (const auto& generator : result.generators) {
    const GeneratorCell cell = cell_of(generator);
    const Path events = folder.generator(cell) / "events.jsonl";
    if (!std::filesystem::exists(events)) continue;
    if (!runs.contains(cell.class_name)) classes.push_back(cell.class_name);
    read_training(events, runs[cell.class_name]);
  }
  std::vector<HtmlFigure> figures;
  std::vector<Series> distances;
  const Axis shown{"images shown (thousands)", 0.};
  for (size_t c = 0; c < classes.size(); ++c) {
    // Classes take the colours of the arms that draw from their generators.
    const size_t colour = result.colour_of("gan") + 2 * c;
    const TrainingRuns& run = runs[classes[c]];
    std::vector<Series> losses;
    add_runs(losses, "discriminator", run.discriminator, colour);
    add_runs(losses, "generator", run.generator, colour, /*dashed=*/true);
    add_runs(distances, classes[c], run.swd, colour);
    figures.push_back(
        {line_chart(cat("Losses of the generators of ", classes[c], " over images shown."),
                    shown,
                    {"loss", 0.},
                    losses),
         cat("Losses for ",
             classes[c],
             ". Thin: each generator; thick: their mean. Flat curves mean that neither network "
             "dominates; they do not show how good the images are.")});
  }
  if (classes.empty()) return {};
  figures.push_back(
      {line_chart("Sliced Wasserstein distance of the generators over images shown.",
                  shown,
                  {"SWD (\u00d7 1000)", 0.},
                  distances),
       "Distance to real images during training. The checkpoint with the lowest distance "
       "is kept. It is computed on fewer patches than the value in the table."});
  return figures;
}

}  // namespace evenray
