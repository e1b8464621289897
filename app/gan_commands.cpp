// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdio>
#include <functional>
#include <iostream>

#include "app/command.hpp"
#include "core/error.hpp"
#include "core/log.hpp"
#include "core/output_folder.hpp"
#include "core/progress.hpp"
#include "core/text.hpp"
#include "dataset/image/image.hpp"
#include "dataset/image/sheet.hpp"
#include "dataset/store/datasheet.hpp"
#include "dataset/store/store.hpp"
#include "gan/gan.hpp"
#include "nn/training.hpp"

namespace evenray {
namespace {

struct GanFlags {
  std::string store, class_name, out, model;
  bool resume = false, conditional = false;
  int64_t n = 64, interpolate = 0;
  double truncation = 0;
};

/// Images per row of an interpolation sheet.
constexpr int64_t kInterpolated = 8;
constexpr int64_t kMaxOnSheet = 1024;

/// Returns the settings of the run. If the preset depends on the store, this function plans them
/// from the store; values that the user set override the plan. Throws 2 or 78 for wrong settings.
Config training_config(const Cli& cli, const GanFlags& flags, const Store& store) {
  const Settings settings = cli.settings();
  const auto with_labels = [&](Config config) {
    if (flags.conditional && config.gan.conditioning == "none")
      config.gan.conditioning = config.gan.usual_conditioning();
    check(
        flags.class_name.empty() || config.gan.conditioning == "none",
        Exit::usage,
        "--class and --conditional exclude each other: train on one class, or with labels of all");
    from_flag([&] { config.gan.check(); });
    return config;
  };
  const Config config = with_labels(settings.load());
  if (!depends_on_store(config.gan)) return config;
  GanSituation situation = gan_situation(store, flags.class_name, config.gan, config.runtime);
  const auto plan = [&] {
    Config base = config;
    base.gan = plan_gan_options(config.gan, situation);
    return std::pair{base.gan.transfer.from, with_labels(settings.load(base))};
  };
  auto [transfer, planned] = plan();
  if (planned.gan.transfer.from != transfer) {
    // The user set gan.transfer.from, so plan again without relying on the planned transfer.
    situation.largest_other = 0;
    planned = plan().second;
  }
  planned.gan.check_transfer();
  return planned;
}

std::string stages_text(const Json& plan) {
  std::string text;
  for (const auto& stage : plan["stages"])
    text += cat("  ",
                stage["size_px"][0].dump(),
                "x",
                stage["size_px"][1].dump(),
                stage["fades"] ? " faded in, " : " stabilised, ",
                stage["kimg"].dump(),
                " kimg, minibatch ",
                stage["minibatch"].dump(),
                "\n");
  return text;
}

/// Returns the settings that a preset chose, for the printed plan.
Json settings_json(const GanOptions& options) {
  Json out{{"preset", options.preset},
           {"loss", options.loss},
           {"augment", options.augment},
           {"latent", options.latent}};
  if (options.family == "pggan") {
    out.update(Json{{"fmap_base", options.pggan.fmap_base}, {"fmap_max", options.pggan.fmap_max}});
  } else {
    out.update(Json{{"ngf", options.dcgan.ngf}, {"ndf", options.dcgan.ndf}});
  }
  if (options.transfer.from != "none")
    out.update(Json{{"transfer", options.transfer.from}, {"freeze_d", options.transfer.freeze_d}});
  return out;
}

std::string settings_text(const Json& settings) {
  std::vector<std::string> texts;
  for (const auto& [key, value] : settings.items())
    texts.push_back(cat(key, " ", value.is_string() ? value.get<std::string>() : value.dump()));
  return cat("  ", join(texts), "\n");
}

std::string gan_plan_text(const Json& plan) {
  std::string text = cat(plan["family"].get<std::string>(),
                         " ",
                         plan["size_px"][0].dump(),
                         "x",
                         plan["size_px"][1].dump(),
                         " px on ",
                         plan["images"].dump(),
                         " images, ",
                         plan["kimg"].dump(),
                         " kimg, in ",
                         plan["bf16"] ? "bf16" : "fp32",
                         plan["device"] == "cuda" ? " on the GPU about " : " on the CPU about ",
                         StepTime::of(plan).text(),
                         ", plus up to a tenth for evaluations, plus the final evaluation\n",
                         plan.contains("busy") ? plan["busy"].get<std::string>() + "\n" : "",
                         settings_text(plan["settings"]));
  if (plan.contains("parent"))
    text += cat(" first the parent, ",
                plan["parent"]["kimg"].dump(),
                " kimg\n",
                stages_text(plan["parent"]),
                " then\n");
  return text + stages_text(plan);
}

int train_generator(const Cli& cli, const GanFlags& flags) {
  const Store store(flags.store);
  Config config = training_config(cli, flags, store);
  const auto& info = store.info();
  const auto planned = [&] {
    const Compute compute = make_compute(config.runtime);
    Json plan{
        {"schema", "evenray-gan-plan-1"},
        {"family", config.gan.family},
        {"settings", settings_json(config.gan)},
        {"size_px", {info.height, info.width}},
        {"images", gan_situation(store, flags.class_name, config.gan, config.runtime).images}};
    plan.update(run_facts(compute, store.content_digest()));
    Json training;
    const TimeEstimate estimate = estimate_time(config.runtime, [&](const Compute& measured) {
      const Json one = gan_plan(config.gan, info.height, info.width, &measured);
      if (training.is_null()) training = one;
      return StepTime::of(one);
    });
    plan.update(training);
    plan.update(estimate.json());
    return plan;
  };
  check_gan_training(store, flags.class_name, config.gan);
  const auto precision = decide_precision(config.runtime,
                                          timed_gan(config.gan, info.height, info.width),
                                          cli.dry_run ? Path() : Path(flags.out));
  if (cli.dry_run) {
    const Json plan = planned();
    print_result(cli, plan, gan_plan_text(plan) + (precision ? precision->text() + "\n" : ""));
    return 0;
  }
  RunFolder run(flags.out, flags.resume, [&](Fields& f) {
    config.runtime.fields(f);
    f.section("gan", config.gan);
  });
  if (precision) log_info(precision->text());
  if (config.gan.preset == kAutoPreset && !run.resumed()) log_info(gan_plan_text(planned()));
  train_gan(store, flags.class_name, config.gan, config.runtime, run);
  Json metrics = read_json(run.path() / "metrics.json");
  const Path judgement = run.path() / "judgement.json";
  std::string verdict = no_verdict_text();
  if (std::filesystem::exists(judgement)) {
    const Json judged = read_json(judgement);
    if (const auto found = verdict_in(judged, judgement.string())) {
      verdict = "verdict: " + found->text();
      metrics["verdict"] = judged["verdict"];
    }
  }
  print_result(cli,
               metrics,
               cat("best SWD ",
                   metrics["best_swd"].is_null() ? "-" : fixed(metrics["best_swd"], 1),
                   " at ",
                   metrics["best_kimg"].dump(),
                   " kimg: ",
                   flags.out,
                   metrics.contains("stopped_early")
                       ? cat(" (ended early: ", metrics["stopped_early"].get<std::string>(), ")")
                       : "",
                   "\n",
                   verdict,
                   "\n"));
  return 0;
}

/// Draws images 0 to count - 1 in blocks and calls use(number, image) for each, so that memory does
/// not grow with their number. Throws 75 after a stop signal.
void draw_each(const Generator& generator,
               int64_t count,
               const Drawing& drawing,
               const std::function<void(int64_t, const cv::Mat&)>& use) {
  constexpr int64_t kBlock = 64;
  Progress progress("draw", count, "img");
  for (int64_t first = 0; first < count; first += kBlock) {
    const auto images = generator.sample(first, std::min(kBlock, count - first), drawing);
    for (size_t i = 0; i < images.size(); ++i) use(first + static_cast<int64_t>(i), images[i]);
    progress.advance(static_cast<int64_t>(images.size()));
    check(!stop_requested(), Exit::stopped, "stopped; nothing was written");
  }
}

/// Writes `count` drawn images as the train part of a new store. Throws 65 if the generator has
/// labels but has not used them yet.
void write_store(const Path& path,
                 const Generator& generator,
                 int64_t count,
                 const Drawing& drawing) {
  check(
      generator.labelled(),
      Exit::bad_data,
      "this generator has not used its labels yet (gan.label_warmup), so its images have no class: "
      "train it longer, or draw PNG files");
  StoreInfo info;
  info.class_names = generator.classes();
  if (info.class_names.empty())
    info.class_names = {generator.class_name().empty() ? "all" : generator.class_name()};
  info.height = generator.height();
  info.width = generator.width();
  info.value_max = generator.value_max();
  info.bits = info.value_max > 255 ? 16 : 8;
  info.source = "gan " + generator.digest();
  const size_t classes = info.class_names.size();
  StoreWriter writer(path, info, count);
  draw_each(generator, count, drawing, [&](int64_t number, const cv::Mat& image) {
    StoreRow row;
    row.image = image;
    // Without --class the generator draws its classes in turn.
    const size_t label = classes > 1 && !drawing.class_name.empty()
                             ? static_cast<size_t>(info.class_index(drawing.class_name))
                             : static_cast<size_t>(number) % classes;
    row.labels.assign(classes, 0);
    row.labels[label] = 1;
    row.id = row.group = row.source_path = cat("synthetic-", drawing.seed, "-", number);
    row.provenance = {
        Origin::synthetic, -1, cat("gan ", generator.digest(), " latent ", number), drawing.seed};
    writer.add("train", row);
  });
  write_datasheet(writer.finish());
}

int sample(const Cli& cli, const GanFlags& flags) {
  const Config config = cli.load();
  const Generator generator(flags.model, make_compute(config.runtime));
  Drawing drawing;
  drawing.seed = static_cast<uint64_t>(config.runtime.seed);
  drawing.class_name = flags.class_name;
  drawing.truncation = flags.truncation;
  generator.check_drawing(drawing);
  const bool sheet = Path(flags.out).extension() == ".png";
  check(flags.interpolate == 0 || sheet,
        Exit::usage,
        "--interpolate writes a sheet: --out must end in .png");
  if (sheet) {
    check(flags.n <= kMaxOnSheet && flags.interpolate <= kMaxOnSheet / kInterpolated,
          Exit::usage,
          cat("a sheet holds up to ",
              kMaxOnSheet,
              " images, ",
              kInterpolated,
              " per row with --interpolate; give a folder to --out for more"));
    SheetOptions options;
    if (flags.interpolate > 0) options.columns = kInterpolated;
    std::vector<SheetItem> items;
    for (auto& image : flags.interpolate > 0
                           ? generator.interpolate(flags.interpolate, kInterpolated, drawing)
                           : generator.sample(0, flags.n, drawing))
      items.push_back({image, "", {}});
    write_atomic(flags.out, encode_png(draw_sheet(items, options)));
    return 0;
  }
  if (Path(flags.out).extension() == ".h5") {
    write_store(flags.out, generator, flags.n, drawing);
    return 0;
  }
  OutputFolder folder(flags.out);
  draw_each(generator, flags.n, drawing, [&](int64_t number, const cv::Mat& image) {
    char name[32];
    std::snprintf(name, sizeof name, "%06ld.png", number);
    folder.write(name, encode_png(image));
  });
  folder.publish();
  return 0;
}

}  // namespace

void add_gan_commands(CLI::App& app, Cli& cli) {
  auto flags = std::make_shared<GanFlags>();
  CLI::App* gan = app.add_subcommand("gan", "train generators, draw images and evaluate them");
  gan->require_subcommand(1);

  auto* train_cli = add_command(gan,
                                cli,
                                "train",
                                "train a generator on one class or all classes of a store",
                                kTraining,
                                [&cli, flags] { return train_generator(cli, *flags); });
  train_cli->add_option("STORE", flags->store, "store, made by data pack")->required();
  train_cli->add_option("--out", flags->out, "run folder")->required();
  train_cli->add_flag(
      "--conditional",
      flags->conditional,
      "one generator with the labels of all classes (projection; acgan in the paper presets)");
  train_cli->add_flag("--resume", flags->resume, "resume the run in --out");

  auto* sample_cli = add_command(gan,
                                 cli,
                                 "sample",
                                 "draw images from a trained generator",
                                 {.config = true, .seed = true, .threads = true, .device = true},
                                 [&cli, flags] { return sample(cli, *flags); });
  sample_cli->add_option("MODEL", flags->model, "run folder or checkpoint")->required();
  sample_cli
      ->add_option("--out", flags->out, "folder for PNG files, a store (.h5), or one sheet (.png)")
      ->required();
  sample_cli->add_option(
      "--truncation",
      flags->truncation,
      "redraw latent values above this limit: more typical, less diverse images; 0: no limit");
  sample_cli
      ->add_option("--interpolate",
                   flags->interpolate,
                   "draw a sheet with this many rows, each from one random image to another")
      ->check(at_least(1));

  sample_cli->add_option("--n", flags->n, "number of images to draw")
      ->check(at_least(1))
      ->capture_default_str();
  add_gan_report_command(*gan, cli);
  for (CLI::App* command : {train_cli, sample_cli})
    command->add_option("--class", flags->class_name, "only this class (default: all classes)");

  add_gan_evaluation_commands(*gan, cli);
}

}  // namespace evenray
