// SPDX-License-Identifier: Apache-2.0
#include "app/command.hpp"
#include "metrics/detection/panel.hpp"

namespace evenray {
namespace {

struct DetectFlags {
  std::string truth, found, group_by;
};

int detect_metrics(const Cli& cli, const DetectFlags& flags) {
  const Config config = cli.load();
  const int threads = config.runtime.thread_count();
  const Json found =
      detection_metrics(read_coco_boxes(flags.truth, flags.found, flags.group_by, threads),
                        {.draws = config.classify.bootstrap,
                         .seed = static_cast<uint64_t>(config.runtime.seed),
                         .threads = threads});
  print_result(cli, found, detection_text(found));
  return 0;
}

}  // namespace

void add_detect_commands(CLI::App& app, Cli& cli) {
  auto flags = std::make_shared<DetectFlags>();
  CLI::App* detect = app.add_subcommand("detect", "evaluate detectors");
  detect->require_subcommand(1);
  auto* metrics_cli = add_command(detect,
                                  cli,
                                  "metrics",
                                  "compute the metrics of found boxes in COCO's form",
                                  {.config = true, .seed = true, .threads = true, .json = true},
                                  [&cli, flags] { return detect_metrics(cli, *flags); });
  metrics_cli->add_option("--gt", flags->truth, "COCO file of the true boxes")->required();
  metrics_cli->add_option("--dt", flags->found, "COCO file of the found boxes")->required();
  metrics_cli->add_option("--group-by",
                          flags->group_by,
                          "field of the images that names the patient (default: each image is a "
                          "group)");
}

}  // namespace evenray
