// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <iostream>
#include <set>

#include "app/command.hpp"
#include "core/error.hpp"
#include "core/log.hpp"
#include "core/text.hpp"
#include "dataset/label_map.hpp"
#include "dataset/pack_plan.hpp"
#include "dataset/patches.hpp"
#include "dataset/patients.hpp"
#include "dataset/published.hpp"
#include "dataset/reader.hpp"
#include "dataset/reader_checks.hpp"

namespace evenray {
namespace {

struct DataFlags {
  std::vector<std::string> paths;
  std::string path, split, out, published, external, against;
  std::optional<int64_t> folds, fold;
};

/// Returns the names of the classes that have an image with label 1.
std::set<std::string> classes_with_images(const Manifest& manifest) {
  std::set<std::string> names;
  for (const auto& sample : manifest.samples)
    for (size_t c = 0; c < sample.labels.size(); ++c)
      if (sample.labels[c] == 1) names.insert(manifest.class_names[c]);
  return names;
}

/// Applies a published split and logs a warning for each class that it leaves without images
/// (the lists of FracAtlas hold fractures only). Returns the number of images that are in no list.
size_t split_as_published(Manifest& manifest, const std::string& name) {
  const auto before = classes_with_images(manifest);
  const size_t unlisted = apply_published_split(manifest, name);
  const auto after = classes_with_images(manifest);
  for (const auto& lost : before)
    if (!after.contains(lost))
      log_warning(cat("the published split has no image of class '",
                      lost,
                      "': a store packed with it cannot train a classifier for this class"));
  return unlisted;
}

/// Returns the parts that the source fixes, in the order of kParts.
std::vector<std::string> fixed_parts(const Manifest& manifest) {
  std::vector<std::string> parts(kParts.begin(), kParts.end());
  std::erase_if(parts, [&](const auto& part) {
    return std::none_of(manifest.samples.begin(),
                        manifest.samples.end(),
                        [&](const Sample& sample) { return sample.part == part; });
  });
  return parts;
}

int split_command(const Cli& cli, const DataFlags& flags) {
  const Settings settings = cli.settings();
  const Config config = cli.load();
  SplitOptions options{config.data.ratios,
                       flags.folds.value_or(0),
                       config.data.hold_out,
                       config.data.group,
                       config.runtime.seed};
  from_flag([&] { options.check(); });
  check(!settings.given("data.ratios") || !flags.folds,
        Exit::usage,
        "--ratios and --folds exclude each other");
  Manifest manifest = read_datasets(flags.paths, config.data.read);
  warn_of_invalid_annotations(manifest);
  size_t unlisted = 0;
  if (!flags.published.empty()) {
    check(flags.paths.size() == 1 && !flags.folds,
          Exit::usage,
          "--published takes one PATH and no --folds; remove the others");
    unlisted = split_as_published(manifest, flags.published);
  }
  if (!flags.external.empty()) hold_out_source(manifest, flags.external);
  const auto fixed = fixed_parts(manifest);
  check(!settings.given("data.ratios") || fixed.size() < kParts.size(),
        Exit::usage,
        cat(manifest.source, " comes in parts (", join(fixed), "), so --ratios does not apply"));
  const auto facts = scan_images(manifest, config.runtime.thread_count());
  const auto rows = make_split(
      manifest, facts, group_pictures(manifest, facts, config.runtime.thread_count()), options);
  std::map<std::string, int64_t> counts;
  for (const auto& row : rows)
    ++counts[row.fault.empty() ? row.split + (row.fold.empty() ? "" : " fold " + row.fold)
                               : "left out (" + row.fault + ")"];
  const std::string grouping = describe_groups(manifest, options.group);
  Json summary{{"schema", "evenray-split-1"},
               {"rows", rows.size()},
               {"counts", counts},
               {"grouping", grouping}};
  std::string text = cat(rows.size(), " rows\n", grouping, "\n");
  if (!fixed.empty()) {
    summary["fixed_parts"] = fixed;
    text += cat("parts that the source fixes are kept: ", join(fixed), "\n");
  }
  for (const auto& [name, count] : counts) text += cat("  ", name, ": ", count, "\n");
  if (!flags.published.empty()) {
    summary["unlisted"] = unlisted;
    text += cat("  not in the published lists: ", unlisted, "\n");
  }
  const SplitRecord record{options, flags.published, flags.external};
  if (!cli.dry_run) write_split(flags.out, rows, &record);
  print_result(cli, summary, text);
  return 0;
}

int pack_command(const Cli& cli, const DataFlags& flags) {
  const Config config = cli.load();
  const PackOptions& options = config.data.pack;
  const auto rows = read_split(flags.split);
  const Manifest manifest = read_datasets(flags.paths, config.data.read);
  const std::optional<int> fold =
      flags.fold ? std::optional<int>(static_cast<int>(*flags.fold)) : std::nullopt;
  const int threads = config.runtime.thread_count();
  if (cli.dry_run) {
    std::map<std::string, std::vector<std::string>> left_out;
    const auto images = plan_rows(manifest, rows, fold, options, threads, left_out);
    const auto planned = plan_patches(manifest, images, options, threads).rows.size();
    const int64_t bytes =
        static_cast<int64_t>(planned) * options.size_px[0] * options.size_px[1] * options.bits / 8;
    print_result(cli,
                 {{"schema", "evenray-pack-plan-1"},
                  {"rows", planned},
                  {"size_px", options.size_px},
                  {"bytes", bytes}},
                 cat(planned,
                     " rows of ",
                     options.size_px[0],
                     "x",
                     options.size_px[1],
                     " px, about ",
                     fixed(static_cast<double>(bytes) / 1e6, 1),
                     " MB before compression, to ",
                     flags.out,
                     "\n"));
    return 0;
  }
  const PackResult packed =
      pack(manifest,
           rows,
           fold,
           options,
           flags.out,
           threads,
           label_map_settings(config.data.read.labels) + read_split_settings(flags.split));
  const std::string place = find_store(flags.out).value_or(flags.out).string();
  Json left_out = Json::object();
  std::string text = describe_patients(manifest) + "\n";
  if (place != flags.out) text += cat("written as shards: ", place, "\n");
  for (const auto& [kind, ids] : packed.left_out) left_out[kind] = ids;
  for (const auto& [part, counts] : packed.counts) {
    text += part + ":";
    for (const auto& [name, count] : counts) text += cat(" ", name, " ", count);
    text += "\n";
  }
  for (const auto& [source, parts] : packed.sources) {
    text += "from " + source + ":";
    for (const auto& [part, rows] : parts) text += cat(" ", part, " ", rows);
    text += "\n";
  }
  for (const auto& [kind, ids] : packed.left_out)
    text += cat("left out, ", kind, ": ", ids.size(), "\n");
  if (const auto patches = describe_patches(packed.patches); !patches.empty())
    text += patches + "\n";
  if (packed.median_box_side_px > 0)
    text += cat("median box side: ", fixed(packed.median_box_side_px, 1), " px\n");
  Json json{{"schema", "evenray-pack-1"},
            {"counts", packed.counts},
            {"left_out", left_out},
            {"sources", packed.sources},
            {"boxes_dropped", packed.boxes_dropped},
            {"median_box_side_px", packed.median_box_side_px},
            {"content_digest", packed.content_digest},
            {"patients", describe_patients(manifest)},
            {"store", place}};
  if (const PatchCounts& counts = packed.patches; counts.lesions > 0)
    json["patches"] = {{"lesions", counts.lesions},
                       {"negatives", counts.negatives},
                       {"unmatched", counts.unmatched},
                       {"missing", counts.missing},
                       {"not_annotated", counts.not_annotated},
                       {"dropped", counts.dropped}};
  print_result(cli, json, text);
  return 0;
}

int check_command(const DataFlags& flags) {
  if (const auto fault = check_store(flags.path)) throw Error(Exit::bad_data, *fault);
  std::string text = cat(flags.path, ": whole\n");
  if (!flags.against.empty()) text += check_parts(Store(flags.path), Store(flags.against)) + "\n";
  std::cout << text;
  return 0;
}

}  // namespace

void add_data_commands(CLI::App& app, Cli& cli) {
  auto flags = std::make_shared<DataFlags>();
  CLI::App* data = app.add_subcommand("data", "inspect, split, pack and export image collections");
  data->require_subcommand(1);
  add_inspect_commands(*data, cli);
  add_audit_command(*data, cli);
  auto* check_cli = add_command(data, cli, "check", "check a store for damage", {}, [flags] {
    return check_command(*flags);
  });
  check_cli->add_option("PATH", flags->path, "store")->required();
  check_cli->add_option(
      "--against",
      flags->against,
      "store of the images that the patches of PATH were cut from: refuse a patch "
      "whose image is in another part there");

  auto* split_cli =
      add_command(data,
                  cli,
                  "split",
                  "split a collection by patient or group; writes split.csv",
                  {.config = true, .seed = true, .threads = true, .json = true, .dry_run = true},
                  [&cli, flags] { return split_command(cli, *flags); });
  split_cli->add_option("--out", flags->out, "split.csv to write")->required();
  split_cli->add_option("--folds", flags->folds, "number of cross-validation folds, 3 to 100");
  split_cli->add_option("--published",
                        flags->published,
                        "use a split published with the collection: " + join(published_splits()));
  split_cli->add_option(
      "--external", flags->external, "source (of several PATHs) whose images all go to test");

  auto* pack_cli =
      add_command(data,
                  cli,
                  "pack",
                  "decode and resize images and write them to a store (HDF5) for training",
                  {.config = true, .threads = true, .json = true, .dry_run = true},
                  [&cli, flags] { return pack_command(cli, *flags); });
  pack_cli->add_option("--split", flags->split, "split.csv")->required();
  pack_cli
      ->add_option(
          "--fold", flags->fold, "fold used as test; the next one is val, the others are train")
      ->check(CLI::Range(0, 99));
  pack_cli->add_option("--out", flags->out, "store to write (.h5)")->required();
  for (CLI::App* command : {split_cli, pack_cli}) {
    command->add_option("PATH", flags->paths, "folders, stores, .npz files or phantom:...")
        ->required();
  }
  add_export_command(*data, cli);
}

}  // namespace evenray
