// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "app/command.hpp"
#include "core/error.hpp"
#include "core/text.hpp"
#include "dataset/files/image_file.hpp"
#include "dataset/image/image.hpp"
#include "dataset/image/sheet.hpp"
#include "dataset/reader.hpp"
#include "dataset/reader_checks.hpp"
#include "dataset/summary/summary.hpp"

namespace evenray {
namespace {

struct InspectFlags {
  std::vector<std::string> paths, by;
  std::string html, table, out, class_name;
  int64_t n = 64;
  bool boxes = false, polygons = false;
};

int inspect(const Cli& cli, const InspectFlags& flags) {
  const Config config = cli.load();
  const Manifest manifest = read_datasets(flags.paths, config.data.read);
  warn_of_invalid_annotations(manifest);
  images_by(manifest, flags.by);  // throws for an unknown column before the slow scan
  const auto facts = scan_images(manifest, config.runtime.thread_count());
  const Json found = inspect_json(manifest, facts, flags.by);
  if (!flags.table.empty()) write_atomic(flags.table, inspect_table(manifest, facts));
  if (!flags.html.empty()) write_atomic(flags.html, inspect_html(manifest, facts, found));
  print_result(cli, found, inspect_text(found));
  return 0;
}

std::vector<SheetItem> store_items(const InspectFlags& flags) {
  const Store store(flags.paths[0]);
  std::vector<SheetItem> items;
  for (const char* part : kParts) {
    const StorePart& rows = store.part(part);
    const int wanted = flags.class_name.empty() ? -1 : store.info().class_index(flags.class_name);
    for (int64_t row = 0; row < rows.size() && static_cast<int64_t>(items.size()) < flags.n;
         ++row) {
      const auto i = static_cast<size_t>(row);
      if (wanted >= 0 && rows.labels[i][static_cast<size_t>(wanted)] != 1) continue;
      items.push_back({store.image(part, row), rows.ids[i], rows.boxes[i]});
    }
  }
  return items;
}

std::vector<SheetItem> folder_items(const Config& config, const InspectFlags& flags) {
  const Manifest manifest = read_datasets(flags.paths, config.data.read);
  const int wanted = flags.class_name.empty() ? -1 : manifest.class_index(flags.class_name);
  std::vector<SheetItem> items;
  for (const auto& sample : manifest.samples) {
    if (static_cast<int64_t>(items.size()) >= flags.n) break;
    if (wanted >= 0 && sample.labels[static_cast<size_t>(wanted)] != 1) continue;
    const cv::Mat pixels = decode_sample(sample).pixels;
    if (!pixels.empty()) items.push_back({pixels, sample.id, sample.boxes});
  }
  return items;
}

int view(const Cli& cli, const InspectFlags& flags) {
  const bool store = flags.paths.size() == 1 && is_store(flags.paths[0]);
  if (store) refuse_reader_flags(cli);
  const auto items = store ? store_items(flags) : folder_items(cli.load(), flags);
  check(!items.empty(), Exit::bad_data, cat(join(flags.paths), ": no image to show"));
  SheetOptions options;
  options.boxes = flags.boxes;
  options.polygons = flags.polygons;
  write_atomic(flags.out, encode_png(draw_sheet(items, options)));
  return 0;
}

}  // namespace

void add_inspect_commands(CLI::App& data, Cli& cli) {
  auto flags = std::make_shared<InspectFlags>();
  const Takes settings{.config = true, .threads = true, .json = true};
  auto* inspect_cli =
      add_command(&data,
                  cli,
                  "inspect",
                  "report classes, sizes, patients, boxes and imbalance of a collection",
                  settings,
                  [&cli, flags] { return inspect(cli, *flags); });
  inspect_cli->add_option("--table", flags->table, "write a CSV file with one row per image");
  inspect_cli
      ->add_option(
          "--by", flags->by, "also count classes per value of this column; may be repeated")
      ->allow_extra_args(false);
  auto* view_cli = add_command(
      &data, cli, "view", "draw a sheet of images with their ids", {.config = true}, [&cli, flags] {
        return view(cli, *flags);
      });
  view_cli->add_option("--out", flags->out, "PNG file to write")->required();
  view_cli->add_option("--class", flags->class_name, "only this class");
  view_cli->add_option("--n", flags->n, "number of images")
      ->check(at_least(1))
      ->capture_default_str();
  view_cli->add_flag("--boxes", flags->boxes, "draw boxes");
  view_cli->add_flag("--polygons", flags->polygons, "draw polygons");
  for (CLI::App* command : {inspect_cli, view_cli}) {
    command->add_option("PATH", flags->paths, "folders, stores, .npz files or phantom:...")
        ->required();
  }
  inspect_cli->add_option("--html", flags->html, "write an HTML page");
}

}  // namespace evenray
