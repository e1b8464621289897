// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdio>
#include <iostream>

#include "app/command.hpp"
#include "core/error.hpp"
#include "core/text.hpp"
#include "dataset/image.hpp"

namespace evenray {
namespace {

struct Flags {
  std::string store, family, preset, class_name, out, model;
  bool resume = false, allow_few = false;
  int64_t n = 64;
};

int train(const Cli& cli, const Flags& flags) {
  Cli given = cli;
  // What a preset fixes comes below the file and --set, the choice itself above them.
  const auto choose =
      [&](const std::string& key, const std::string& name, const std::vector<std::string>& known) {
        if (name.empty()) return;
        check(std::count(known.begin(), known.end(), name) > 0,
              Exit::usage,
              unknown_name(key, name, known));
        given.sets.push_back(cat("gan.", key, "=", name));
      };
  choose("family", flags.family, gan_families());
  choose("preset", flags.preset, gan_presets());
  Config config = given.load();
  from_flag([&] {
    config.gan.allow_few |= flags.allow_few;
    config.gan.check();
  });
  const Store store(flags.store);
  if (cli.dry_run) {
    const auto& info = store.info();
    const size_t rows = real_rows(store, "train", flags.class_name).size();
    const Compute compute = make_compute(config.runtime);
    Json plan = gan_plan(config.gan, info.height, info.width, &compute);
    plan.update(Json{{"schema", "evenray-gan-plan-1"},
                     {"family", config.gan.family},
                     {"size_px", {info.height, info.width}},
                     {"images", rows}});
    std::string text = cat(config.gan.family,
                           " ",
                           info.height,
                           "x",
                           info.width,
                           " px on ",
                           rows,
                           " images, ",
                           plan["kimg"].dump(),
                           " kimg, about ",
                           duration_text(plan["estimate_s"]),
                           "\n");
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
    print_result(cli, plan, text);
    return 0;
  }
  RunFolder run(flags.out, flags.resume, [&](Fields& f) {
    config.runtime.fields(f);
    f.section("gan", config.gan);
  });
  train_gan(store, flags.class_name, config.gan, config.runtime, run);
  const Json metrics = read_json(run.path() / "metrics.json");
  print_result(cli,
               metrics,
               cat("best SWD ",
                   metrics["best_swd"].is_null() ? "-" : fixed(metrics["best_swd"], 1),
                   " at ",
                   metrics["best_kimg"].dump(),
                   " kimg: ",
                   flags.out,
                   "\n"));
  return 0;
}

/// A store whose train part holds the images.
void write_store(const Path& path,
                 const Generator& generator,
                 const std::vector<cv::Mat>& images,
                 const std::string& class_name,
                 uint64_t seed) {
  StoreInfo info;
  info.class_names = {class_name};
  info.height = generator.height();
  info.width = generator.width();
  info.value_max = generator.value_max();
  info.bits = info.value_max > 255 ? 16 : 8;
  info.source = "gan " + generator.digest();
  StoreWriter writer(path, info, static_cast<int64_t>(images.size()));
  for (size_t i = 0; i < images.size(); ++i) {
    StoreRow row;
    row.image = images[i];
    row.labels = {1};
    row.id = row.group = row.source_path = cat("synthetic-", seed, "-", i);
    row.provenance = {Origin::synthetic, -1, cat("gan ", generator.digest(), " latent ", i), seed};
    writer.add("train", row);
  }
  writer.finish();
}

int sample(const Cli& cli, const Flags& flags) {
  const Config config = cli.load();
  const Generator generator(flags.model, make_compute(config.runtime));
  check(flags.class_name.empty() || flags.class_name == generator.class_name(),
        Exit::bad_data,
        cat(flags.model,
            " draws class '",
            generator.class_name(),
            "', not '",
            flags.class_name,
            "'"));
  const auto seed = static_cast<uint64_t>(config.runtime.seed);
  const auto images = generator.sample(0, flags.n, seed);
  if (Path(flags.out).extension() == ".h5") {
    write_store(flags.out,
                generator,
                images,
                generator.class_name().empty() ? "all" : generator.class_name(),
                seed);
    return 0;
  }
  make_folder(flags.out);
  check(std::filesystem::is_empty(flags.out),
        Exit::cannot_create,
        cat(flags.out, " is not empty: what lies there would be taken for drawn images"));
  for (size_t i = 0; i < images.size(); ++i) {
    char name[32];
    std::snprintf(name, sizeof name, "%06zu.png", i);
    write_atomic(Path(flags.out) / name, encode_png(images[i]));
    throw_if_stopped();
  }
  return 0;
}

}  // namespace

void add_gan_commands(CLI::App& app, Cli& cli) {
  auto flags = std::make_shared<Flags>();
  CLI::App* gan = app.add_subcommand("gan", "train generators, draw from them, judge them");
  gan->require_subcommand(1);

  auto* train_cli = add_command(
      gan, cli, "train", "train a generator on a store's class", kTraining, [&cli, flags] {
        return train(cli, *flags);
      });
  train_cli->add_option("STORE", flags->store, "store (data pack)")->required();
  train_cli->add_option("--family", flags->family, join(gan_families()));
  train_cli->add_option("--preset", flags->preset, join(gan_presets()));
  train_cli->add_option("--out", flags->out, "run folder")->required();
  train_cli->add_flag("--allow-few", flags->allow_few, "train on fewer than 50 images");
  train_cli->add_flag("--resume", flags->resume, "go on with the run in --out");

  auto* sample_cli = add_command(gan,
                                 cli,
                                 "sample",
                                 "draw images from a trained generator",
                                 {.config = true, .seed = true, .threads = true, .device = true},
                                 [&cli, flags] { return sample(cli, *flags); });
  sample_cli->add_option("MODEL", flags->model, "run folder or checkpoint")->required();
  sample_cli->add_option("--out", flags->out, "folder for PNG files, or a store (.h5)")->required();

  sample_cli->add_option("--n", flags->n, "images to draw")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  for (CLI::App* command : {train_cli, sample_cli})
    command->add_option("--class", flags->class_name, "class of the store; without it all");

  add_gan_judging_commands(*gan, cli);
}

}  // namespace evenray
