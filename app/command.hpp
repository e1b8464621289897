// SPDX-License-Identifier: Apache-2.0
#pragma once
// The command line's frame. CLI11 is seen in this room only.
#include <CLI/CLI.hpp>
#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "settings/flags.hpp"

namespace evenray {

/// A flag of a command that sets a key, and what it was given.
struct BoundFlag {
  const FlagKey* flag = nullptr;
  CLI::Option* option = nullptr;
  std::vector<std::string> words;
};

/// Flags that commands share, and what the chosen command does.
struct Cli {
  Path config;
  std::vector<std::string> sets;
  std::deque<BoundFlag> bound;  ///< of all commands; addresses stay
  bool json = false, quiet = false, verbose = false, dry_run = false;
  std::function<int()> action;  ///< of the command that was given; its result is the exit code

  /// Where the settings of this call come from: --config, --set and the flags that were given.
  /// `file` replaces --config.
  Settings settings(const Path& file = {}) const;
  /// Defaults (or `base`) with all of these, checked.
  Config load(Config base = {}) const { return settings().load(std::move(base)); }
};

/// Which shared flags a command takes.
struct Takes {
  bool config = false;  ///< --config and --set
  bool seed = false, threads = false, device = false, precision = false;
  bool json = false, dry_run = false;
};
/// What training takes.
inline constexpr Takes kTraining{.config = true,
                                 .seed = true,
                                 .threads = true,
                                 .device = true,
                                 .precision = true,
                                 .json = true,
                                 .dry_run = true};
/// A command with its action, the shared flags that it takes, and all flags that
/// settings/flags.hpp binds to it.
CLI::App* add_command(CLI::App* parent,
                      Cli& cli,
                      const std::string& name,
                      const std::string& help,
                      Takes takes,
                      std::function<int()> action);

/// Runs `body`; a configuration error in it came from a flag, so it becomes a usage error (2).
void from_flag(const std::function<void()>& body);

/// For whole numbers of `least` or more.
CLI::Validator at_least(int64_t least);

/// Prints to stdout: JSON with --json, the text otherwise.
void print_result(const Cli& cli, const Json& json, const std::string& text);

/// Whether a path means a store: by its ending, .h5, or by what lies there (is_store_source).
bool is_store(const std::string& path);

// One per noun, in its own file.
void add_data_commands(CLI::App& app, Cli& cli);
void add_look_commands(CLI::App& data, Cli& cli);
void add_export_command(CLI::App& data, Cli& cli);
void add_gan_commands(CLI::App& app, Cli& cli);
void add_gan_report_command(CLI::App& gan, Cli& cli);
void add_gan_judging_commands(CLI::App& gan, Cli& cli);
void add_augment_commands(CLI::App& app, Cli& cli);
void add_classify_commands(CLI::App& app, Cli& cli);
void add_study_commands(CLI::App& app, Cli& cli);
void add_system_commands(CLI::App& app, Cli& cli);

/// Completion script for "bash", "zsh" or "fish", and the manual page (roff), made from the
/// commands and flags themselves.
std::string completion_script(const CLI::App& app, const std::string& shell);
std::string manual_page(const CLI::App& app);

}  // namespace evenray
