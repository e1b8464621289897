// SPDX-License-Identifier: Apache-2.0
// `detect metrics`.
#include "app/command.hpp"
#include "core/error.hpp"
#include "core/text.hpp"
#include "metrics/detection/comparison.hpp"

namespace evenray {
namespace {

struct DetectMetricsFlags {
  std::string truth, found, group_by, style = "coco", hit = "centre", iou_type = "bbox";
  std::vector<std::string> compare;
  CocoFields fields;
  double overlap = .5;
};

HitRule parse_hit(const std::string& text) {
  if (text == "centre") return {};
  constexpr std::string_view kOverlap = "overlap:";
  double least = 0;
  check(text.starts_with(kOverlap) && parse_double(text.substr(kOverlap.size()), least) &&
            least > 0 && least <= 1,
        Exit::usage,
        cat("--hit takes centre, or overlap:T with T above 0 and at most 1, not '", text, "'"));
  return {least};
}

int score_files(const Cli& cli, DetectMetricsFlags flags) {
  const Config config = cli.load();
  const int threads = config.runtime.thread_count();
  const DetectionOptions options{ap_style(flags.style), flags.overlap, parse_hit(flags.hit)};
  check(flags.overlap > 0 && flags.overlap <= 1,
        Exit::usage,
        "--overlap must be above 0 and at most 1");
  flags.fields.masks = flags.iou_type == "segm";
  const Json truth = read_json(flags.truth);
  const auto read = [&](const std::string& found) {
    return coco_boxes(truth, flags.truth, found, flags.group_by, threads, flags.fields);
  };
  std::vector<NamedBoxes> detectors{{flags.found, read(flags.found)}};
  Json out = detection_metrics(detectors[0].boxes, detection_resampling(config), options);
  std::string text = detection_text(out);
  if (!flags.compare.empty()) {
    for (const auto& file : flags.compare) detectors.push_back({file, read(file)});
    out["comparison"] = compare_detections(detectors, detection_resampling(config), options);
    text += "\n" + detection_comparison_text(out["comparison"]);
  }
  print_result(cli, out, text);
  return 0;
}

}  // namespace

Resampling detection_resampling(const Config& config) {
  return {.draws = config.detect.bootstrap,
          .seed = static_cast<uint64_t>(config.runtime.seed),
          .threads = config.runtime.thread_count()};
}

void add_detect_metrics_command(CLI::App& detect, Cli& cli) {
  auto flags = std::make_shared<DetectMetricsFlags>();
  auto* command = add_command(&detect,
                              cli,
                              "metrics",
                              "compute the metrics of found boxes in COCO's form",
                              {.config = true, .seed = true, .threads = true, .json = true},
                              [&cli, flags] { return score_files(cli, *flags); });
  command->add_option("--gt", flags->truth, "COCO file of the true boxes")->required();
  command->add_option("--dt", flags->found, "COCO file of the found boxes")->required();
  command
      ->add_option("--compare",
                   flags->compare,
                   "further COCO files of found boxes; adds paired differences from --dt")
      ->allow_extra_args(false);
  command->add_option("--group-by",
                      flags->group_by,
                      "field of the images that names the patient (default: each image is a "
                      "group)");
  command->add_option("--fold-by",
                      flags->fields.fold_by,
                      "field of the images that names the fold in which they were tested: values "
                      "are computed in each fold and averaged");
  command
      ->add_option("--by",
                   flags->fields.columns,
                   "also give values of the images with each value of this field; may be repeated")
      ->allow_extra_args(false);
  command
      ->add_option("--style", flags->style, "definition of average precision: coco, voc07 or voc12")
      ->check(CLI::IsMember({"coco", "voc07", "voc12"}))
      ->capture_default_str();
  command
      ->add_option("--overlap",
                   flags->overlap,
                   "intersection over union of the styles voc07 and voc12 and of recalls")
      ->capture_default_str();
  command
      ->add_option("--hit",
                   flags->hit,
                   "which boxes FROC takes as hits: centre (their centre is in a true box), or "
                   "overlap:T")
      ->capture_default_str();
  command->add_option("--iou-type", flags->iou_type, "what overlaps: bbox, or segm (masks)")
      ->check(CLI::IsMember({"bbox", "segm"}))
      ->capture_default_str();
}

}  // namespace evenray
