// SPDX-License-Identifier: Apache-2.0
// The entry point of the program: parses the command line, runs the chosen command and maps errors
// to exit codes.
#include <c10/util/Exception.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <opencv2/core.hpp>

#include "app/command.hpp"
#include "core/error.hpp"
#include "core/parallel.hpp"
#include "core/run_folder.hpp"
#include "core/text.hpp"
#include "core/version.hpp"

namespace evenray {
namespace {

void add_commands(CLI::App& app, Cli& cli) {
  add_system_commands(app, cli);
  add_data_commands(app, cli);
  add_augment_commands(app, cli);
  add_lesion_commands(app, cli);
  add_gan_commands(app, cli);
  add_classify_commands(app, cli);
  add_detect_commands(app, cli);
  add_study_commands(app, cli);
  add_serve_commands(app, cli);
  add_export_events_command(app, cli);
}

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

int fail(Exit code, const std::string& message) {
  log_error(message);
  return static_cast<int>(code);
}

int out_of_memory() {
  return fail(Exit::missing_resource,
              "out of memory; give fewer --threads, a smaller --memory or a smaller minibatch");
}

/// Returns "unknown command 'x' (known: ...)" if a word before the first flag names no command,
/// else "".
std::string unknown_command(const CLI::App& app, int argc, char** argv) {
  const CLI::App* noun = &app;
  for (int i = 1; i < argc && argv[i][0] != '-'; ++i) {
    std::vector<std::string> known;
    const CLI::App* next = nullptr;
    for (const CLI::App* child : noun->get_subcommands(nullptr)) {
      if (!child->get_group().empty()) known.push_back(child->get_name());
      if (child->get_name() == argv[i]) next = child;
    }
    if (known.empty()) return "";
    if (!next) return unknown_name("command", argv[i], known);
    noun = next;
  }
  return "";
}

/// Returns "unknown flag '--x' of `evenray data pack`; did you mean '--y'?" if the command that the
/// first words name has no such flag, else "".
std::string unknown_flag(const CLI::App& app, int argc, char** argv) {
  const CLI::App* command = &app;
  std::string words = "evenray";
  std::vector<std::string> known, flags;
  const auto learn = [&] {
    for (const CLI::Option* option : command->get_options())
      for (const auto& name : option->get_lnames()) known.push_back("--" + name);
  };
  learn();
  for (int i = 1; i < argc && std::string_view(argv[i]) != "--"; ++i) {
    const std::string word = argv[i];
    if (word.starts_with("--")) flags.push_back(word.substr(0, word.find('=')));
    for (const CLI::App* child : command->get_subcommands(nullptr)) {
      if (child->get_name() != word) continue;
      command = child;
      words += " " + word;
      learn();
      break;
    }
  }
  for (const auto& flag : flags) {
    if (std::count(known.begin(), known.end(), flag) > 0) continue;
    const std::string near = nearest_name(flag, known);
    return cat(
        "unknown flag '",
        flag,
        "' of `",
        words,
        near.empty() ? cat("` (see ", words, " --help)") : cat("`; did you mean '", near, "'?"));
  }
  return "";
}

/// Flushes stdout and returns `code`. Throws Exit::io if the text cannot be written, so that a full
/// disk behind a pipe or redirection is not reported as success.
int flush_stdout(int code) {
  check(static_cast<bool>(std::cout.flush()), Exit::io, "cannot write to stdout");
  return code;
}

/// Starts the program again with a small spin count. Torch's OpenMP threads wait for each other by
/// spinning, 300,000 rounds by default. If another process uses one of the cores, the waiting
/// threads use up their time slices and training becomes much slower. Commands that train only a
/// classifier keep the default: their steps are so short that sleeping threads make them 15 %
/// slower on a quiet machine. libgomp reads the count when it is loaded, before main(), so it must
/// be in the environment before the program starts. Values that the user has set are kept.
void restart_with_short_spins(char** argv) {
  constexpr const char* kRounds = "1000";
  if (std::getenv("GOMP_SPINCOUNT") || std::getenv("OMP_WAIT_POLICY") || stop_requested()) return;
  ::setenv("GOMP_SPINCOUNT", kRounds, 1);
  // The real path, not the link, because `ps` and `pkill` show the name that was executed.
  std::error_code ignored;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", ignored);
  ::execv(program.c_str(), argv);  // returns only if it fails; then the default count is used
}

int run(int argc, char** argv) {
  CLI::App app(
      "Balances imbalanced X-ray sets: synthesises images of rare classes, fills up the classes, "
      "trains classifiers and measures the effect.",
      "evenray");
  app.set_version_flag("--version", cat("evenray ", kVersion));
  app.require_subcommand(1);
  app.option_defaults()->always_capture_default(false);
  Cli cli;
  add_commands(app, cli);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& help) {
    return flush_stdout(app.exit(help));
  } catch (const CLI::ParseError& error) {
    std::string unknown = unknown_command(app, argc, argv);
    if (unknown.empty()) unknown = unknown_flag(app, argc, argv);
    return fail(Exit::usage,
                unknown.empty() ? cat(first_line(error.what()), " (see evenray --help)") : unknown);
  }
  if (cli.short_spins) restart_with_short_spins(argv);
  if (cli.quiet) set_log_level(LogLevel::quiet);
  if (cli.verbose) set_log_level(LogLevel::verbose);
  return flush_stdout(cli.action());
}

}  // namespace
}  // namespace evenray

int main(int argc, char** argv) {
  using namespace evenray;
  tune_allocator();
  cv::setNumThreads(1);  // evenray runs OpenCV from its own threads
  catch_stop_signals();
  std::signal(SIGXFSZ, SIG_IGN);  // a file that may not grow any more is an error of write()
  try {
    return run(argc, argv);
  } catch (const Error& error) {
    return fail(error.code(), error.what());
  } catch (const c10::OutOfMemoryError& error) {
    return fail(Exit::missing_resource,
                cat("out of GPU memory: ", first_line(error.what_without_backtrace())));
  } catch (const c10::Error& error) {
    const std::string what = first_line(error.what_without_backtrace());
    return what.find("allocate memory") == std::string::npos ? fail(Exit::failed, what)
                                                             : out_of_memory();
  } catch (const std::bad_alloc&) {
    return out_of_memory();
  } catch (const cv::Exception& error) {
    return error.code == cv::Error::StsNoMem ? out_of_memory()
                                             : fail(Exit::failed, first_line(error.what()));
  } catch (const std::exception& error) {
    return fail(Exit::failed, first_line(error.what()));
  }
}
