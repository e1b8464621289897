// SPDX-License-Identifier: Apache-2.0
// Studies and trainings by the real program: stopped, killed, and run again.
#include <chrono>
#include <random>
#include <set>
#include <thread>

#include "core/rng.hpp"
#include "tests/app/workshop.hpp"

using namespace evenray;

namespace {

constexpr const char* kStudy = R"(seed = 3
threads = 1
device = "cpu"
precision = "fp32"
[data]
path = "phantom:images=120,rare_share=.3,seed=7,size_px=40x32"
size_px = [40, 32]
ratios = [0.6, 0.2, 0.2]
[gan]
dcgan = {ngf = 4, ndf = 4}
lr_g = 2e-3
lr_d = 2e-3
total_kimg = 0.8
eval_every_kimg = 0.4
minibatch = 16
allow_few = true
[classify]
steps = 8
minibatch = 8
bootstrap = 20
[study]
arms = ["oversample", "gan"]
seeds = 1
contrast = "gan vs oversample"
bootstrap = 100
judge_images = 64
origin_steps = 2
)";

/// Waits until it is so; false after a minute.
bool becomes(const std::function<bool()>& so) {
  for (int i = 0; i < 6000; ++i) {
    if (so()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return false;
}

bool appears(const Path& path) {
  return becomes([&] { return std::filesystem::exists(path); });
}

/// The checkpoints of a run at this moment.
std::set<std::string> steps_in(const Path& run) {
  std::set<std::string> names;
  std::error_code missing;
  for (const auto& entry : std::filesystem::directory_iterator(run / "checkpoints", missing)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with("step-")) names.insert(name);
  }
  return names;
}

}  // namespace

