// SPDX-License-Identifier: Apache-2.0
#include "core/run_folder.hpp"

#include <unistd.h>

#include <atomic>
#include <csignal>
#include <fstream>
#include <limits>

#include "core/error.hpp"
#include "core/memory.hpp"
#include "core/parallel.hpp"
#include "core/temporary.hpp"
#include "core/text.hpp"
#include "core/version.hpp"

namespace evenray {
namespace {

std::atomic<bool> stop_flag{false};
static_assert(std::atomic<bool>::is_always_lock_free);

void on_stop_signal(int number) {
  if (stop_flag.exchange(true)) _exit(128 + number);
}

/// Returns true for keys that may change between start and resume because they do not change a
/// result. A run whose result depends on the thread count compares it itself (nn/training.hpp).
bool free_to_change(const std::string& key) {
  return key == "checkpoint_every_s" || key == "keep_checkpoints" || key == "threads" ||
         key == "memory_gb";
}

/// Returns true if a run left more in `folder` than its settings and log. A run that failed before
/// it began may start again there with other settings.
bool has_begun(const Path& folder) {
  std::error_code error;
  for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (name != "config.toml" && name != "log.txt" && !name.starts_with('.')) return true;
  }
  if (error) throw_unreadable(folder, error.value());
  return false;
}

bool file_exists(const Path& path) {
  std::error_code error;
  return std::filesystem::exists(path, error);
}

using FlatConfig = std::map<std::string, std::string>;

/// With precision `auto`, a resumed run keeps the one that it was started with.
void take_precision(const Visit& settings, FlatConfig& now, const FlatConfig& before) {
  const auto found = now.find("precision");
  if (found == now.end() || found->second != "'auto'" || !before.contains("precision")) return;
  found->second = before.at("precision");
  set_field(settings, "precision", {found->second.substr(1, found->second.size() - 2)}, "");
}

}  // namespace

void Runtime::fields(Fields& f) {
  f("seed", seed, "all random streams are derived from this number");
  f("threads", threads, "worker and torch threads; 0: all hardware threads");
  f("device", device, "auto, cpu, cuda or cuda:i");
  f("precision", precision, "auto (whichever is measured to be faster), bf16 or fp32");
  f("memory_gb",
    memory_gb,
    "GB that large pictures may take at a time, over all threads; 0: a quarter of what is free");
  f("checkpoint_every_s",
    checkpoint_every_s,
    "seconds between checkpoints; does not change results");
  f("keep_checkpoints",
    keep_checkpoints,
    "number of newest checkpoints to keep, in addition to the best");
}

void Runtime::check() const {
  evenray::check(threads >= 0 && threads <= 1024, Exit::config, "threads must be 0 (all) to 1024");
  evenray::check(seed >= 0, Exit::config, "seed must be 0 or more");
  evenray::check(precision == "auto" || precision == "bf16" || precision == "fp32",
                 Exit::config,
                 cat("precision must be auto, bf16 or fp32, not '", precision, "'"));
  int64_t index = 0;
  const bool known =
      device == "auto" || device == "cpu" || device == "cuda" ||
      (device.starts_with("cuda:") && parse_int(device.substr(5), index) && index >= 0);
  evenray::check(
      known, Exit::config, cat("unknown device '", device, "' (known: auto, cpu, cuda, cuda:i)"));
  evenray::check(memory_gb >= 0 && memory_gb <= 1e6,
                 Exit::config,
                 "memory_gb must be 0 (a quarter of what is free) or more");
  evenray::check(checkpoint_every_s >= 0, Exit::config, "checkpoint_every_s must be 0 or more");
  evenray::check(keep_checkpoints >= 1, Exit::config, "keep_checkpoints must be 1 or more");
}

void Runtime::use_memory() const {
  if (memory_gb > 0) set_picture_memory(static_cast<uint64_t>(memory_gb * 1e9));
}

int Runtime::thread_count() const {
  return threads > 0 ? static_cast<int>(threads) : hardware_threads();
}

RunFolder::RunFolder(const Path& folder, bool resume, const Visit& settings) : folder_(folder) {
  make_folder(folder);
  // Lock before reading anything: another process may start in the same folder.
  lock_ = std::make_unique<FolderLock>(folder);
  const Path config = folder / "config.toml";
  resumed_ = holds_run(folder);
  check(
      resume || !resumed_,
      Exit::cannot_create,
      cat(folder.string(), " already holds a run: give --resume to continue it, or another --out"));
  remove_abandoned_temporaries(folder);
  if (resumed_) {
    auto now = flat_config(settings);
    // `settings` gives access to one set of structs only, so the old values are read into them,
    // compared, and replaced by the new ones again.
    const std::string text = write_config(settings);
    read_config_text(settings, read_file(config, 1 << 20), config.string());
    const auto before = flat_config(settings);
    read_config_text(settings, text, "settings");
    take_precision(settings, now, before);
    std::vector<std::string> changes;
    for (const auto& [key, value] : now) {
      const auto old = before.find(key);
      const bool in_list = key.find('[') != std::string::npos;
      if (old == before.end() ? in_list : old->second != value && !free_to_change(key))
        changes.push_back(
            cat(key, " was ", old == before.end() ? "not set" : old->second, ", now ", value));
    }
    for (const auto& [key, value] : before)
      if (!now.contains(key)) changes.push_back(cat(key, " was ", value, ", now not set"));
    check(changes.empty(),
          Exit::config,
          cat(folder.string(),
              ": cannot resume with changed settings: ",
              join(changes, "; "),
              "; restore them, or start a new run in another folder (--out)"));
    rewind_events(std::numeric_limits<int64_t>::max());
  } else {
    write_atomic(config, cat("# evenray ", kVersion, "\n", write_config(settings)));
  }
  log_ = std::make_unique<LogFile>(folder / "log.txt");
}

bool holds_run(const Path& folder) {
  return file_exists(folder / "config.toml") && has_begun(folder);
}

bool run_done(const Path& folder) { return file_exists(folder / "DONE"); }
bool RunFolder::done() const { return run_done(folder_); }

void RunFolder::event(const Json& event) {
  std::ofstream out(folder_ / "events.jsonl", std::ios::app);
  out << event.dump(-1, ' ', false, Json::error_handler_t::replace) << "\n";
  out.flush();
  if (!out) throw_errno("write", folder_ / "events.jsonl");
}

void RunFolder::rewind_events(int64_t step) {
  const Path path = folder_ / "events.jsonl";
  if (!file_exists(path)) return;
  std::string kept;
  for (const auto& line : split_text(read_file(path), '\n')) {
    const Json event = Json::parse(line, nullptr, false);
    if (event.is_object() && event.value("step", int64_t{0}) <= step) kept += line + "\n";
  }
  write_atomic(path, kept);
}

void RunFolder::finish() { write_atomic(folder_ / "DONE", ""); }

void catch_stop_signals() {
  struct sigaction action {};
  action.sa_handler = on_stop_signal;
  for (int number : {SIGTERM, SIGINT, SIGUSR2}) sigaction(number, &action, nullptr);
}

bool stop_requested() { return stop_flag; }

void throw_if_stopped() {
  if (stop_flag)
    throw Error(
        Exit::stopped,
        "stopped; run the same command again to continue (with --resume if it has that flag)");
}

}  // namespace evenray
