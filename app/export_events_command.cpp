// SPDX-License-Identifier: Apache-2.0
#include "app/command.hpp"
#include "core/output_folder.hpp"
#include "core/text.hpp"
#include "results/tensorboard.hpp"

namespace evenray {
namespace {

int export_events(const Cli& cli, const std::vector<std::string>& folders, const Path& out) {
  const auto runs = read_logged_runs(std::vector<Path>(folders.begin(), folders.end()));
  OutputFolder folder(out);
  Json listed = Json::array();
  size_t all = 0;
  for (const auto& run : runs) {
    size_t values = 0;
    for (const auto& event : run.events) values += event.values.size();
    folder.write(run.name / kTensorboardFile, tensorboard_file(run.events));
    listed.push_back({{"name", run.name.string()}, {"values", values}});
    all += values;
  }
  folder.publish();
  print_result(cli,
               {{"schema", "evenray-export-events-1"}, {"runs", listed}},
               cat(runs.size(),
                   runs.size() == 1 ? " run, " : " runs, ",
                   all,
                   " values: ",
                   out.string(),
                   "\n"));
  return 0;
}

}  // namespace

void add_export_events_command(CLI::App& app, Cli& cli) {
  struct Flags {
    std::vector<std::string> folders;
    std::string out;
  };
  auto flags = std::make_shared<Flags>();
  auto* command =
      add_command(&app,
                  cli,
                  "export-events",
                  "write the events of trainings as TensorBoard files",
                  {.json = true},
                  [&cli, flags] { return export_events(cli, flags->folders, flags->out); });
  command->add_option("DIR", flags->folders, "run folders, or folders with runs below (a study)")
      ->required();
  command->add_option("--out", flags->out, "new or empty folder: tensorboard --logdir")->required();
}

}  // namespace evenray
