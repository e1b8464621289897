// SPDX-License-Identifier: Apache-2.0
#pragma once
// The app room is the command line program `evenray`. main.cpp parses the command line and maps
// errors to exit codes; each *_command(s).cpp adds the commands of one noun; command.cpp holds what
// they share; completion.cpp makes the completion scripts and the manual page. Read this header,
// then main.cpp. Except for bench/bench.cpp, only this room includes CLI11.
#include <CLI/CLI.hpp>
#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "metrics/metrics.hpp"
#include "metrics/resampling.hpp"
#include "settings/flags.hpp"

namespace evenray {

/// A command's flag that sets a configuration key, and its words on the command line.
struct BoundFlag {
  const FlagKey* flag = nullptr;   ///< the flag and its key
  CLI::Option* option = nullptr;   ///< its option in CLI11
  std::vector<std::string> words;  ///< filled by CLI11
};

/// Values of the flags that commands share, and the action of the chosen command.
struct Cli {
  Path config;                    ///< --config; empty: none
  std::vector<std::string> sets;  ///< --set
  std::deque<BoundFlag> bound;    ///< of all commands; a deque, since CLI11 points to its elements
  bool json = false, quiet = false, verbose = false, dry_run = false;
  bool short_spins = false;     ///< Takes::short_spins of the chosen command
  std::function<int()> action;  ///< runs the chosen command and returns the exit code

  /// Returns the sources of this call's settings: --config (or `file`, if not empty), --set and the
  /// flags that were given.
  Settings settings(const Path& file = {}) const;
  /// Returns `base` with these settings applied, checked. Throws as Settings::load().
  Config load(Config base = {}, const Path& file = {}) const {
    Config config = settings(file).load(std::move(base));
    config.runtime.use_memory();
    return config;
  }
};

/// The shared flags that a command takes, and what it needs.
struct Takes {
  bool config = false;  ///< --config and --set
  bool seed = false, threads = false /* and memory */, device = false, precision = false;
  bool json = false, dry_run = false;
  /// The command trains generators, so its OpenMP threads spin only briefly (see main.cpp).
  bool short_spins = false;
};
/// The shared flags of commands that train.
inline constexpr Takes kTraining{.config = true,
                                 .seed = true,
                                 .threads = true,
                                 .device = true,
                                 .precision = true,
                                 .json = true,
                                 .dry_run = true,
                                 .short_spins = true};
/// Adds a command with its action, the shared flags that it takes, and all flags that
/// settings/flags.hpp binds to it. Returns it, for further options.
CLI::App* add_command(CLI::App* parent,
                      Cli& cli,
                      const std::string& name,
                      const std::string& help,
                      Takes takes,
                      std::function<int()> action);

/// Runs `body` and rethrows a configuration error (78) as a usage error (2), for values that came
/// from a flag.
void from_flag(const std::function<void()>& body);

/// Returns a validator for whole numbers of `least` or more.
CLI::Validator at_least(int64_t least);

/// Help of the flag --flip of detectors.
inline constexpr const char* kFlip =
    "also seek boxes in the mirror images and fuse both (twice as slow; without masks)";

/// Help of their option --with.
inline constexpr const char* kWith =
    "a further detector, whose boxes are fused with those of the first; may be repeated";

/// Prints `json` to stdout with --json, else `text`.
void print_result(const Cli& cli, const Json& json, const std::string& text);

/// Returns the options of metrics on a part, from the settings.
MetricOptions metric_options(const Config& config, const std::string& part);
/// Returns the draws of intervals of a detector's metrics, from the settings.
Resampling detection_resampling(const Config& config);

/// Returns true if `path` is a store: its name ends in .h5, or is_store_source() recognises it.
bool is_store(const std::string& path);

/// Throws Exit::usage if a flag was given that says how a folder is read, because PATH is a store.
void refuse_reader_flags(const Cli& cli);

// Each adds the commands of one noun, or a part of them, from its own source file.
void add_data_commands(CLI::App& app, Cli& cli);
void add_inspect_commands(CLI::App& data, Cli& cli);
void add_audit_command(CLI::App& data, Cli& cli);
void add_export_command(CLI::App& data, Cli& cli);
void add_gan_commands(CLI::App& app, Cli& cli);
void add_gan_report_command(CLI::App& gan, Cli& cli);
void add_gan_evaluation_commands(CLI::App& gan, Cli& cli);
void add_augment_commands(CLI::App& app, Cli& cli);
void add_policy_search_command(CLI::App& augment, Cli& cli);
void add_lesion_commands(CLI::App& app, Cli& cli);
void add_classify_commands(CLI::App& app, Cli& cli);
void add_predict_commands(CLI::App& classify, Cli& cli);
void add_ensemble_command(CLI::App& classify, Cli& cli);
void add_tune_command(CLI::App& classify, Cli& cli);
void add_detect_commands(CLI::App& app, Cli& cli);
void add_detect_metrics_command(CLI::App& detect, Cli& cli);
void add_detect_predict_command(CLI::App& detect, Cli& cli);
void add_fuse_command(CLI::App& detect, Cli& cli);
void add_study_commands(CLI::App& app, Cli& cli);
void add_serve_commands(CLI::App& app, Cli& cli);
void add_serve_upkeep_commands(CLI::App& serve, Cli& cli);
void add_export_events_command(CLI::App& app, Cli& cli);
void add_system_commands(CLI::App& app, Cli& cli);

/// Returns the completion script for `shell` (bash, zsh or fish), made from the commands and flags
/// of `app`. Throws 2 for another shell.
std::string completion_script(const CLI::App& app, const std::string& shell);
/// Returns the manual page in roff, made from the commands and flags of `app`.
std::string manual_page(const CLI::App& app);
/// Prints the class names of the first store among the words of a command line.
void complete_classes(const std::vector<std::string>& words);

}  // namespace evenray
