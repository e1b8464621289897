// SPDX-License-Identifier: Apache-2.0
#include "core/run_folder.hpp"

#include <sys/wait.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <fstream>

#include "core/version.hpp"
#include "tests/fixture.hpp"

using namespace evenray;

namespace {

struct Settings {
  Runtime runtime;
  Visit visit() {
    return [this](Fields& f) { runtime.fields(f); };
  }
};

/// config.toml as a run begins it.
std::string written(Settings& settings) {
  return cat("# evenray ", kVersion, "\n", write_config(settings.visit()));
}

int64_t last_step(const Path& folder) {
  const auto lines = split_text(read_file(folder / "events.jsonl"), '\n');
  return lines.size() < 2 ? -1 : Json::parse(lines[lines.size() - 2])["step"].get<int64_t>();
}

}  // namespace

TEST_CASE("a run starts, ends, and is not begun again by mistake") {
  const ScratchFolder scratch;
  const Path path = scratch / "run";
  Settings settings;
  CHECK_FALSE(run_done(path));
  {
    RunFolder run(path, false, settings.visit());
    CHECK_FALSE(run.resumed());
    CHECK_FALSE(run.done());
    CHECK(read_file(path / "config.toml") == written(settings));
    log_warning("a line for the log");
    run.finish();
    CHECK(run.done());
  }
  CHECK(run_done(path));
  CHECK(contains(read_file(path / "log.txt"), "a line for the log"));
  const Error error = error_of([&] { RunFolder(path, false, settings.visit()); });
  CHECK(error.code() == Exit::cannot_create);
  CHECK(contains(error.what(), "--resume"));
  CHECK(RunFolder(path, true, settings.visit()).resumed());
}

TEST_CASE("of two processes that begin in one folder the second waits for none") {
  const ScratchFolder scratch;
  Settings settings;
  const RunFolder first(scratch.path(), false, settings.visit());
  const Error error = error_of([&] { RunFolder(scratch.path(), false, settings.visit()); });
  CHECK(error.code() == Exit::cannot_create);
  CHECK(contains(error.what(), "in use by another"));
}

TEST_CASE("--resume in an empty folder starts afresh") {
  const ScratchFolder scratch;
  Settings settings;
  CHECK_FALSE(RunFolder(scratch.path(), true, settings.visit()).resumed());
}

TEST_CASE("a resume with changed settings lists them; threads and checkpoints are free") {
  const ScratchFolder scratch;
  Settings settings;
  { RunFolder(scratch.path(), false, settings.visit()).event({{"step", 1}}); }
  settings.runtime.checkpoint_every_s = 5;
  settings.runtime.threads = 3;
  CHECK(RunFolder(scratch.path(), true, settings.visit()).resumed());
  settings.runtime.seed = 2;
  settings.runtime.precision = "fp32";
  const Error error = error_of([&] { RunFolder(scratch.path(), true, settings.visit()); });
  CHECK(error.code() == Exit::config);
  CHECK(contains(error.what(), "seed was 1, now 2"));
  CHECK(contains(error.what(), "precision was 'auto', now 'fp32'"));
  CHECK(settings.runtime.seed == 2);
  CHECK(settings.runtime.checkpoint_every_s == 5);
}

TEST_CASE("a run that left nothing but its settings never began") {
  const ScratchFolder scratch;
  Settings settings;
  { RunFolder run(scratch.path(), false, settings.visit()); }
  settings.runtime.seed = 2;
  for (const bool resume : {false, true}) {
    CHECK_FALSE(RunFolder(scratch.path(), resume, settings.visit()).resumed());
    CHECK(read_file(scratch / "config.toml") == written(settings));
  }
}

TEST_CASE("two processes cannot share a run") {
  const ScratchFolder scratch;
  Settings settings;
  RunFolder run(scratch.path(), false, settings.visit());
  CHECK(error_of([&] { RunFolder(scratch.path(), true, settings.visit()); }).code() ==
        Exit::cannot_create);
}

TEST_CASE("events are rewound to the checkpoint, and a line cut short is dropped") {
  const ScratchFolder scratch;
  const Path& path = scratch.path();
  Settings settings;
  {
    RunFolder run(path, false, settings.visit());
    for (int64_t step = 1; step <= 5; ++step) run.event({{"step", step}, {"loss", 1.0 / 0.0}});
  }
  std::ofstream(path / "events.jsonl", std::ios::app) << "{\"step\": 6, \"lo";
  RunFolder run(path, true, settings.visit());
  CHECK(last_step(path) == 5);
  run.event({{"step", 6}});
  CHECK(last_step(path) == 6);
  run.rewind_events(3);
  CHECK(last_step(path) == 3);
  run.rewind_events(0);
  CHECK(last_step(path) == -1);
}

TEST_CASE("settings out of range end with 78") {
  const auto fault = [](auto change) {
    Runtime runtime;
    change(runtime);
    return error_of([&] { runtime.check(); });
  };
  CHECK(fault([](Runtime&) {}).code() == Exit::done);
  CHECK(fault([](Runtime& r) { r.threads = -1; }).code() == Exit::config);
  CHECK(fault([](Runtime& r) { r.seed = -1; }).code() == Exit::config);
  CHECK(fault([](Runtime& r) { r.checkpoint_every_s = -1; }).code() == Exit::config);
  CHECK(contains(fault([](Runtime& r) { r.precision = "fp16"; }).what(), "fp16"));
  Runtime runtime;
  CHECK(runtime.thread_count() >= 1);
  runtime.threads = 3;
  CHECK(runtime.thread_count() == 3);
}

TEST_CASE("the first stop signal sets a flag, the second ends the process") {
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    catch_stop_signals();
    throw_if_stopped();
    std::raise(SIGTERM);
    if (!stop_requested()) ::_exit(1);
    if (error_of(throw_if_stopped).code() != Exit::stopped) ::_exit(2);
    std::raise(SIGTERM);
    ::_exit(3);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 143);
  CHECK_FALSE(stop_requested());
}
