// SPDX-License-Identifier: Apache-2.0
#include <iostream>

#include "app/command.hpp"
#include "core/error.hpp"
#include "core/text.hpp"
#include "dataset/where.hpp"
#include "study/study.hpp"

namespace evenray {
namespace {

struct StudyFlags {
  std::string config, out = "outputs/study", folder, without;
  std::vector<std::string> subgroups;
  bool quick = false;
};

Config load(const Cli& cli, const StudyFlags& flags) { return cli.load({}, flags.config); }

int run_or_plan(const Cli& cli, const Config& config, const Path& out) {
  if (cli.dry_run) {
    const Json plan = plan_study(config, /*estimate=*/true, out);
    print_result(cli, plan, plan_text(plan, cli.verbose));
    return 0;
  }
  const int failed = run_study(config, out, [&](const std::string& text) {
    if (!cli.json && !cli.quiet) std::cout << text << std::flush;
  });
  if (cli.json) {
    std::cout << json_text(read_json(out / "summary.json"));
  } else {
    std::cout << comparison_table(out) << "report: " << (out / "report.html").string() << "\n";
  }
  if (failed == 0) return 0;
  throw Error(
      Exit::failed,
      cat(failed,
          " generator(s) or cell(s) failed; `evenray study status ",
          out.string(),
          "` shows the errors, ",
          retry_helps(out) ? "running the command again retries them"
                           : "the same command would fail again: change what they name and use "
                             "another --out"));
  return 0;
}

}  // namespace

void add_study_commands(CLI::App& app, Cli& cli) {
  auto flags = std::make_shared<StudyFlags>();
  CLI::App* study =
      app.add_subcommand("study", "compare ways to fill the rare class (arms), with intervals");
  study->require_subcommand(1);

  auto* plan = add_command(study,
                           cli,
                           "plan",
                           "print what a study would do and its estimated time",
                           kTraining,
                           [&cli, flags] {
                             const Json plan =
                                 plan_study(load(cli, *flags), /*estimate=*/true, flags->out);
                             print_result(cli, plan, plan_text(plan, cli.verbose));
                             return 0;
                           });
  auto* run_command =
      add_command(study, cli, "run", "run or resume a study", kTraining, [&cli, flags] {
        return run_or_plan(cli, load(cli, *flags), flags->out);
      });
  for (CLI::App* command : {plan, run_command}) {
    command->remove_option(command->get_option("--config"));
    if (command == plan) command->remove_option(command->get_option("--dry-run"));
    command->add_option("CONFIG", flags->config, "TOML file with settings")->required();
  }
  run_command->add_option("--out", flags->out, "study folder")->capture_default_str();

  auto* status = add_command(
      study, cli, "status", "print what is done, failed or waiting", {.json = true}, [&cli, flags] {
        const Json status = study_status(flags->folder);
        print_result(cli, status, status_text(status));
        return 0;
      });
  auto* report = add_command(
      study, cli, "report", "write the report again from the results so far", {}, [&cli, flags] {
        from_flag([&] { Where::parse(flags->without); });
        for (const auto& condition : flags->subgroups) from_flag([&] { Where::parse(condition); });
        report_study(flags->folder, flags->without, flags->subgroups);
        std::cout << comparison_table(flags->folder)
                  << "report: " << (Path(flags->folder) / "report.html").string() << "\n";
        return 0;
      });
  report->add_option("--without",
                     flags->without,
                     "compare also without the test images whose metadata match: hardware=1");
  report
      ->add_option("--subgroup",
                   flags->subgroups,
                   "compare also on the test images whose metadata match: hand=1; may be repeated")
      ->allow_extra_args(false);
  for (CLI::App* command : {status, report})
    command->add_option("DIR", flags->folder, "study folder")->required();

  auto demo_flags = std::make_shared<StudyFlags>();
  demo_flags->out = "outputs/demo";
  auto* demo = add_command(&app,
                           cli,
                           "demo",
                           "run a whole study on synthetic phantom radiographs",
                           kTraining,
                           [&cli, demo_flags] {
                             return run_or_plan(
                                 cli, cli.load(demo_config(demo_flags->quick)), demo_flags->out);
                           });
  demo->add_option("--out", demo_flags->out, "study folder")->capture_default_str();
  demo->add_flag(
      "--quick", demo_flags->quick, "smoke test that takes seconds; its results mean nothing");
}

}  // namespace evenray
