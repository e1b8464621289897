// SPDX-License-Identifier: Apache-2.0
#include "app/lesion_commands.hpp"

#include "core/error.hpp"
#include "core/log.hpp"
#include "core/text.hpp"
#include "dataset/image/image.hpp"
#include "lesion/lesion.hpp"
#include "lesion/preview.hpp"
#include "nn/compute.hpp"

namespace evenray {
namespace {

struct LesionFlags {
  std::string store, source = "lesion:real", out, key, class_name;
  int64_t n = 16, crops = 300;
  bool blind = false;
};

/// Returns the class to draw: the given one, or the first one that the source serves.
int class_to_draw(const Store& store, const LesionSource& source, const std::string& name) {
  const auto& names = store.info().class_names;
  if (!name.empty()) return store.info().class_index(name);
  for (size_t c = 0; c < names.size(); ++c)
    if (source.serves(static_cast<int>(c))) return static_cast<int>(c);
  throw Error(Exit::bad_data,
              cat(store.path().string(), ": ", source.name(), " can draw none of its classes"));
}

std::shared_ptr<LesionSource> source_of(const Config& config,
                                        const Store& store,
                                        const std::string& name) {
  return make_lesion_source(
      name,
      {store,
       config.runtime.thread_count(),
       /*allow_resize=*/true,
       config.balance.allow_weak ? Generators::any : Generators::usable_or_weak},
      config.lesion,
      make_compute(config.runtime));
}

int preview_lesions(const Cli& cli, const LesionFlags& flags) {
  check(flags.blind == !flags.key.empty(),
        Exit::usage,
        "--blind and --key belong together: the key says which lesions of the sheet are real");
  const Config config = cli.load();
  const Store store(flags.store);
  const auto source = source_of(config, store, flags.source);
  check(!flags.blind || source->kind() != LesionKind::healthy,
        Exit::usage,
        "--blind mixes real lesions and pasted ones, but lesion:healthy pastes none");
  const int class_index = class_to_draw(store, *source, flags.class_name);
  const Rng rng = Rng(static_cast<uint64_t>(config.runtime.seed)).fork("lesion preview");
  SheetOptions options;
  options.cell_px = 160;
  options.boxes = !flags.blind;
  BlindSheet sheet;
  if (flags.blind) {
    sheet = blind_sheet(store, *source, class_index, flags.n, rng);
  } else {
    sheet.items = pair_items(store, *source, class_index, flags.n, rng);
  }
  check(!sheet.items.empty(),
        Exit::bad_data,
        cat(flags.store,
            ": ",
            source->name(),
            " found no place that fits; use a larger lesion.tolerance or lesion.move"));
  write_atomic(flags.out, encode_png(draw_sheet(sheet.items, options)));
  if (flags.blind) write_atomic(flags.key, sheet.key_csv);
  return 0;
}

int seam_of_lesions(const Cli& cli, const LesionFlags& flags) {
  const Config config = cli.load();
  const Store store(flags.store);
  const auto source = source_of(config, store, flags.source);
  const Json json = seam_json(config, store, *source, flags.class_name, flags.crops);
  print_result(cli, json, seam_text(json));
  return 0;
}

}  // namespace

Json seam_json(const Config& config,
               const Store& store,
               LesionSource& source,
               const std::string& class_name,
               int64_t crops) {
  Json out{{"schema", "evenray-seam-1"}};
  out.update(judge_seam(store,
                        source,
                        class_to_draw(store, source, class_name),
                        crops,
                        static_cast<uint64_t>(config.runtime.seed),
                        make_compute(config.runtime)));
  return out;
}

std::string seam_text(const Json& seam) {
  std::string out;
  for (const char* control : {"negatives", "lesions"}) {
    if (!seam.contains(control)) continue;
    const Json& one = seam.at(control);
    out += cat("seam of ",
               seam.at("source").get<std::string>(),
               control == std::string("lesions") ? ", against real lesions: "
                                                 : ", against untouched negatives: ");
    out += one.is_null() ? "too few images\n"
                         : cat("AUROC ",
                               fixed(one.at("auroc"), 3),
                               " [",
                               fixed(one.at("ci")[0], 3),
                               ", ",
                               fixed(one.at("ci")[1], 3),
                               "], ",
                               one.at("n_synthetic"),
                               " pasted and ",
                               one.at("n_real"),
                               " untouched\n");
  }
  if (seam.at("visible") == true) out += "seam visible: all above .6\n";
  return out;
}

void add_lesion_commands(CLI::App& app, Cli& cli) {
  auto flags = std::make_shared<LesionFlags>();
  CLI::App* lesion = app.add_subcommand("lesion", "look at pasted lesions and test their seams");
  lesion->require_subcommand(1);
  auto* preview = add_command(lesion,
                              cli,
                              "preview",
                              "draw a sheet of images before and after a lesion was pasted",
                              {.config = true, .seed = true, .threads = true, .device = true},
                              [&cli, flags] { return preview_lesions(cli, *flags); });
  preview->add_option("--n", flags->n, "number of pairs, or of cells with --blind")
      ->check(at_least(2))
      ->capture_default_str();
  preview->add_option("--out", flags->out, "PNG file to write")->required();
  preview->add_flag(
      "--blind", flags->blind, "draw real lesions and pasted ones in random order, without boxes");
  preview->add_option("--key", flags->key, "with --blind: CSV file to write, with the answers");
  auto* seam =
      add_command(lesion,
                  cli,
                  "seam",
                  "test whether a small network can tell pasted places from untouched ones",
                  {.config = true, .seed = true, .threads = true, .device = true, .json = true},
                  [&cli, flags] { return seam_of_lesions(cli, *flags); });
  seam->add_option("--n", flags->crops, "number of pasted images, at most")
      ->check(at_least(20))
      ->capture_default_str();
  for (CLI::App* command : {preview, seam}) {
    command->add_option("STORE", flags->store, "store with boxes")->required();
    command
        ->add_option("--source", flags->source, "lesion:real, residual, identity, healthy or PATH")
        ->capture_default_str();
    command->add_option("--class", flags->class_name, "class to draw; else the first one possible");
  }
}

}  // namespace evenray
