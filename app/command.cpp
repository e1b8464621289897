// SPDX-License-Identifier: Apache-2.0
#include "app/command.hpp"

#include <algorithm>
#include <array>
#include <iostream>

#include "core/error.hpp"
#include "core/text.hpp"
#include "dataset/layouts/store_source.hpp"

namespace evenray {
namespace {

/// Throws for a flag with an empty value: an unset shell variable would otherwise count as a flag
/// that was not given. An empty --where is allowed: it removes the condition of the configuration.
void refuse_empty(const CLI::App& command) {
  for (const CLI::Option* option : command.get_options())
    for (const auto& value : option->results())
      if (value.empty() && option->get_name() != "--where")
        throw CLI::ValidationError(option->get_name(), "is empty; give a value, or omit the flag");
}

/// Returns the command's words without the program's name: "data pack".
std::string path_of(const CLI::App& command) {
  const CLI::App* parent = command.get_parent();
  return parent && parent->get_parent() ? cat(parent->get_name(), " ", command.get_name())
                                        : command.get_name();
}

void bind(CLI::App& command, Cli& cli, const FlagKey& flag) {
  Config known;
  const Visit visit = [&](Fields& f) { known.fields(f); };
  const std::string key(flag.key), name(flag.flag);
  const std::string help = flag.help.empty() ? field_help(visit, key) : std::string(flag.help);
  BoundFlag& bound = cli.bound.emplace_back();
  bound.flag = &flag;
  const int words = flag.convert ? 1 : field_words(visit, key);
  if (words == 0) {
    bound.option = command.add_flag(name, help);
    return;
  }
  bound.option = command.add_option(name, bound.words, help)->allow_extra_args(false);
  if (flag.words > 0)
    bound.option->delimiter(',')->expected(static_cast<int>(flag.words));
  else if (words == 1 && !flag.convert)
    bound.option->expected(1);
}

}  // namespace

Settings Cli::settings(const Path& file) const {
  std::vector<FlagValue> given;
  for (const BoundFlag& one : bound) {
    if (one.option->count() == 0) continue;
    for (auto& value : flag_values(*one.flag, one.words)) given.push_back(std::move(value));
  }
  return Settings(file.empty() ? config : file, sets, std::move(given));
}

CLI::App* add_command(CLI::App* parent,
                      Cli& cli,
                      const std::string& name,
                      const std::string& help,
                      Takes takes,
                      std::function<int()> action) {
  CLI::App* command = parent->add_subcommand(name, help);
  if (takes.config) {
    command->add_option(
        "--config", cli.config, "TOML file with settings (evenray config lists them)");
    command->add_option("--set", cli.sets, "set one key, a.b=c; may be repeated")
        ->allow_extra_args(false);
  }
  if (takes.seed) bind(*command, cli, shared_flag("--seed"));
  if (takes.threads) bind(*command, cli, shared_flag("--threads"));
  if (takes.threads) bind(*command, cli, shared_flag("--memory"));
  if (takes.device) bind(*command, cli, shared_flag("--device"));
  if (takes.precision) bind(*command, cli, shared_flag("--precision"));
  if (takes.json) command->add_flag("--json", cli.json, "print JSON to stdout");
  if (takes.dry_run) command->add_flag("--dry-run", cli.dry_run, "print the plan and do nothing");
  command->add_flag("--quiet", cli.quiet, "log errors only");
  command->add_flag("--verbose", cli.verbose, "log each step in detail");
  for (const FlagKey* flag : flags_of(path_of(*command))) bind(*command, cli, *flag);
  command->callback([&cli, command, short_spins = takes.short_spins, action = std::move(action)] {
    // A command may have commands of its own (`serve user`): then theirs is the action.
    if (!command->get_subcommands().empty()) return;
    cli.short_spins = short_spins;
    refuse_empty(*command);
    cli.action = action;
  });
  return command;
}

CLI::Validator at_least(int64_t least) {
  return CLI::Validator(
      [least](std::string& text) {
        int64_t value = 0;
        if (parse_int(text, value) && value >= least) return std::string();
        return cat(text, " is not a whole number of ", least, " or more");
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

void refuse_reader_flags(const Cli& cli) {
  constexpr std::array<std::string_view, 4> keys = {
      "data.format", "data.labels", "data.key", "data.patient"};
  for (const BoundFlag& one : cli.bound) {
    const bool given = one.option->count() > 0;
    const bool reads = std::find(keys.begin(), keys.end(), one.flag->key) != keys.end();
    check(!given || !reads,
          Exit::usage,
          cat(one.flag->flag, " applies to a folder, but PATH is a store; omit it"));
  }
}

bool is_store(const std::string& path) {
  return Path(path).extension() == ".h5" || is_store_source(path);
}

}  // namespace evenray