TEST_CASE("a study that is killed again and again ends with the same bytes") {
  const ScratchFolder scratch;
  const Path& at = scratch.path();
  write_text(scratch / "study.toml", kStudy);
  // Steps enough that no run ends between a file that is waited for and the signal.
  const Words study{"study", "run", "study.toml", "--set=classify.steps=60", "--out"};
  const Ran whole = done(at, study + Words{"whole"});
  CHECK(contains(whole.out, "gan vs oversample"));
  CHECK(contains(whole.out, "report: whole/report.html"));
  const std::string summary = read_file(scratch / "whole/summary.json");

  // Killed once in each part of the work, a moment after that part's first file is there; often
  // saved, so that a kill falls also between and into savings.
  const Words saving{"--set=checkpoint_every_s=0"};
  const uint64_t seed = std::random_device()();
  Rng rng(seed);
  for (const char* begun : {"data/split.csv",
                            "generators/Fractured-s0-f0/checkpoints",
                            "cells/oversample-s0-f0/balance.json",
                            "cells/gan-s0-f0/classifier/checkpoints"}) {
    const auto pause_us = static_cast<int64_t>(rng.below(50'000));
    CAPTURE(seed, begun, pause_us);
    Program program(at, study + Words{"killed"} + saving);
    REQUIRE(appears(scratch / "killed" / begun));
    std::this_thread::sleep_for(std::chrono::microseconds(pause_us));
    program.signal(SIGKILL);
    const Ran ran = program.wait();
    CAPTURE(ran.err);
    REQUIRE(ran.code == 128 + SIGKILL);
  }
  CHECK_FALSE(std::filesystem::exists(scratch / "killed/DONE"));
  done(at, study + Words{"killed"} + saving);
  CHECK(read_file(scratch / "killed/summary.json") == summary);
  CHECK(read_file(scratch / "killed/results.csv") == read_file(scratch / "whole/results.csv"));
  CHECK(contains(done(at, {"study", "status", "killed"}).out, "done: 3 done, 0 failed, 0 waiting"));
  for (const auto& name : files_in(scratch / "killed"))
    CHECK_FALSE(contains(name, ".evenray-tmp-"));

  // A stop: 75, and then on.
  {
    Program program(at, study + Words{"stopped"});
    REQUIRE(appears(scratch / "stopped/generators/Fractured-s0-f0/config.toml"));
    program.signal(SIGTERM);
    const Ran ran = program.wait();
    CAPTURE(ran.err);
    CHECK(ran.code == static_cast<int>(Exit::stopped));
    CHECK(ran.err ==
          "evenray: stopped; run the same command again to continue (with --resume if it has that "
          "flag)\n");
    CHECK_FALSE(contains(ran.out, "report:"));  // only the plan
    CHECK_FALSE(std::filesystem::exists(scratch / "stopped/summary.json"));
  }
  const Json status = done(at, {"study", "status", "stopped", "--json"}).json();
  CHECK(status["state"] == "unfinished");
  CHECK(status["waiting"].size() >= 2);
  done(at, study + Words{"stopped"});
  CHECK(read_file(scratch / "stopped/summary.json") == summary);

  // Run again: at once, and the same; changed: refused.
  CHECK(done(at, study + Words{"whole", "--json"}).json() == Json::parse(summary));
  fails(at,
        study + Words{"whole", "--set=gan.dcgan.ngf=8", "--set=study.seeds=2"},
        Exit::config,
        "gan.dcgan.ngf was 4, now 8");
  std::filesystem::remove(scratch / "whole/report.html");
  CHECK(contains(done(at, {"study", "report", "whole"}).out, "report: whole/report.html"));
  CHECK(contains(read_file(scratch / "whole/report.html"), "</html>"));
  CHECK(read_file(scratch / "whole/summary.json") == summary);
}

TEST_CASE("a study with a cell that fails: 1, one line, the others are done") {
  const ScratchFolder scratch;
  const Path& at = scratch.path();
  write_text(scratch / "study.toml", kStudy);
  const Ran ran = run(at, {"study", "run", "study.toml", "--out=s", "--set=gan.allow_few=false"});
  CAPTURE(ran.out, ran.err);
  CHECK(ran.code == 1);
  CHECK(ran.error_lines() == 1);
  CHECK(contains(ran.err,
                 "2 generator(s) or cell(s) failed; `evenray study status s` shows the errors, the "
                 "same command would fail again: change what they name and use another --out"));
  CHECK(contains(ran.out, "oversample"));
  const std::string status = done(at, {"study", "status", "s"}).out;
  CHECK(contains(status, "1 done, 2 failed"));
  CHECK(contains(status, "with fewer than 50"));
  CHECK(contains(read_file(scratch / "s/results.csv"), "gan-s0-f0,gan,0,0,failed,"));
  CHECK(contains(read_file(scratch / "s/report.md"), "oversample"));
}

TEST_CASE("what a study would do") {
  const ScratchFolder scratch;
  const Path& at = scratch.path();
  write_text(scratch / "study.toml", kStudy);
  const Json plan = done(at, {"study", "plan", "study.toml", "--json"}).json();
  CHECK(plan["cells"].size() == 2);
  CHECK(plan["generators"].size() == 1);
  CHECK(plan["estimate_s"]["total"] > 0);
  CHECK(contains(done(at, {"study", "run", "study.toml", "--dry-run", "--out=s"}).out,
                 "2 cells, 1 generators of 0.8 kimg"));
  const std::string text = done(at, {"study", "plan", "study.toml"}).out;
  CHECK(text.starts_with("time         about "));
  CHECK_FALSE(contains(text, "gan-s0-f0"));
  CHECK(contains(done(at, {"study", "plan", "study.toml", "--verbose"}).out, "  gan-s0-f0\n"));
  write_text(scratch / "equal.toml",
             std::string(kStudy) + "[[study.arm]]\nname = \"again\"\nsources = [\"copy@1\"]\n");
  for (const char* verb : {"plan", "run"})
    fails(at,
          {"study", verb, "equal.toml"},
          Exit::config,
          "arms 'oversample' and 'again' would be equal");
  CHECK_FALSE(std::filesystem::exists(scratch / "s"));
  CHECK(
      done(at, {"demo", "--quick", "--dry-run", "--json", "--threads=1"}).json()["cells"].size() ==
      7);
  fails(at, {"study", "status", "s"}, Exit::missing_input, "s holds no study");
  fails(at, {"study", "report", "s"}, Exit::missing_input, "s holds no study");
}

TEST_CASE("a demo of two arms") {
  const ScratchFolder scratch;
  const Ran ran = done(scratch.path(),
                       Words{"demo",
                             "--quick",
                             "--out=d",
                             "--set=study.arms=['real','weighted']",
                             "--set=study.contrast=weighted vs real"} +
                           kPlain);
  CHECK(contains(ran.out, "report: d/report.html"));
  CHECK(std::filesystem::exists(scratch / "d/report.html"));
}

TEST_CASE("a training that is stopped or killed goes on to the same checkpoint") {
  const ScratchFolder scratch;
  const Path at = scratch.path(), set = workshop() / "set.h5";
  const bool gan = GENERATE(true, false);
  const Words train = gan ? Words{"gan", "train", set, "--class=Fractured", "--resume"} + kTinyGan +
                                Words{"--set=gan.total_kimg=2.4", "--set=gan.eval_every_kimg=1.2"}
                          : Words{"classify", "train", set, "--resume"} + kTinyClassifier +
                                Words{"--set=classify.steps=150"};
  const Words often{"--set=checkpoint_every_s=0", "--out=broken"};
  done(at, train + Words{"--out=whole"});
  for (const int number : {SIGTERM, SIGKILL, SIGINT}) {
    const auto before = steps_in(scratch / "broken");
    Program program(at, train + often);
    // A new checkpoint: it has gone on, and the last of the 150 steps is far away.
    REQUIRE(becomes([&] { return steps_in(scratch / "broken") != before; }));
    program.signal(number);
    const Ran ran = program.wait();
    CAPTURE(number, ran.err);
    CHECK(ran.code == (number == SIGKILL ? 128 + SIGKILL : static_cast<int>(Exit::stopped)));
  }
  CHECK_FALSE(std::filesystem::exists(scratch / "broken/DONE"));
  done(at, train + often);
  const Words checkpoints = files_in(scratch / "whole/checkpoints");
  REQUIRE(checkpoints.size() >= 2);
  for (const auto& name : checkpoints) {
    CAPTURE(name);
    CHECK(read_file(scratch / "whole/checkpoints" / name) ==
          read_file(scratch / "broken/checkpoints" / name));
  }
  CHECK(read_file(scratch / "whole/metrics.json") == read_file(scratch / "broken/metrics.json"));
}

TEST_CASE("a study of a folder of images says nothing of where it lies") {
  const ScratchFolder scratch;
  const Path& at = scratch.path();
  write_fracatlas(scratch / "set");
  write_text(scratch / "study.toml", kStudy);
  done(at,
       {"study",
        "run",
        "study.toml",
        "--out=s",
        "--data",
        scratch / "set",
        "--set=study.arms=['real','oversample']",
        "--set=study.contrast=oversample vs real"});
  const std::string summary = read_file(scratch / "s/summary.json");
  CHECK(Json::parse(summary)["data"]["source"] == "set");
  CHECK_FALSE(contains(summary, at.filename().string()));
  CHECK_FALSE(contains(summary, "\"/"));
}

TEST_CASE("two processes do not work in one folder") {
  const ScratchFolder scratch;
  const Path& at = scratch.path();
  write_text(scratch / "study.toml", kStudy);
  const Words study{"study", "run", "study.toml", "--out=s", "--set=classify.steps=100000"};
  Program first(at, study);
  REQUIRE(appears(scratch / "s/config.toml"));
  fails(at, study, Exit::cannot_create, "in use by another evenray process");
  first.signal(SIGKILL);
  first.wait();
}
