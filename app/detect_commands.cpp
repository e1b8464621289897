// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <optional>

#include "app/command.hpp"
#include "app/hit_sheet.hpp"
#include "app/image_input.hpp"
#include "app/training.hpp"
#include "core/error.hpp"
#include "core/text.hpp"
#include "dataset/image/sheet.hpp"
#include "detector/detector.hpp"
#include "metrics/detection/coco_writer.hpp"
#include "metrics/detection/panel.hpp"
#include "metrics/text.hpp"

namespace evenray {
namespace {

struct DetectFlags {
  TrainingFlags training;
  std::string model, store, part = "test", out;
  std::optional<double> least_score;
  std::vector<std::string> with;
  std::string sheet;
  int64_t shown = 24;
  bool flip = false;
};

int train(const Cli& cli, const DetectFlags& flags) {
  Config config = cli.load();
  const Store store(flags.training.store);
  check_weights(config.detect);
  const Training training{"detect",
                          config.detect.arch,
                          config.detect.steps,
                          timed_detector(config.detect, store.info().height, store.info().width),
                          [&config](Fields& f) { f.section("detect", config.detect); }};
  if (cli.dry_run) {
    const auto& known = store.part("train").boxes_known;
    print_plan(cli, config, store, std::count(known.begin(), known.end(), 1), training);
    return 0;
  }
  RunFolder run = open_run(config, flags.training, training);
  train_detector(store, config.detect, config.runtime, run);
  const Json metrics = read_json(run.path() / "metrics.json");
  print_result(cli,
               metrics,
               cat("validation AP50 ",
                   metrics["best_val_ap50"].is_null() ? "-" : fixed(metrics["best_val_ap50"], 3),
                   " at step ",
                   metrics["best_step"].dump(),
                   ": ",
                   flags.training.out,
                   "\n"));
  return 0;
}

int evaluate(const Cli& cli, const DetectFlags& flags) {
  const Config config = cli.load();
  check(!flags.out.empty() || flags.with.empty(),
        Exit::usage,
        "the boxes of several detectors have no folder: give --out");
  const Path out = evaluation_folder(flags.out, flags.model, flags.part);
  const Compute compute = make_compute(config.runtime);
  Detector detector(flags.model, compute, flags.least_score);
  for (const auto& model : flags.with) detector.add(Detector(model, compute, flags.least_score));
  if (flags.flip) detector.use_mirror_images();
  detector.use_masks();
  const CocoBoxes boxes = detector.find(Store(flags.store), flags.part);
  write_coco_boxes(boxes, out / "gt.json", out / "detections.json");
  Json found = detection_metrics(boxes_only(boxes), detection_resampling(config));
  std::string text = detection_text(found);
  if (boxes.masks) {
    found["masks"] = detection_metrics(masks_only(boxes), detection_resampling(config));
    text += "\n" + detection_text(found["masks"]);
  }
  write_json(out / "metrics.json", found);
  if (!flags.sheet.empty())
    write_atomic(
        flags.sheet,
        encode_png(draw_sheet(hit_items(boxes, Store(flags.store), flags.part, flags.shown),
                              {.cell_px = 192, .columns = 6, .boxes = true})));
  print_result(cli, found, text + "written to " + out.string() + "\n");
  return 0;
}

int pack(const Cli& cli, const DetectFlags& flags) {
  const Compute compute = make_compute(cli.load().runtime);
  const Store store(flags.store);
  pack_detector(flags.model, store, fit_of(store), compute, flags.out);
  const Detector packed(flags.out, compute);
  const auto shown = packed.shown_score();
  const Json size{packed.height(), packed.width()};
  print_result(cli,
               {{"schema", "evenray-detect-pack-model-1"},
                {"arch", packed.arch()},
                {"classes", packed.class_names()},
                {"size_px", size},
                {"shown_score", shown ? Json(*shown) : Json()},
                {"file", flags.out},
                {"bytes", std::filesystem::file_size(flags.out)}},
               cat(flags.out,
                   ": ",
                   packed.arch(),
                   ", ",
                   join(packed.class_names()),
                   ", ",
                   packed.height(),
                   "x",
                   packed.width(),
                   " px",
                   shown ? cat(", boxes are shown from a score of ", fixed(*shown, 3), " on") : "",
                   "\n"));
  return 0;
}

}  // namespace

void add_detect_commands(CLI::App& app, Cli& cli) {
  auto flags = std::make_shared<DetectFlags>();
  CLI::App* detect = app.add_subcommand("detect", "train and evaluate detectors");
  detect->require_subcommand(1);
  Takes training = kTraining;
  training.short_spins = false;
  auto* train_cli = add_command(
      detect, cli, "train", "train a detector on the boxes of a store", training, [&cli, flags] {
        return train(cli, *flags);
      });
  add_training_flags(*train_cli, flags->training);

  const Takes predicting{.config = true, .threads = true, .device = true, .json = true};
  Takes evaluating = predicting;
  evaluating.seed = true;
  auto* eval_cli =
      add_command(detect,
                  cli,
                  "eval",
                  "evaluate on a part of a store; writes metrics.json, gt.json and detections.json",
                  evaluating,
                  [&cli, flags] { return evaluate(cli, *flags); });
  eval_cli->add_option("--data", flags->store, "store")->required();
  eval_cli->add_option("--part", flags->part, "part to evaluate on: train, val or test")
      ->capture_default_str();
  eval_cli->add_option(
      "--out", flags->out, "output folder (default: MODEL/eval-PART; --with needs it)");
  eval_cli
      ->add_option("--least-score",
                   flags->least_score,
                   "boxes with a lower score are not found (default: detect.least_score of the "
                   "training)")
      ->check(CLI::Range(0., 1.));
  eval_cli->add_option(
      "--sheet", flags->sheet, "PNG file for images with boxes that were missed, wrong or hit");
  eval_cli->add_option("--shown", flags->shown, "images on the sheet")
      ->check(at_least(3))
      ->capture_default_str();
  eval_cli->add_option("MODEL", flags->model, "run folder, checkpoint or packed model")->required();

  eval_cli->add_flag("--flip", flags->flip, kFlip);
  eval_cli->add_option("--with", flags->with, kWith)->allow_extra_args(false);
  add_detect_predict_command(*detect, cli);

  auto* pack_cli = add_command(detect,
                               cli,
                               "pack-model",
                               "write one file with all that finding boxes needs",
                               predicting,
                               [&cli, flags] { return pack(cli, *flags); });
  pack_cli->add_option("MODEL", flags->model, "run folder")->required();
  pack_cli->add_option("--data", flags->store, "store that it was trained on")->required();
  pack_cli->add_option("--out", flags->out, "safetensors file")->required();

  add_fuse_command(*detect, cli);
  add_detect_metrics_command(*detect, cli);
}

}  // namespace evenray
