// SPDX-License-Identifier: Apache-2.0
#include "app/command.hpp"
#include "core/error.hpp"
#include "core/text.hpp"
#include "dataset/dicom/dicom.hpp"
#include "dataset/export/export.hpp"
#include "dataset/reader.hpp"

namespace evenray {
namespace {

struct ExportFlags {
  std::string path, to, out, part, rename, size, voi;
  std::optional<int64_t> bits;
};

ExportOptions options_of(const ExportFlags& flags) {
  ExportOptions options;
  options.to = flags.to;
  options.part = flags.part;
  options.rename = flags.rename;
  if (flags.bits) {
    options.bits = *flags.bits;
    check(options.bits != 0, Exit::usage, "--bits is 0; give 8 or 16");
  }
  if (!flags.voi.empty()) options.voi = flags.voi;
  if (!flags.size.empty()) options.size_px = parse_size(flags.size);
  from_flag([&] { options.check(); });
  return options;
}

ExportResult export_from(const Cli& cli, const ExportFlags& flags) {
  const Config config = cli.load();
  const ExportOptions options = options_of(flags);
  const int threads = config.runtime.thread_count();
  if (is_store(flags.path)) {
    refuse_reader_flags(cli);
    const Store store(flags.path);
    return cli.dry_run ? plan_export(store, options)
                       : export_store(store, options, flags.out, threads);
  }
  check(options.to == "png" && options.part.empty(),
        Exit::usage,
        cat(flags.path,
            " is not a store, so only --to png without --part works; data pack makes a store"));
  const Manifest manifest = images_at(flags.path, config.data.read);
  return cli.dry_run ? plan_export_images(manifest, options)
                     : export_images(manifest, options, flags.out, threads);
}

std::string result_text(const ExportFlags& flags, const ExportResult& result, bool dry_run) {
  std::string out = cat(result.images, " images");
  if (result.boxes > 0) out += cat(", ", result.boxes, " boxes");
  out += cat(dry_run ? " would be written to " : ": ", flags.out, "\n");
  for (const auto& [part, images] : result.parts) out += cat("  ", part, ": ", images, "\n");
  if (result.renamed > 0) out += cat("  renamed: ", result.renamed, " (names.csv)\n");
  const bool boxed = flags.to == "coco" || flags.to == "yolo" || flags.to == "voc";
  if (boxed && result.not_annotated > 0)
    out += cat("  not annotated: ",
               result.not_annotated,
               "; a detector would treat them as images without a finding\n");
  const auto why = [&](const std::string& id) {
    const auto found = result.reasons.find(id);
    return found == result.reasons.end() ? "" : cat(" (", id, ": ", found->second, ")");
  };
  for (const auto& [kind, ids] : result.left_out)
    out += cat("  left out, ", kind, ": ", ids.size(), why(ids[0]), "\n");
  if (dry_run && result.pixel_bytes > 0)
    out += cat("  about ",
               fixed(static_cast<double>(result.pixel_bytes) / 1e6, 1),
               " MB at most; PNG files are smaller\n");
  return out;
}

int export_command(const Cli& cli, const ExportFlags& flags) {
  const ExportResult result = export_from(cli, flags);
  Json left_out = Json::object();
  for (const auto& [kind, ids] : result.left_out) left_out[kind] = ids;
  print_result(cli,
               {{"schema", cli.dry_run ? "evenray-export-plan-1" : "evenray-export-1"},
                {"to", flags.to},
                {"images", result.images},
                {"boxes", result.boxes},
                {"parts", result.parts},
                {"renamed", result.renamed},
                {"not_annotated", result.not_annotated},
                {"left_out", left_out},
                {"reasons", result.reasons}},
               result_text(flags, result, cli.dry_run));
  return 0;
}

}  // namespace

void add_export_command(CLI::App& data, Cli& cli) {
  auto flags = std::make_shared<ExportFlags>();
  auto* command =
      add_command(&data,
                  cli,
                  "export",
                  "write a store's images as PNG files, with annotations in another layout",
                  {.config = true, .threads = true, .json = true, .dry_run = true},
                  [&cli, flags] { return export_command(cli, *flags); });
  command
      ->add_option("PATH", flags->path, "store; with --to png also a folder, file or phantom:...")
      ->required();
  command->add_option("--to", flags->to, "layout: " + join(export_layouts()))->required();
  command->add_option("--out", flags->out, "new or empty folder")->required();
  command->add_option("--part", flags->part, "only this part: train, val or test");
  command->add_option("--rename",
                      flags->rename,
                      "pattern of file names, with {class}, {id}, {part}, {n}: '{class}_{n:05}'");
  command->add_option("--bits", flags->bits, "with --to png: 8 or 16 bits (default: as stored)");
  command->add_option("--size", flags->size, "with --to png: PX (square) or HEIGHTxWIDTH, padded");
  command->add_option("--voi",
                      flags->voi,
                      "with --to png: how DICOM values are mapped to grey: " + join(voi_names()));
}

}  // namespace evenray
