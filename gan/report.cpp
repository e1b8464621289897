// SPDX-License-Identifier: Apache-2.0
// The report of one training. Its sections answer the questions of a critical reader in this order:
// how near to real images, how the training went, how diverse, whether copied, examples, settings.
#include <algorithm>
#include <cctype>

#include "core/number.hpp"
#include "core/text.hpp"
#include "gan/gan.hpp"
#include "gan/networks.hpp"
#include "gan/report_figures.hpp"
#include "gan/run_record.hpp"

namespace evenray {
namespace {

/// Limits on the bytes of each image of the page; together at most 1.5 MB.
constexpr size_t kSmallSheet = 80'000, kLargeSheet = 260'000, kPairSheet = 380'000;
constexpr size_t kSheetsShown = 6;

std::string kimg_text(double kimg) { return cat(number_text(kimg, 4), " kimg"); }

std::string class_text(const RunRecord& run) {
  if (!run.class_known) return "";
  return run.class_name.empty() ? "all classes" : run.class_name;
}

std::string title_of(const RunRecord& run) {
  const std::string of = class_text(run);
  return cat("A generator (", run.options.family, ")", of.empty() ? "" : " of ", of);
}

std::string above_floor(double swd, double floor) {
  if (!(swd > floor))
    return cat("not above the floor of ", number_text(floor), " between real images");
  return cat(
      number_text(swd - floor), " above the floor of ", number_text(floor), " between real images");
}

bool evaluated_at_end(const RunRecord& run) {
  return std::isfinite(run.judgement.swd) && std::isfinite(run.judgement.floor);
}

/// Returns the word of the verdict, as a sentence.
std::string verdict_sentence(const RunRecord& run) {
  if (!run.judgement.verdict) return run.finished ? "No verdict. " : "";
  std::string word = run.judgement.verdict->word;
  word[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(word[0])));
  return word + ". ";
}

/// Returns the reasons of the verdict, as a sentence.
std::string verdict_reasons(const RunRecord& run) {
  if (!run.finished) return "";
  const auto& verdict = run.judgement.verdict;
  if (!verdict) return cat("There is ", no_verdict_text(), ". ");
  return verdict->reasons.empty() ? "" : cat("It is ", verdict->text(), ". ");
}

std::string answer_of(const RunRecord& run) {
  std::string text = verdict_sentence(run);
  if (!run.finished) text += cat("Not finished, at ", kimg_text(run.kimg()), ". ");
  if (!run.stopped_early.empty())
    text += cat("Ended early, at ", kimg_text(run.kimg()), ": ", run.stopped_early, ". ");
  const EvaluationEvent* best = run.best();
  if (!best) return text + "There is no evaluation yet.";
  text += cat("The best checkpoint, at ", kimg_text(best->kimg), ", draws images at an SWD of ");
  // The lowest of several evaluations is biased downwards. The evaluation at the end is not, since
  // its images did not select the checkpoint.
  const double swd = evaluated_at_end(run) ? run.judgement.swd : best->swd;
  const double floor = evaluated_at_end(run) ? run.judgement.floor : best->floor;
  text += cat(number_text(swd), " to real ones");
  return std::isfinite(floor) ? cat(text, ", ", above_floor(swd, floor), ".")
                              : text + "; there is no floor to compare this with.";
}

std::string measured_on(const RunRecord& run) {
  std::string text = verdict_reasons(run);
  if (evaluated_at_end(run)) {
    text += cat("Measured at the end on ",
                count_text(run.judgement.swd_n),
                " drawn images, which were not used to select the checkpoint, and as many training "
                "images. ");
  } else if (run.judged_images > 0) {
    text += cat("Measured during the training on ",
                count_text(run.judged_images),
                " drawn images and as many ",
                run.judged_by == "val" ? "validation images, which the generator never saw. "
                                       : "of the training images themselves. ");
  }
  if (run.images > 0) text += cat("Trained on ", count_text(run.images), " images");
  if (run.images > 0 && !class_text(run).empty()) text += cat(" of ", class_text(run));
  if (run.images > 0 && run.height > 0)
    text += cat(" at ", run.height, " \u00d7 ", run.width, " px (height \u00d7 width)");
  if (run.images > 0) text += cat(", ", kimg_text(run.kimg()), " shown. ");
  if (!run.finished && !run.steps.empty() && run.steps.back().eta_s > 0)
    text += cat("Estimated time to the end: ", duration_text(run.steps.back().eta_s), ". ");
  return text + "SWD: sliced Wasserstein distance of image patches \u00d7 1000, lower is better.";
}

void add_charts(HtmlPage& page,
                const std::string& heading,
                const std::vector<std::optional<HtmlFigure>>& charts) {
  std::vector<HtmlFigure> there;
  for (const auto& chart : charts)
    if (chart) there.push_back(*chart);
  if (there.empty()) return;
  page.section(heading);
  if (there.size() == 1) {
    page.figure(there[0].markup, there[0].caption);
  } else {
    page.figures(there);
  }
}

HtmlTable judgement_table(const JudgementRecord& record) {
  HtmlTable table;
  table.head = {"Measure", "Drawn", "Real"};
  const auto add = [&](const std::string& name, double drawn, double real) {
    if (std::isfinite(drawn)) table.rows.push_back({name, number_text(drawn), number_text(real)});
  };
  add("SWD (\u00d7 1000)", record.swd, record.floor);
  for (auto level = record.levels.rbegin(); level != record.levels.rend(); ++level) {
    const auto floor = record.floor_levels.find(level->first);
    add(cat("SWD at ", level->first, " px (short side)"),
        level->second,
        floor == record.floor_levels.end() ? NAN : floor->second);
  }
  add("MS-SSIM between images", record.msssim, record.msssim_real);
  add("Nearest ratio", record.nearest_ratio, record.nearest_ratio_real);
  add("Authentic", record.authentic, record.authentic_real);
  add("Memorised", record.memorised, .05);
  add("Near copies (images)", record.flagged, NAN);
  return table;
}

void add_judgement(HtmlPage& page, const RunRecord& run) {
  if (!run.has_judgement) return;
  HtmlTable table = judgement_table(run.judgement);
  if (table.rows.empty()) return;
  page.section("Evaluation of the best checkpoint");
  table.caption = cat("Computed from ",
                      count_text(run.judgement.n_fake),
                      " drawn and ",
                      count_text(run.judgement.n_real),
                      " real images; SWD from ",
                      count_text(run.judgement.swd_n),
                      " of each. In the rows of SWD, the column \"Real\" is the floor.");
  page.table(table);
  page.list(
      {"MS-SSIM: similarity between images of one set. A higher value than among real images means "
       "less variety.",
       "Nearest ratio: distance to the nearest real image, divided by that between real images. A "
       "value well below 1 means copying.",
       "Authentic: share of images that are not closer to their nearest real image than that real "
       "image is to its own nearest one.",
       cat("Memorised: share of images that are nearer to a training image than 95 % of images "
           "that training did not see; a share of up to ",
           number_text(run.judgement.memorised_bound),
           " may be due to chance."),
       "Near copies: images that correlate above .98 with a real image."});
  if (!run.judgement.leaks.empty())
    page.paragraph(
        cat("The augmentation may show in the drawn images: they differ from real ones "
            "as augmented ones do in ",
            join(run.judgement.leaks),
            ". Early in a training this may only mean that the generator is not good enough yet."));
}

void add_samples(HtmlPage& page, const RunRecord& run) {
  if (run.sheets.empty()) return;
  page.section("Drawn images");
  const auto shown = spread_sheets(run.sheets, kSheetsShown);
  std::vector<HtmlFigure> figures;
  for (size_t i = 0; i + 1 < shown.size(); ++i) {
    const std::string at = kimg_text(shown[i].kimg);
    figures.push_back({page_image(shown[i].path, kSmallSheet, "Images drawn at " + at), at});
  }
  if (!figures.empty()) {
    page.paragraph(
        "All sheets are drawn from the same latents, so each place shows how one image changes. "
        "The images are not selected.");
    page.figures(figures);
  }
  const std::string at = kimg_text(shown.back().kimg);
  page.figure(page_image(shown.back().path, kLargeSheet, "Images drawn at " + at),
              cat(at, run.finished ? ", at the end." : ", the newest sheet."));
}

/// Returns the sheet of the best checkpoint's evaluation; if it is missing, the nearest one in
/// kimg.
const SampleSheet* best_sheet(const RunRecord& run) {
  const EvaluationEvent* best = run.best();
  if (!best || run.sheets.empty()) return nullptr;
  return &*std::min_element(
      run.sheets.begin(), run.sheets.end(), [&](const SampleSheet& a, const SampleSheet& b) {
        return std::abs(a.kimg - best->kimg) < std::abs(b.kimg - best->kimg);
      });
}

void add_comparison(HtmlPage& page, const RunRecord& run) {
  const Path real = run.folder / "samples" / "real.png",
             nearest = run.folder / "samples" / "nearest.png";
  const SampleSheet* best = best_sheet(run);
  if (best && std::filesystem::exists(real)) {
    page.section("Real and drawn images");
    page.figures({{page_image(real, kLargeSheet, "Real images"), "Real images, not selected."},
                  {page_image(best->path, kLargeSheet, "Images drawn by the best checkpoint"),
                   cat("Drawn at ",
                       kimg_text(best->kimg),
                       ", by the checkpoint that is kept; not selected.")}});
  }
  if (!std::filesystem::exists(nearest)) return;
  page.section("Nearest real images");
  page.figure(
      page_image(nearest, kPairSheet, "Drawn images beside their nearest real ones"),
      "Pairs of a drawn image and, to its right, the real image that is most similar to it, with "
      "their correlation. These are the most similar pairs of all drawn images, in descending "
      "order.");
}

void add_stages(HtmlPage& page, const RunRecord& run) {
  const auto stages = run.stages();
  if (stages.empty()) return;
  page.section("Stages");
  HtmlTable table;
  table.caption = "Size: height \u00d7 width.";
  table.head = {"Size (px)", "Mode", "From (kimg)", "Length (kimg)", "Minibatch"};
  table.numeric = {false, false, true, true, true};
  const SizePlan size = plan_size(run.height, run.width);
  for (const Stage& stage : stages) {
    table.rows.push_back(
        {cat(size.base_height << stage.level, "\u00a0\u00d7\u00a0", size.base_width << stage.level),
         stage.fades ? "fade" : "stabilise",
         number_text(static_cast<double>(stage.first_image) / 1000, 4),
         number_text(static_cast<double>(stage.steps * stage.minibatch) / 1000, 4),
         count_text(stage.minibatch)});
  }
  page.table(table);
}

void add_retries(HtmlPage& page, const RunRecord& run) {
  if (run.retries.empty()) return;
  page.section("Retries");
  page.paragraph("The training diverged and returned to a checkpoint:");
  std::vector<std::string> lines;
  for (const auto& retry : run.retries)
    lines.push_back(cat("at ", kimg_text(retry.kimg), " (step ", count_text(retry.step), ")"));
  page.list(lines);
}

/// Returns the evaluations as CSV, with the columns that have any value.
std::string evaluations_text(const RunRecord& run) {
  struct Column {
    const char* name;
    double EvaluationEvent::*value;
  };
  std::vector<Column> columns;
  for (const Column& column : {Column{"kimg", &EvaluationEvent::kimg},
                               {"swd", &EvaluationEvent::swd},
                               {"floor", &EvaluationEvent::floor},
                               {"msssim", &EvaluationEvent::msssim},
                               {"msssim_real", &EvaluationEvent::msssim_real},
                               {"memorised", &EvaluationEvent::memorised},
                               {"memorised_bound", &EvaluationEvent::memorised_bound}}) {
    const bool there =
        std::any_of(run.evaluations.begin(), run.evaluations.end(), [&](const auto& event) {
          return std::isfinite(event.*column.value);
        });
    if (there) columns.push_back(column);
  }
  std::vector<std::string> cells;
  for (const auto& column : columns) cells.push_back(column.name);
  std::string text = join(cells, ",") + "\n";
  for (const auto& event : run.evaluations) {
    cells.clear();
    for (const auto& column : columns) cells.push_back(fixed(event.*column.value, 4));
    text += join(cells, ",") + "\n";
  }
  return text;
}

}  // namespace

std::string gan_report_html(const Path& folder) {
  const RunRecord run = read_run(folder);
  HtmlPage page(title_of(run), answer_of(run), measured_on(run));
  if (const auto swd = swd_figure(run)) page.figure(swd->markup, swd->caption);
  add_charts(page, "How the training went", {loss_figure(run), view_figure(run)});
  add_charts(page, "Variety and copies", {variety_figure(run), memorised_figure(run)});
  add_charts(page, "Augmentation", {strength_figure(run)});
  add_judgement(page, run);
  add_samples(page, run);
  add_comparison(page, run);
  add_charts(page, "Fine detail", {spectrum_figure(run)});
  add_stages(page, run);
  add_retries(page, run);
  page.section("Settings and figures");
  if (!run.evaluations.empty()) page.details("All evaluations (CSV)", evaluations_text(run));
  page.details("All settings (config.toml)", run.config_text);
  return page.text();
}

}  // namespace evenray
