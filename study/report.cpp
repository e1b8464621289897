// SPDX-License-Identifier: Apache-2.0
// The report. Its sections answer the questions of a critical reader in this order: what was found,
// how certain it is, on how many images, against which baselines, with which generators, what the
// audit found, and with which settings.
#include "study/report.hpp"

#include <torch/version.h>

#include <algorithm>
#include <cmath>
#include <opencv2/core/version.hpp>

#include "core/number.hpp"
#include "core/text.hpp"
#include "core/version.hpp"
#include "study/report_arms.hpp"
#include "study/report_figures.hpp"
#include "study/report_tables.hpp"
#include "study/report_value.hpp"
#include "study/report_writer.hpp"

namespace evenray {
namespace {

std::string box_text(const StudyResult& result) {
  const double side = result.data.median_box_side_px;
  if (!(side > 0)) return "";
  const std::string text =
      cat("The median side of a marked box is ", plain_number(side), " px at the working size");
  if (side >= kLeastBoxPx) return text + ".";
  return cat(text,
             ", below ",
             kLeastBoxPx,
             ": such a run only tests the software, it has no medical meaning.");
}

ReportHead head_of(const StudyResult& result) {
  const std::string rare = result.rare_class;
  std::string measured = cat(result.data.source,
                             ": ",
                             plain_count(result.data.images),
                             " images, at ",
                             plain_count(result.data.height_px),
                             " \u00d7 ",
                             plain_count(result.data.width_px),
                             " px (height \u00d7 width). Measured on ",
                             plain_count(result.comparison.test_images),
                             " test images in ",
                             plain_count(result.comparison.groups),
                             " groups, ",
                             plain_count(result.comparison.test_positives),
                             " of them ",
                             rare,
                             "; ",
                             counted(result.seeds, "seed"),
                             ", ",
                             result.folds > 0 ? counted(result.folds, "fold") : "one split",
                             ". ",
                             result.data.grouping.empty() ? "" : "Groups: ",
                             result.data.grouping,
                             result.data.grouping.empty() ? "" : ". ",
                             box_text(result));
  if (const std::string& caution = result.comparison.caution; !caution.empty())
    measured += cat(" Caution: the test part has ", caution, ".");
  const auto [first, second] = parse_contrast(result.contrast);
  return {cat("Is a ",
              result.detects() ? "detector" : "classifier",
              " for ",
              rare,
              " better with ",
              first,
              " than with ",
              second,
              "?"),
          answer_text(result),
          measured};
}

void write_differences(ReportWriter& out, const StudyResult& result) {
  if (result.comparison.differences.empty()) return;
  out.section("Uncertainty");
  const double detectable = result.comparison.detectable;
  if (detectable > 0) {
    out.paragraph(
        cat("With this spread between test images",
            result.seeds > 1 ? " and seeds" : "",
            ", a true difference of ",
            plain_number(rounded_up(detectable)),
            " ",
            result.comparison.lead(),
            " between the two arms named beforehand would be found with a probability of 80 %."));
  }
  if (result.seeds == 1) {
    out.paragraph(
        "There is one seed: the intervals contain the variation between test images, but not the "
        "variation between trainings, which may be as large.");
  } else {
    out.paragraph(
        "The seeds repeat everything that is random in training, but all use the same split of the "
        "images. Another split may give another answer.");
  }
  out.table(differences_table(result));
}

void write_counts(ReportWriter& out, const StudyResult& result) {
  out.section("Numbers of images");
  out.table(parts_table(result));
  const HtmlTable training = training_table(result);
  if (!training.rows.empty()) out.table(training);
  std::vector<std::string> rejected;
  for (const auto& balance : result.balances) {
    for (const auto& [gate, reasons] : balance.rejected)
      for (const auto& [reason, count] : reasons)
        rejected.push_back(cat(balance.arm,
                               ": ",
                               counted(std::llround(count), "image"),
                               ", ",
                               gate,
                               " (",
                               reason,
                               ")"));
    for (const auto& [name, count] : balance.missing)
      rejected.push_back(cat(balance.arm,
                             ": ",
                             counted(std::llround(count), "row"),
                             " of ",
                             name,
                             " could not be filled"));
  }
  if (rejected.empty()) return;
  out.paragraph(
      "Images that were drawn but rejected, in the first seed and fold. Others replaced them "
      "unless stated otherwise:");
  out.list(rejected);
}

void write_baselines(ReportWriter& out, const StudyResult& result) {
  out.section("Other ways to predict the class");
  const auto& folds = result.data.folds;
  if (folds.empty() || !folds[0].baseline) {
    out.paragraph(
        "The source has no table with further columns, so there is no baseline from them.");
  } else {
    out.paragraph(cat("A logistic regression on the table's columns (",
                      join(folds[0].baseline->columns),
                      ") does not see the images. An arm that is not clearly better may have "
                      "learned nothing that these columns do not already contain."));
  }
  if (!result.generators.empty()) {
    out.paragraph(
        "The origin AUROC is that of a small network that separates synthetic from real training "
        "images of one class, on images that it was not trained with: .5 means that it finds no "
        "difference. The higher the value, the more easily a classifier can learn \"synthetic\" "
        "instead of the class.");
  }
  out.table(baselines_table(result));
  if (result.data.shortcuts.empty()) return;
  out.paragraph("Shortcuts that the audit found in this set:");
  out.list(result.data.shortcuts);
}

void write_curves(ReportWriter& out, const std::vector<HtmlFigure>& curves, bool detects) {
  if (curves.empty()) return;
  out.section("Curves");
  out.charts(curves);
  out.paragraph(detects ? "All points can be computed from cells/*/gt.json and detections.json."
                        : "All points can be computed from cells/*/predictions.csv.");
}

/// Returns the first generator of each class and variant: its first seed and fold.
std::vector<GeneratorCell> shown_generators(const StudyResult& result) {
  std::vector<GeneratorCell> out;
  for (const auto& generator : result.generators) {
    const GeneratorCell cell = cell_of(generator);
    const bool known = std::any_of(out.begin(), out.end(), [&](const GeneratorCell& other) {
      return other.class_name == cell.class_name && other.variant == cell.variant;
    });
    if (!known) out.push_back(cell);
  }
  return out;
}

void write_generators(ReportWriter& out, const StudyFolder& folder, const StudyResult& result) {
  if (result.generators.empty()) return;
  out.section("The generators");
  for (const auto& cell : shown_generators(result)) {
    const std::string at = "generators/" + cell.id() + "/";
    out.image(at + "samples.png",
              cat("Real and synthetic images of ", cell.class_name),
              cat(cell.class_name,
                  ", seed ",
                  cell.seed,
                  ": real training images, then synthetic ones; none of them is selected."));
    out.image(at + "nearest.png",
              cat("Synthetic images of ", cell.class_name, " beside their nearest training images"),
              cat(cell.class_name,
                  ", seed ",
                  cell.seed,
                  ": the synthetic images that are most similar to a training image, each beside "
                  "that image, with their correlation."));
  }
  out.table(generators_table(result));
  out.list({
      "Verdict: usable, weak or not usable yet, from SWD, MS-SSIM and the memorised share. The "
      "study "
      "uses all generators whatever their verdict. The origin AUROC does not decide it.",
      "SWD: sliced Wasserstein distance \u00d7 1000 to the same number of real images (at most "
      "half of them). Its floor is the distance between as many real images and as many other "
      "real ones.",
      "MS-SSIM: similarity between images of one set. A higher value than among real images means "
      "less variety.",
      "Nearest ratio: distance to the nearest training image, divided by that between training "
      "images. A value well below 1 means copying.",
      "Authentic: share of images that are not closer to their nearest training image than that "
      "training image is to its own nearest one.",
      "Near copies: images that correlate above .98 with a training image.",
  });
  out.charts(generator_figures(folder, result));
}

void write_audit(ReportWriter& out, const StudyResult& result) {
  out.section("What the audit found");
  const HtmlTable findings = findings_table(result);
  if (findings.rows.empty()) {
    out.paragraph("No findings.");
  } else {
    out.table(findings);
    out.paragraph(
        "\"Findings\" counts files or groups of files, \"Left out\" counts rows. data/audit.json "
        "lists all of them.");
  }
}

void write_labels(ReportWriter& out, const StudyResult& result) {
  if (result.label_arm.empty()) return;
  out.section("Labels that may be wrong");
  out.paragraph(cat(
      "Each label was compared with the test predictions of the arm ",
      result.label_arm,
      ", whose classifiers did not see the image (confident learning; AUROC ",
      rate_text(result.label_auroc),
      "). ",
      counted(result.label_suspects, "label"),
      " of ",
      plain_count(static_cast<double>(result.label_images)),
      result.label_suspects == 1 ? " is" : " are",
      " suspect. Look at the image before you change a label: the classifier may be wrong, and the "
      "weaker it is, the more often. Nothing was left out because of this. label_suspects.csv "
      "lists all, the most suspect first. `evenray data audit IMAGES --study FOLDER` shows them "
      "among the findings of the collection."));
  out.image("label_suspects.png",
            "The images whose labels are most suspect",
            "The most suspect images, with their boxes, labels and scores.");
}

void write_failures(ReportWriter& out, const StudyResult& result) {
  if (result.failed.empty()) return;
  out.section("What failed");
  std::vector<std::string> lines;
  for (const auto& failure : result.failed) lines.push_back(cat(failure.id, ": ", failure.message));
  out.paragraph(cat("An arm with a missing cell is not compared. ",
                    result.retry_helps()
                        ? "Run the same command again to retry these:"
                        : "The same command would fail in the same way; change what these messages "
                          "name, and use another folder:"));
  out.list(lines);
}

void write_warnings(ReportWriter& out, const StudyResult& result) {
  if (result.warnings.empty()) return;
  out.section("What was known before the study began");
  out.list(result.warnings);
}

void write_settings(ReportWriter& out, const StudyResult& result, const std::string& config_text) {
  out.section("Settings");
  const std::string licence = result.data.licence;
  out.list(
      {cat("evenray ",
           kVersion,
           ", LibTorch ",
           TORCH_VERSION_MAJOR,
           ".",
           TORCH_VERSION_MINOR,
           ".",
           TORCH_VERSION_PATCH,
           ", OpenCV ",
           CV_VERSION),
       named_text(result),
       cat("Digest of the images trained and tested with: ",
           result.data.folds.empty() ? "" : result.data.folds[0].store.substr(0, 16)),
       cat("Licence of the images: ", licence.empty() ? "not stated by their source" : licence)});
  out.paragraph(cat("Computed on ",
                    result.device,
                    " in ",
                    result.precision,
                    " with ",
                    counted(result.threads, "thread"),
                    ". In the settings below, loss_weights, sampling and balance.sources are not "
                    "used, because each arm decides them; nor is [",
                    result.detects() ? "classify" : "detect",
                    "]."));
  out.details("All settings (config.toml)", config_text);
}

/// Writes all sections and returns the text of the report.
std::string write_sections(ReportWriter& out,
                           const StudyFolder& folder,
                           const StudyResult& result,
                           const std::string& config_text) {
  out.charts(difference_figures(result));
  write_arms(out, result);
  write_differences(out, result);
  write_counts(out, result);
  write_baselines(out, result);
  if (out.draws()) write_curves(out, curve_figures(folder, result), result.detects());
  write_generators(out, folder, result);
  write_audit(out, result);
  write_labels(out, result);
  write_warnings(out, result);
  write_failures(out, result);
  write_settings(out, result, config_text);
  return out.text();
}

}  // namespace

std::string report_html(const StudyFolder& folder,
                        const StudyResult& result,
                        const std::string& config_text) {
  HtmlReport out(head_of(result), folder.root);
  return write_sections(out, folder, result, config_text);
}

std::string report_markdown(const StudyFolder& folder,
                            const StudyResult& result,
                            const std::string& config_text) {
  MarkdownReport out(head_of(result), folder.root);
  return write_sections(out, folder, result, config_text);
}

}  // namespace evenray
