// SPDX-License-Identifier: Apache-2.0
#include "app/command.hpp"

#include <iostream>

#include "core/error.hpp"
#include "core/text.hpp"
#include "dataset/layouts/store_source.hpp"

namespace evenray {
namespace {

/// A variable of the shell that is not set would go for an option left out. (An empty --where
/// takes back that of the configuration.)
void refuse_empty(const CLI::App& command) {
  for (const CLI::Option* option : command.get_options())
    for (const auto& value : option->results())
      if (value.empty() && option->get_name() != "--where")
        throw CLI::ValidationError(option->get_name(), "is empty; give it a value or leave it out");
}

}  // namespace

Config Cli::load(Config base) const {
  apply_config(base, config, sets);
  Config known = base;
  // What is for a transfer that is yet to be planned.
  if (known.gan.preset == kAutoPreset && known.gan.transfer == "none")
    known.gan.freeze_d = known.gan.parent_kimg = 0;
  known.check();
  from_flag([&] {
    if (seed) base.runtime.seed = *seed;
    if (threads) base.runtime.threads = *threads;
    if (!device.empty()) base.runtime.device = device;
    if (!precision.empty()) base.runtime.precision = precision;
    base.runtime.check();
  });
  return base;
}

CLI::App* add_command(CLI::App* parent,
                      Cli& cli,
                      const std::string& name,
                      const std::string& help,
                      Takes takes,
                      std::function<int()> action) {
  CLI::App* command = parent->add_subcommand(name, help);
  if (takes.config) {
    command->add_option("--config", cli.config, "settings, TOML (evenray config lists them)");
    command->add_option("--set", cli.sets, "one setting, a.b=c; may be repeated")
        ->allow_extra_args(false);
  }
  if (takes.seed)
    command->add_option("--seed", cli.seed, "every random stream is derived from it")
        ->check(at_least(0));
  if (takes.threads)
    command->add_option("--threads", cli.threads, "worker and torch threads; 0: all");
  if (takes.device) command->add_option("--device", cli.device, "auto, cpu, cuda or cuda:i");
  if (takes.precision) command->add_option("--precision", cli.precision, "auto, bf16 or fp32");
  if (takes.json) command->add_flag("--json", cli.json, "JSON on stdout");
  if (takes.dry_run) command->add_flag("--dry-run", cli.dry_run, "print the plan, do nothing");
  command->add_flag("--quiet", cli.quiet, "errors only");
  command->add_flag("--verbose", cli.verbose, "tell what is being done");
  command->callback([&cli, command, action = std::move(action)] {
    refuse_empty(*command);
    cli.action = action;
  });
  return command;
}

void Reading::add(CLI::App& command) {
  command.add_option("--format", format, join(format_names()));
  command.add_option("--labels", labels, "CSV (from, to): rename, merge, drop classes");
  command.add_option(
      "--key", key, "key file that DICOM patients are hashed with; made at first use");
}

ReadOptions Reading::options(const Config& config) const {
  ReadOptions options = config.data.read;
  if (!format.empty()) options.format = format;
  if (!labels.empty()) options.labels = labels;
  if (!key.empty()) options.key = key;
  from_flag([&] { options.check(); });
  return options;
}

CLI::Validator at_least(int64_t least) {
  return CLI::Validator(
      [least](std::string& text) {
        int64_t value = 0;
        if (parse_int(text, value) && value >= least) return std::string();
        return cat(text, " is no whole number of ", least, " or more");
      },
      cat("INT>=", least));
}

void from_flag(const std::function<void()>& body) {
  try {
    body();
  } catch (const Error& error) {
    throw Error(error.code() == Exit::config ? Exit::usage : error.code(), error.what());
  }
}

void print_result(const Cli& cli, const Json& json, const std::string& text) {
  std::cout << (cli.json ? json_text(json) : text);
}

std::vector<int64_t> parse_size(const std::string& text) {
  const auto parts = split_text(text, 'x');
  std::vector<int64_t> sides;
  for (const auto& part : parts) {
    int64_t side = 0;
    if (parse_int(part, side)) sides.push_back(side);
  }
  check(sides.size() == parts.size() && (sides.size() == 1 || sides.size() == 2),
        Exit::usage,
        cat("--size takes PX or HEIGHTxWIDTH, not '", text, "'"));
  if (sides.size() == 1) sides.push_back(sides[0]);
  return sides;
}

bool is_store(const std::string& path) {
  return Path(path).extension() == ".h5" || is_store_source(path);
}

}  // namespace evenray
