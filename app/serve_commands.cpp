// SPDX-License-Identifier: Apache-2.0
// `evenray serve` and the commands below it.
#include <iostream>

#include "app/command.hpp"
#include "core/error.hpp"
#include "core/run_folder.hpp"
#include "core/text.hpp"
#include "serve/serve.hpp"
#include "study/study.hpp"

namespace evenray {
namespace {

struct ServeFlags {
  ServeOptions options;
  std::string listen = "127.0.0.1:8080", data, watch, store, predictions, studies;
  std::vector<std::string> child_models;
  int child_threads = 1;
};

/// Splits "127.0.0.1:8080" or "[::1]:8080". Throws 2 for another form.
void parse_listen(const std::string& text, ServeOptions& options) {
  const size_t colon = text.rfind(':');
  int64_t port = -1;
  check(colon != std::string::npos && parse_int(text.substr(colon + 1), port) && port >= 0 &&
            port <= 65535,
        Exit::usage,
        cat("--listen takes ADDRESS:PORT, for example 127.0.0.1:8080, not '", text, "'"));
  options.address = text.substr(0, colon);
  if (options.address.starts_with('[') && options.address.ends_with(']'))
    options.address = options.address.substr(1, options.address.size() - 2);
  options.port = static_cast<int>(port);
}

int run_server(const Cli& cli, ServeFlags& flags) {
  ServeOptions& options = flags.options;
  parse_listen(flags.listen, options);
  if (options.demo) options.data = "evenray-demo";
  if (!flags.data.empty()) options.data = flags.data;
  options.watch = flags.watch;
  options.threads = cli.load().runtime.thread_count();
  check(options.models.empty() || !options.demo,
        Exit::usage,
        "--demo has its own models; omit --model");
  options.store = flags.store;
  options.predictions = flags.predictions;
  options.studies = flags.studies;
  options.study_progress = [](const Path& study) { return status_text(study_status(study)); };
  check(!options.models.empty() || options.demo || !flags.store.empty() || !flags.studies.empty(),
        Exit::usage,
        "give --model PACKED, written by `classify pack-model` or `detect pack-model`, --store, "
        "--studies or --demo");
  check(flags.predictions.empty() || !flags.store.empty(),
        Exit::usage,
        "--predictions are of the images of --store");
  check(options.certificate.empty() == options.key.empty(),
        Exit::usage,
        "--certificate and --key belong together");
  serve(
      options,
      [](const std::string& address) { std::cout << address << std::endl; },
      &stop_requested);
  return 0;
}

}  // namespace

void add_serve_commands(CLI::App& app, Cli& cli) {
  auto flags = std::make_shared<ServeFlags>();
  ServeOptions& options = flags->options;
  auto* command = add_command(&app,
                              cli,
                              "serve",
                              "show what trained networks find in images, in the browser",
                              {.threads = true, .short_spins = true},
                              [&cli, flags] { return run_server(cli, *flags); });
  command->add_option("--model",
                      options.models,
                      "packed classifier or detector, or a run folder; once for each of the two");
  command->add_option("--store", flags->store, "a store whose images are looked through");
  command->add_option("--predictions",
                      flags->predictions,
                      "predictions.csv of its images by models that did not see them, to rank "
                      "labels by suspicion");
  command->add_option("--studies", flags->studies, "folder of studies and runs to list");
  command->add_option("--data",
                      flags->data,
                      "folder of the database and the images (default: evenray-serve; evenray-demo "
                      "with --demo)");
  command->add_option("--listen", flags->listen, "ADDRESS:PORT; port 0: any free one")
      ->capture_default_str();
  command->add_option("--certificate", options.certificate, "PEM file, for TLS")
      ->check(CLI::ExistingFile);
  command->add_option("--key", options.key, "PEM file of its private key")
      ->check(CLI::ExistingFile);
  command->add_option("--host", options.hosts, "a further name that browsers use for this server");
  command->add_flag("--behind-proxy", options.behind_proxy, "a proxy in front of it speaks TLS");
  command->add_option(
      "--watch", flags->watch, "folder whose files are taken, for example of a router of images");
  command->add_flag("--demo", options.demo, "show the models and images of the demo");
  command->require_subcommand(0, 1);
  add_serve_upkeep_commands(*command, cli);

  auto* child = add_command(&app, cli, "serve-child", "", {}, [flags] {
    return serve_child(flags->child_models, flags->child_threads);
  });
  child->group("");  // not shown: `serve` starts it
  child->add_option("--model", flags->child_models, "");
  child->add_option("--threads", flags->child_threads, "");
}

}  // namespace evenray
