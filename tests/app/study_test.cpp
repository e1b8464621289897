// SPDX-License-Identifier: Apache-2.0
// Studies and trainings by the real program: stopped, killed, and run again.
#include <chrono>
#include <thread>

#include "core/rng.hpp"
#include "tests/app/workshop.hpp"

using namespace evenray;
using Clock = std::chrono::steady_clock;

namespace {

constexpr const char* kStudy = R"(seed = 3
threads = 1
[data]
device = "cpu"
precision = "fp32"
path = "phantom:images=120,rare_share=.3,seed=7,size_px=40x32"
size_px = [40, 32]
ratios = [0.6, 0.2, 0.2]
[gan]
ngf = 4
ndf = 4
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

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

void sleep_s(double seconds) {
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
}

/// Waits until the file is there; false after half a minute.
bool appears(const Path& path) {
  for (int i = 0; i < 3000; ++i) {
    if (std::filesystem::exists(path)) return true;
    sleep_s(.01);
  }
  return false;
}

}  // namespace

TEST_CASE("a study that is killed again and again ends with the same bytes") {
  const ScratchFolder scratch;
  const Path& at = scratch.path();
  write_text(scratch / "study.toml", kStudy);
  const Words study{"study", "run", "study.toml", "--out"};
  const auto start = Clock::now();
  const Ran whole = done(at, study + Words{"whole"});
  const double duration = seconds_since(start);
  CHECK(contains(whole.out, "gan vs oversample"));
  CHECK(contains(whole.out, "report: whole/report.html"));
  const std::string summary = read_file(scratch / "whole/summary.json");

  // Often saved, so that a kill falls also between and into savings.
  const Words saving{"--set=checkpoint_every_s=0"};
  Rng rng(static_cast<uint64_t>(Clock::now().time_since_epoch().count()));
  int kills = 0;
  for (int i = 0; i < 4; ++i) {
    Program program(at, study + Words{"killed"} + saving);
    sleep_s(duration * rng.uniform(.1, .6));
    program.signal(SIGKILL);
    const Ran ran = program.wait();
    CAPTURE(ran.err);
    if (ran.code == 0) break;
    REQUIRE(ran.code == 128 + SIGKILL);
    ++kills;
  }
  CHECK(kills >= 1);
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
    CHECK(ran.err == "evenray: stopped; run the same command again to go on\n");
    CHECK(ran.out.empty());
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
        study + Words{"whole", "--set=gan.ngf=8", "--set=study.seeds=2"},
        Exit::config,
        "gan.ngf was 4, now 8");
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
  CHECK(contains(ran.err, "1 cell(s) failed; `evenray study status s` says why"));
  CHECK(contains(ran.out, "oversample"));
  const std::string status = done(at, {"study", "status", "s"}).out;
  CHECK(contains(status, "1 done, 2 failed"));
  CHECK(contains(status, "fewer than the 50"));
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
  CHECK_FALSE(std::filesystem::exists(scratch / "s"));
  CHECK(
      done(at, {"demo", "--quick", "--dry-run", "--json", "--threads=1"}).json()["cells"].size() ==
      7);
  fails(at, {"study", "status", "s"}, Exit::missing_input, "s holds no study");
  fails(at, {"study", "report", "s"}, Exit::missing_input, "s holds no study");
}

TEST_CASE("a demo of two arms") {
  const ScratchFolder scratch;
  const Ran ran =
      done(scratch.path(),
           Words{"demo", "--quick", "--out=d", "--set=study.arms=['real','weighted']"} + kPlain);
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
  bool stopped = false;
  for (const int number : {SIGTERM, SIGKILL, SIGINT}) {
    if (std::filesystem::exists(scratch / "broken/DONE")) break;
    Program program(at, train + often);
    // Not before it has begun: until then the signal means what it always does.
    REQUIRE(appears(scratch / "broken/checkpoints"));
    sleep_s(.25);
    program.signal(number);
    const Ran ran = program.wait();
    CAPTURE(number, ran.err);
    if (ran.code == 0) break;
    CHECK(ran.code == (number == SIGKILL ? 128 + SIGKILL : static_cast<int>(Exit::stopped)));
    stopped |= number == SIGTERM;
  }
  CHECK(stopped);
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

TEST_CASE("two processes do not work in one folder") {
  const ScratchFolder scratch;
  const Path& at = scratch.path();
  write_text(scratch / "study.toml", kStudy);
  const Words study{"study", "run", "study.toml", "--out=s"};
  Program first(at, study);
  REQUIRE(appears(scratch / "s/config.toml"));
  fails(at, study, Exit::cannot_create, "in use by another evenray process");
  first.signal(SIGKILL);
  first.wait();
}
