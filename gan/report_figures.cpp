// SPDX-License-Identifier: Apache-2.0
#include "gan/report_figures.hpp"

#include <algorithm>

#include "core/number.hpp"
#include "core/page/chart.hpp"
#include "core/text.hpp"
#include "dataset/files/image_file.hpp"
#include "dataset/image/image.hpp"

namespace evenray {
namespace {

/// The colours of the study's arms without and with synthetic images.
constexpr size_t kReal = 0, kDrawn = 4;
/// Maximum number of points of a curve; longer curves are thinned evenly.
constexpr size_t kCurvePoints = 400;
const Axis kShown{"real images shown (thousands)", 0.};

/// Returns a curve over kimg of the events that have the value, always with the last one.
template <class Event>
Series curve(const std::string& name,
             const std::vector<Event>& events,
             double Event::*value,
             size_t colour,
             bool dashed = false) {
  Series out{name, {}, {}, colour, /*thin=*/false, dashed};
  std::vector<const Event*> kept;
  for (const auto& event : events)
    if (std::isfinite(event.*value)) kept.push_back(&event);
  const size_t every = std::max<size_t>(1, (kept.size() + kCurvePoints - 1) / kCurvePoints);
  for (size_t i = kept.empty() ? 0 : (kept.size() - 1) % every; i < kept.size(); i += every) {
    out.x.push_back(kept[i]->kimg);
    out.y.push_back(kept[i]->*value);
  }
  return out;
}

bool drawable(const Series& series) { return series.x.size() >= 2; }

double last_of(const Series& series) { return series.y.empty() ? NAN : series.y.back(); }

/// Adds a reference for a curve: a named line if its value is constant, otherwise a curve.
void add_level(const std::string& name,
               Series level,
               double end,
               std::vector<Series>& series,
               std::vector<ReferenceLine>& references) {
  if (level.x.empty()) return;
  const auto [low, high] = std::minmax_element(level.y.begin(), level.y.end());
  if (*low == *high) {
    references.push_back({cat(name, " ", number_text(*low)), 0, *low, end, *low});
  } else {
    level.name = name;
    series.push_back(std::move(level));
  }
}

std::string thinned_text(size_t events) {
  if (events <= kCurvePoints) return "";
  return cat(" One logged value in ", (events + kCurvePoints - 1) / kCurvePoints, " is drawn.");
}

}  // namespace

std::optional<HtmlFigure> swd_figure(const RunRecord& run) {
  std::vector<Series> series{curve("drawn", run.evaluations, &EvaluationEvent::swd, kDrawn)};
  if (!drawable(series[0])) return std::nullopt;
  const Series floor = curve("", run.evaluations, &EvaluationEvent::floor, kReal, true);
  std::vector<ReferenceLine> references;
  add_level("floor, real against real", floor, series[0].x.back(), series, references);
  const EvaluationEvent& best = *run.best();
  std::string alt = cat("Sliced Wasserstein distance of drawn to real images over the training: ",
                        number_text(series[0].y.front()),
                        " at the start, ",
                        number_text(best.swd),
                        " at best, ",
                        number_text(last_of(series[0])),
                        " at the end");
  if (!floor.y.empty()) alt += cat("; floor ", number_text(last_of(floor)));
  return HtmlFigure{
      line_chart(alt + ".", kShown, {"SWD (\u00d7 1000)", 0.}, series, references),
      cat("Distance of drawn to real images, lower is better; the checkpoint at ",
          number_text(best.kimg, 4),
          " kimg is kept. ",
          floor.y.empty() ? ""
                          : "The floor is the distance between real images and other real ones: "
                            "below it, this measure cannot separate drawn from real images. ",
          "SWD depends on the numbers of images and patches, so the value at the end of the "
          "training and that of gan eval are not comparable with this curve.")};
}

std::optional<HtmlFigure> loss_figure(const RunRecord& run) {
  const std::vector<Series> series{curve("discriminator", run.steps, &StepEvent::loss_d, kDrawn),
                                   curve("generator", run.steps, &StepEvent::loss_g, kDrawn, true)};
  if (!drawable(series[0]) || !drawable(series[1])) return std::nullopt;
  return HtmlFigure{line_chart(cat("Losses over the training: discriminator ",
                                   number_text(last_of(series[0])),
                                   ", generator ",
                                   number_text(last_of(series[1])),
                                   " at the end."),
                               kShown,
                               {cat("loss (", run.options.loss, ")")},
                               series),
                    cat("Losses, averaged since the previous point. Flat curves mean that neither "
                        "network dominates; they do not show how good the images are.",
                        thinned_text(run.steps.size()))};
}

std::optional<HtmlFigure> view_figure(const RunRecord& run) {
  const std::vector<Series> series{curve("real", run.steps, &StepEvent::d_real, kReal),
                                   curve("drawn", run.steps, &StepEvent::d_fake, kDrawn, true)};
  if (!drawable(series[0]) || !drawable(series[1])) return std::nullopt;
  const bool probability = run.options.loss == "bce";
  const auto even = run.options.loss == "hinge"                  ? std::optional(0.)
                    : probability || run.options.loss == "lsgan" ? std::optional(.5)
                                                                 : std::nullopt;
  std::vector<ReferenceLine> references;
  if (even) references.push_back({"undecided", 0, *even, series[0].x.back(), *even});
  return HtmlFigure{line_chart(cat("The discriminator's output over the training: ",
                                   number_text(last_of(series[0])),
                                   " for real and ",
                                   number_text(last_of(series[1])),
                                   " for drawn images at the end."),
                               kShown,
                               probability ? Axis{"probability of being real", 0., 1.}
                                           : Axis{"discriminator's output"},
                               series,
                               references),
                    "Mean output of the discriminator for real and for drawn images. A widening "
                    "gap means that it distinguishes them, often because it has memorised the real "
                    "ones."};
}

std::optional<HtmlFigure> variety_figure(const RunRecord& run) {
  std::vector<Series> series{curve("drawn", run.evaluations, &EvaluationEvent::msssim, kDrawn)};
  if (!drawable(series[0])) return std::nullopt;
  const Series real = curve("", run.evaluations, &EvaluationEvent::msssim_real, kReal, true);
  std::vector<ReferenceLine> references;
  add_level("real", real, series[0].x.back(), series, references);
  return HtmlFigure{
      line_chart(cat("MS-SSIM between pairs of drawn images over the training, ",
                     number_text(last_of(series[0])),
                     " at the end",
                     real.y.empty() ? "" : cat("; of real ones ", number_text(last_of(real))),
                     "."),
                 kShown,
                 {"MS-SSIM"},
                 series,
                 references),
      "Similarity between images of one set. A higher value than among real images means less "
      "variety."};
}

std::optional<HtmlFigure> memorised_figure(const RunRecord& run) {
  std::vector<Series> series{curve("drawn", run.evaluations, &EvaluationEvent::memorised, kDrawn)};
  if (!drawable(series[0])) return std::nullopt;
  const Series bound = curve("", run.evaluations, &EvaluationEvent::memorised_bound, kReal, true);
  std::vector<ReferenceLine> references;
  add_level("bound", bound, series[0].x.back(), series, references);
  return HtmlFigure{
      line_chart(
          cat("Share of drawn images nearer to a training image than 95 % of unseen ones are, ",
              number_text(last_of(series[0])),
              " at the end",
              bound.y.empty() ? "" : cat("; bound ", number_text(last_of(bound))),
              "."),
          kShown,
          {"memorised share", 0.},
          series,
          references),
      cat("Share of drawn images that are nearer to a training image than 95 % of unseen ones are: "
          "5 % is expected by chance",
          bound.y.empty() ? "." : ", and values up to the bound may be due to chance.")};
}

std::optional<HtmlFigure> strength_figure(const RunRecord& run) {
  const Series series = curve("strength", run.steps, &StepEvent::ada_p, kDrawn);
  if (!drawable(series)) return std::nullopt;
  return HtmlFigure{
      line_chart(cat("Augmentation strength over the training, ",
                     number_text(last_of(series)),
                     " at the end."),
                 kShown,
                 {"probability of each augmentation", 0.},
                 {series}),
      "Adaptive augmentation: the strength rises while the discriminator is too sure of the "
      "training images, and falls when it is not."};
}

std::optional<HtmlFigure> spectrum_figure(const RunRecord& run) {
  const auto series_of =
      [](const char* name, const Spectrum& spectrum, size_t colour, bool dashed) {
        Series out{name, {}, spectrum.log_power, colour, /*thin=*/false, dashed};
        for (const double frequency : spectrum.frequency) out.x.push_back(std::log10(frequency));
        return out;
      };
  const std::vector<Series> series{series_of("real", run.judgement.real, kReal, false),
                                   series_of("drawn", run.judgement.drawn, kDrawn, true)};
  if (!drawable(series[0])) return std::nullopt;
  const double gap = last_of(series[1]) - last_of(series[0]);
  return HtmlFigure{
      line_chart(cat("Power spectra of real and drawn images; at the finest detail the drawn ones "
                     "have ",
                     number_text(std::pow(10, gap)),
                     " times the power of the real ones."),
                 {"log10 of the frequency (cycles per pixel)"},
                 {"log10 of the power"},
                 series),
      cat("Mean power of ",
          count_text(run.judgement.spectrum_n),
          " real and as many drawn images over rings of equal spatial frequency; the finest detail "
          "is at the right, .5 cycles per pixel (\u2212.3). Below the real line detail is missing, "
          "above it there is grain or a grid that radiographs lack.")};
}

std::string page_image(const Path& png, size_t most_bytes, const std::string& alt) {
  constexpr int kLeastSide = 64;
  const cv::Mat whole = with_bits(read_whole_image(png), 8, 65535);
  cv::Mat image = whole;
  std::string bytes = encode_png(image, 9);
  while (bytes.size() > most_bytes && std::min(image.rows, image.cols) > kLeastSide) {
    // A shrunk image has more detail per pixel and so needs more bytes per pixel: factor .97.
    const double scale = std::clamp(
        .97 * std::sqrt(static_cast<double>(most_bytes) / static_cast<double>(bytes.size())),
        .3,
        .95);
    Placement placement;
    image = fit_image(whole,
                      static_cast<int>(std::lround(image.rows * scale)),
                      static_cast<int>(std::lround(image.cols * scale)),
                      Fit::stretch,
                      placement);
    bytes = encode_png(image, 9);
  }
  return png_image(bytes, alt, whole.cols, whole.rows);
}

std::vector<SampleSheet> spread_sheets(const std::vector<SampleSheet>& sheets, size_t most) {
  if (sheets.size() <= most) return sheets;
  std::vector<SampleSheet> out;
  for (size_t i = 0; i < most; ++i)
    out.push_back(sheets[(i * (sheets.size() - 1) + (most - 1) / 2) / (most - 1)]);
  return out;
}

}  // namespace evenray
