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
  std::string model, store, part = "test", out, draw, fit;
  std::vector<std::string> files;
  std::optional<double> least_score;
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
  check(std::count(kParts.begin(), kParts.end(), flags.part) > 0,
        Exit::usage,
        unknown_name("part", flags.part, {"train", "val", "test"}));
  check(!flags.out.empty() || !std::filesystem::is_regular_file(flags.model),
        Exit::usage,
        "MODEL is a file, not a run folder: give --out");
  const Path out =
      !flags.out.empty() ? Path(flags.out) : Path(flags.model) / ("eval-" + flags.part);
  Detector detector(flags.model, make_compute(config.runtime), flags.least_score);
  if (flags.flip) detector.use_mirror_images();
  const CocoBoxes boxes = detector.find(Store(flags.store), flags.part);
  write_coco_boxes(boxes, out / "gt.json", out / "detections.json");
  const Json found = detection_metrics(boxes, detection_resampling(config));
  write_json(out / "metrics.json", found);
  if (!flags.sheet.empty())
    write_atomic(
        flags.sheet,
        encode_png(draw_sheet(hit_items(boxes, Store(flags.store), flags.part, flags.shown),
                              {.cell_px = 192, .columns = 6, .boxes = true})));
  print_result(cli, found, detection_text(found) + "written to " + out.string() + "\n");
  return 0;
}

/// Converts a box from network pixels to those of the image file, and clips it to the file.
PixelBox in_file(const PixelBox& box, const Placement& place, cv::Size size) {
  const auto x = [&](double v) {
    return std::clamp<double>((v - place.offset_x) / place.scale_x, 0, size.width);
  };
  const auto y = [&](double v) {
    return std::clamp<double>((v - place.offset_y) / place.scale_y, 0, size.height);
  };
  const double x0 = x(box.x), y0 = y(box.y);
  return {x0, y0, x(box.x + box.width) - x0, y(box.y + box.height) - y0};
}

/// Writes a picture of an image with the boxes in it.
void draw_boxes(const cv::Mat& image,
                const std::vector<FoundBox>& found,
                const std::vector<std::string>& names,
                const Path& file) {
  SheetItem item{in_one_window({image})[0], "", {}};
  for (const auto& one : found) {
    const PixelBox& box = one.box;
    item.boxes.push_back({static_cast<float>(box.x),
                          static_cast<float>(box.y),
                          static_cast<float>(box.x + box.width),
                          static_cast<float>(box.y + box.height),
                          one.class_index,
                          {}});
    item.caption += cat(item.caption.empty() ? "" : "\n",
                        item.boxes.size(),
                        " ",
                        names[static_cast<size_t>(one.class_index)],
                        " ",
                        fixed(one.score, 2));
  }
  write_atomic(file,
               encode_png(draw_sheet({item},
                                     {.cell_px = std::max(image.rows, image.cols),
                                      .columns = 1,
                                      .boxes = true,
                                      .numbers = true})));
}

/// Returns the detector with the least score of the boxes that are shown: of the command line, else
/// of a packed model.
Detector shown_detector(const Cli& cli, const DetectFlags& flags) {
  constexpr double kShown = .1;
  const Compute compute = make_compute(cli.load().runtime);
  if (flags.least_score) return Detector(flags.model, compute, flags.least_score);
  const auto shown = Detector(flags.model, compute).shown_score();
  return Detector(flags.model, compute, shown.value_or(kShown));
}

int predict(const Cli& cli, const DetectFlags& flags) {
  Detector detector = shown_detector(cli, flags);
  if (flags.flip) detector.use_mirror_images();
  const std::string fit = !flags.fit.empty()        ? flags.fit
                          : !detector.fit().empty() ? detector.fit()
                                                    : "pad";
  const NamedImages input = read_images(flags.files,
                                        flags.part,
                                        {.height = detector.height(),
                                         .width = detector.width(),
                                         .bits = detector.bits(),
                                         .fit = fit});
  const auto& names = detector.class_names();
  Json images = Json::array(), categories = Json::array(), detections = Json::array();
  for (size_t c = 0; c < names.size(); ++c)
    categories.push_back({{"id", c + 1}, {"name", names[c]}});
  std::vector<std::vector<std::string>> table{
      {"file", "class", "score", "x", "y", "width", "height"}};
  const auto found = detector.find(input.images);
  for (size_t i = 0; i < found.size(); ++i) {
    images.push_back({{"id", i + 1},
                      {"file_name", input.names[i]},
                      {"width", input.sizes[i].width},
                      {"height", input.sizes[i].height}});
    std::vector<FoundBox> shown;
    for (const auto& one : found[i]) {
      const PixelBox box = in_file(one.box, input.placements[i], input.sizes[i]);
      // A box may lie outside the image, in what `pad` added.
      if (box.width <= 0 || box.height <= 0) continue;
      shown.push_back(one);
      const auto& name = names[static_cast<size_t>(one.class_index)];
      detections.push_back({{"image_id", i + 1},
                            {"category_id", one.class_index + 1},
                            {"bbox", {box.x, box.y, box.width, box.height}},
                            {"score", one.score}});
      table.push_back({input.names[i],
                       name,
                       fixed(one.score, 3),
                       fixed(box.x, 0),
                       fixed(box.y, 0),
                       fixed(box.width, 0),
                       fixed(box.height, 0)});
    }
    if (shown.empty()) table.push_back({input.names[i], "-", "", "", "", "", ""});
    if (flags.draw.empty()) continue;
    // Files of several folders may have one name.
    const std::string name =
        cat(Path(input.names[i]).stem().string(), found.size() > 1 ? cat("-", i) : "", ".png");
    draw_boxes(input.images[i], shown, names, Path(flags.draw) / name);
  }
  const Json out{{"schema", "evenray-detect-predict-1"},
                 {"images", images},
                 {"categories", categories},
                 {"detections", detections}};
  if (!flags.out.empty()) write_json(flags.out, detections);
  print_result(cli, out, aligned_table(table));
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
  eval_cli->add_option("--out", flags->out, "output folder (default: MODEL/eval-PART)");
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
  eval_cli->add_option("MODEL", flags->model, "run folder or checkpoint")->required();

  auto* predict_cli =
      add_command(detect, cli, "predict", "find boxes in image files", predicting, [&cli, flags] {
        return predict(cli, *flags);
      });
  predict_cli->add_option("MODEL", flags->model, "run folder or checkpoint")->required();
  predict_cli
      ->add_option(
          "FILES", flags->files, "PNG, JPEG, TIFF or DICOM files, folders of them, or one store")
      ->required();
  predict_cli->add_option(
      "--fit",
      flags->fit,
      "pad, stretch or crop; the --fit that the store was packed with (default: as a packed "
      "model says, else pad)");
  predict_cli->add_option("--part", flags->part, "part of a store: train, val or test")
      ->capture_default_str();
  predict_cli
      ->add_option("--least-score",
                   flags->least_score,
                   "boxes with a lower score are left out (default: where a packed model has one "
                   "wrong box per image of validation, else .1)")
      ->check(CLI::Range(0., 1.));
  predict_cli->add_option("--draw", flags->draw, "folder for pictures with the boxes in them");
  predict_cli->add_option("--out", flags->out, "JSON file for the boxes, as COCO's detections");

  for (CLI::App* command : {eval_cli, predict_cli})
    command->add_flag("--flip",
                      flags->flip,
                      "also seek boxes in the mirror images and fuse both (twice as slow)");

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
