// SPDX-License-Identifier: Apache-2.0
#include "study/report_figures.hpp"

#include <algorithm>
#include <cmath>
#include <functional>

#include "classifier/predictions.hpp"
#include "core/chart.hpp"
#include "core/stats.hpp"
#include "core/text.hpp"
#include "study/report_value.hpp"

namespace evenray {
namespace {

/// Points of a drawn curve, evenly spaced: light enough for seven arms with many seeds.
constexpr int kCurvePoints = 101;

/// What a seed of an arm said about the test rows, all folds one after the other.
struct SeedScores {
  std::vector<double> scores;
  std::vector<uint8_t> labels;
};

std::optional<SeedScores> read_scores(const StudyFolder& folder,
                                      const Json& summary,
                                      const std::string& arm,
                                      int64_t seed) {
  const int folds = std::max(1, static_cast<int>(number_at(summary, "/folds")));
  SeedScores out;
  for (int fold = 0; fold < folds; ++fold) {
    const Path path = folder.cell({arm, seed, fold}) / "predictions.csv";
    if (!std::filesystem::exists(path)) return std::nullopt;
    const Predictions predictions = read_predictions(path);
    const size_t rare = predictions.class_index(text_at(summary, "/rare_class"));
    for (size_t i = 0; i < predictions.rows(); ++i) {
      out.scores.push_back(predictions.probabilities[i][rare]);
      out.labels.push_back(predictions.labels[i][rare] == 1);
    }
  }
  return out;
}

/// True positive rate at a false positive rate: the highest point there, straight lines between.
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

/// Precision where a recall is first reached: the steps that average precision sums.
double precision_at(const std::vector<CurvePoint>& curve, double x) {
  const auto reached = std::lower_bound(
      curve.begin(), curve.end(), x - 1e-12, [](const CurvePoint& point, double at) {
        return point.x < at;
      });
  return reached == curve.end() ? curve.back().y : reached->y;
}

using Curve = std::vector<CurvePoint> (*)(std::span<const double>, std::span<const uint8_t>);
using At = double (*)(const std::vector<CurvePoint>&, double);

void add_arm(std::vector<Series>& series,
             const std::string& arm,
             const std::vector<SeedScores>& seeds,
             Curve curve,
             At at) {
  Series average{arm, {}, std::vector<double>(kCurvePoints, 0), arm_index(arm)};
  for (int i = 0; i < kCurvePoints; ++i)
    average.x.push_back(static_cast<double>(i) / (kCurvePoints - 1));
  size_t drawn = 0;
  for (const auto& seed : seeds) {
    const auto points = curve(seed.scores, seed.labels);
    if (points.empty()) continue;
    Series one{"", average.x, {}, average.colour, /*thin=*/true};
    for (const double x : average.x) one.y.push_back(at(points, x));
    for (size_t i = 0; i < one.y.size(); ++i) average.y[i] += one.y[i];
    ++drawn;
    if (seeds.size() > 1) series.push_back(std::move(one));
  }
  if (drawn == 0) return;
  for (double& y : average.y) y /= static_cast<double>(drawn);
  series.push_back(std::move(average));
}

/// One generator's run as its events tell it.
struct Training {
  std::string class_name;
  Series discriminator, generator, swd;
};

Training read_training(const Path& events, const std::string& class_name) {
  Training out{class_name, {}, {}, {}};
  const auto add = [](Series& series, const Json& event, const char* key) {
    if (!event.contains(key) || !event[key].is_number()) return;
    series.x.push_back(number_at(event, "/kimg"));
    series.y.push_back(event[key].get<double>());
  };
  for (const auto& line : split_text(read_file(events), '\n')) {
    const Json event = Json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (!event.is_object()) continue;
    add(out.discriminator, event, "loss_d");
    add(out.generator, event, "loss_g");
    add(out.swd, event, "swd");
  }
  return out;
}

/// At most kCurvePoints of a long run, evenly picked, the last among them.
Series thinned(const Series& series) {
  const size_t n = series.x.size(), step = (n + kCurvePoints - 1) / kCurvePoints;
  if (step <= 1) return series;
  Series out = series;
  out.x.clear();
  out.y.clear();
  for (size_t i = (n - 1) % step; i < n; i += step) {
    out.x.push_back(series.x[i]);
    out.y.push_back(series.y[i]);
  }
  return out;
}

}  // namespace

std::vector<HtmlFigure> difference_figures(const Json& summary) {
  std::vector<ForestRow> rows;
  std::string alt = "Differences in AUROC with 95 % intervals.";
  for (const auto& difference : part_at(summary, "/comparison/differences")) {
    const Json& auroc = part_at(difference, "/metrics/auroc");
    const std::string first = text_at(difference, "/first"),
                      name = cat(first, " vs ", text_at(difference, "/second"));
    rows.push_back({name,
                    number_at(auroc, "/value"),
                    number_at(auroc, "/ci/0"),
                    number_at(auroc, "/ci/1"),
                    difference.value("primary", false),
                    arm_index(first)});
    alt += cat(" ", name, ": ", difference_with_interval(auroc), ".");
  }
  if (rows.empty()) return {};
  const std::string caption =
      cat("Right of the line the arm named first is better. Lines are 95 % intervals of ",
          plain_count(number_at(summary, "/comparison/draws")),
          " draws that resample groups of test images and seeds, the same draw for all arms. The "
          "exploratory intervals are not adjusted; "
          "their p values are, in the table below.");
  return {{forest_plot(alt, "difference in AUROC", rows), caption}};
}

std::vector<HtmlFigure> curve_figures(const StudyFolder& folder, const Json& summary) {
  std::vector<Series> roc, recall;
  const auto seeds = static_cast<int64_t>(number_at(summary, "/seeds"));
  for (const auto& entry : part_at(summary, "/comparison/arms")) {
    const std::string arm = text_at(entry, "/arm");
    std::vector<SeedScores> runs;
    for (int64_t seed = 0; seed < seeds; ++seed) {
      if (auto scores = read_scores(folder, summary, arm, seed)) runs.push_back(std::move(*scores));
    }
    add_arm(roc, arm, runs, roc_curve, roc_at);
    add_arm(recall, arm, runs, precision_recall_curve, precision_at);
  }
  if (roc.empty() && recall.empty()) return {};
  const double prevalence = number_at(summary, "/comparison/test/positives") /
                            number_at(summary, "/comparison/test/images");
  const Axis unit{"", 0., 1.};
  const auto axis = [](const char* label) { return Axis{label, 0., 1.}; };
  const std::string rare = text_at(summary, "/rare_class");
  return {
      {line_chart(cat("ROC curves of the arms for ",
                      rare,
                      "; the areas under them are in the table of metrics."),
                  axis("false positive rate (1 - specificity)"),
                  axis("true positive rate (sensitivity)"),
                  roc,
                  {{"chance", 0, 0, 1, 1}}),
       "ROC: thin lines are seeds, thick ones their mean at equal false positive rate. Nearer to "
       "the upper left corner is better."},
      {line_chart(cat("Precision-recall curves of the arms for ",
                      rare,
                      "; the average precisions are in the table of metrics, as AUPRC."),
                  axis("recall (sensitivity)"),
                  axis("precision"),
                  recall,
                  {{cat("prevalence ", plain_number(prevalence)), 0, prevalence, 1, prevalence}}),
       "Precision-recall: thin lines are seeds, thick ones their mean at equal recall. Nearer to "
       "the upper right corner is better."}};
}

std::vector<HtmlFigure> generator_figures(const StudyFolder& folder, const Json& summary) {
  std::map<std::string, std::vector<Training>> by_class;
  std::vector<std::string> classes;
  for (const auto& entry : part_at(summary, "/generators")) {
    const GeneratorCell cell{text_at(entry, "/class"),
                             static_cast<int64_t>(number_at(entry, "/seed")),
                             static_cast<int>(number_at(entry, "/fold"))};
    const Path events = folder.generator(cell) / "events.jsonl";
    if (!std::filesystem::exists(events)) continue;
    if (by_class[cell.class_name].empty()) classes.push_back(cell.class_name);
    by_class[cell.class_name].push_back(read_training(events, cell.class_name));
  }
  if (classes.empty()) return {};
  std::vector<HtmlFigure> figures;
  std::vector<Series> swd;
  for (size_t c = 0; c < classes.size(); ++c) {
    std::vector<Series> losses;
    const size_t colour = c;
    bool first = true;
    for (const auto& training : by_class[classes[c]]) {
      Series discriminator = thinned(training.discriminator),
             generator = thinned(training.generator), distance = thinned(training.swd);
      discriminator.colour = generator.colour = distance.colour = colour;
      generator.dashed = true;
      if (first) {
        discriminator.name = "discriminator";
        generator.name = "generator";
        distance.name = classes[c];
      }
      first = false;
      losses.push_back(std::move(discriminator));
      losses.push_back(std::move(generator));
      swd.push_back(std::move(distance));
    }
    figures.push_back(
        {line_chart(cat("Losses of the generators of ", classes[c], " over images shown."),
                    {"images shown (thousands)", 0.},
                    {"loss", 0.},
                    losses),
         cat("Losses of ",
             classes[c],
             ", a pair of lines a generator. That they stay level says that neither side has won; ",
             "they say nothing about the images.")});
  }
  figures.push_back({line_chart("Sliced Wasserstein distance of the generators over images shown; "
                                "the values at the end are in the table.",
                                {"images shown (thousands)", 0.},
                                {"SWD (x 1000)", 0.},
                                swd),
                     "Distance to the images that the checkpoint is chosen by: lower is better, "
                     "the lowest is kept."});
  return figures;
}

}  // namespace evenray
