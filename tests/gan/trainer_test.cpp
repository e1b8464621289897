// SPDX-License-Identifier: Apache-2.0
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "augment/sources.hpp"
#include "tests/gan/run_traces.hpp"

using namespace evenray;

namespace {

/// Everything that a step can do, at once.
GanOptions rich_options() {
  GanOptions options = tiny_options();
  options.augment = "ada";
  options.ada.kimg = .05;
  options.lecam_weight = .3;
  options.lecam_from_kimg = .01;
  options.mirror = true;
  options.dcgan.spectral_norm = true;
  options.r1_gamma = 2;
  options.r1_every = 2;
  return options;
}

}  // namespace

TEST_CASE("a run leaves its checkpoints, samples, events and metrics") {
  const Path& run = TinyRun::get().run;
  CHECK(run_done(run));
  const Json left = traces(run);
  CHECK(left["samples"].size() == 4);  // two evaluations, real images, nearest pairs
  CHECK(read_json(run / "judgement.json")["n_fake"] == 16);
  CHECK(std::filesystem::exists(run / "samples" / "kimg-00000.024.png"));
  CHECK(left["metrics"]["class"] == "Rare");
  CHECK(left["metrics"]["images"] == 54);
  CHECK(left["metrics"]["kimg"] == .048);
  CHECK(left["metrics"]["judged_by"] == "train");
  CHECK(left["metrics"]["judged_images"] == 16);
  const auto& events = left["events"];
  REQUIRE(events.size() == 3);
  CHECK(events[0]["step"] == 3);
  CHECK(events[1]["step"] == 6);
  CHECK(events[1]["loss_d"] > 0);
  CHECK(events[1]["d_real"] > 0);
  CHECK(events[2]["swd"] > 0);
  const double best = left["metrics"]["best_swd"];
  CHECK(events[0]["kept"] == true);
  CHECK(best == events[events[2]["kept"] == true ? 2 : 0]["swd"]);
  const Json facts =
      Json::parse(read_safetensors(run / "checkpoints" / "best.safetensors").metadata.at("facts"));
  CHECK(facts["best_swd"] == best);
  CHECK(facts["kimg"] == left["metrics"]["best_kimg"]);
}

TEST_CASE("a finished run is left as it is") {
  const TinyRun& tiny = TinyRun::get();
  const auto before = std::filesystem::last_write_time(tiny.run / "metrics.json");
  train_tiny(tiny.run, tiny.store);
  CHECK(std::filesystem::last_write_time(tiny.run / "metrics.json") == before);
}

TEST_CASE("a run is a function of its settings and seed") {
  const TinyRun& tiny = TinyRun::get();
  const ScratchFolder scratch;
  train_tiny(scratch / "again", tiny.store);
  CHECK(traces(scratch / "again") == traces(tiny.run));
  Runtime runtime = tiny_runtime();
  runtime.seed = 2;
  train_tiny(scratch / "other", tiny.store, "Rare", tiny_options(), runtime);
  CHECK(digest_in(step_file(scratch / "other", 6)) != digest_in(step_file(tiny.run, 6)));
  GanOptions mirrored = tiny_options();
  mirrored.mirror = true;
  train_tiny(scratch / "mirrored", tiny.store, "Rare", mirrored);
  CHECK(digest_in(step_file(scratch / "mirrored", 6)) != digest_in(step_file(tiny.run, 6)));
}

TEST_CASE("a run that broke off goes on bit for bit") {
  const TinyRun& tiny = TinyRun::get();
  const ScratchFolder scratch;
  const int step = GENERATE(2, 4);
  const double ema_kimg = GENERATE(0., 1.);
  GanOptions options = rich_options();
  options.ema_kimg = ema_kimg;
  INFO(step << " " << ema_kimg);
  train_tiny(scratch / "straight", tiny.store, "Rare", options);
  train_with_a_fault(scratch / "broken", tiny.store, options, step);
  CHECK(traces(scratch / "broken") == traces(scratch / "straight"));
}

TEST_CASE("a run with labels that broke off goes on bit for bit, from before they count on") {
  const ScratchFolder scratch;
  write_tiny_store(scratch / "set.h5", {24, 16, 8, 60, 50});
  const int step = GENERATE(2, 4);
  GanOptions options = rich_options();
  options.conditioning = GENERATE("projection", "acgan");
  options.label_warmup = .3;  // of six steps: they count from the third on, in full from the fifth
  INFO(step << " " << options.conditioning);
  train_tiny(scratch / "straight", scratch / "set.h5", "", options);
  train_with_a_fault(scratch / "broken", scratch / "set.h5", options, step, "");
  CHECK(traces(scratch / "broken") == traces(scratch / "straight"));
}

TEST_CASE("PGGAN: a run that broke off in a fade or after growth goes on bit for bit") {
  const TinyRun& tiny = TinyRun::get();
  const ScratchFolder scratch;
  GanOptions options = rich_options();
  options.family = "pggan";
  options.dcgan.spectral_norm = false;
  options.pggan.fmap_base = 16;
  options.pggan.fmap_max = 6;
  options.pggan.stage_kimg = options.pggan.final_kimg = 1;
  options.total_kimg = .08;  // 2 steps a stage: level 0, into and at level 1, into and at level 2
  options.eval_every_kimg = .016;
  train_tiny(scratch / "straight", tiny.store, "Rare", options);
  for (const int step : {2, 4, 5, 8}) {
    INFO(step);
    const Path broken = scratch / cat("broken", step);
    write_atomic(step_file(broken, step) / "in the way", "");
    CHECK(error_of([&] { train_tiny(broken, tiny.store, "Rare", options); }).code() ==
          Exit::cannot_create);
    std::filesystem::remove_all(step_file(broken, step));
    // What was grown so far draws images of the full size.
    const Generator young(step_file(broken, step - 1), Compute{});
    const auto drawn = young.sample(0, 1, drawing(1));
    CHECK(drawn[0].size() == cv::Size(16, 24));
    if (step == 2) {
      CHECK(young.facts().at("level") == 0);
      for (const int x : {1, 2, 3})
        CHECK(drawn[0].at<uint8_t>(0, x) == drawn[0].at<uint8_t>(0, 0));  // a pixel of 4 px
    }
    train_tiny(broken, tiny.store, "Rare", options);
    CHECK(traces(broken, 10) == traces(scratch / "straight", 10));
  }
}

TEST_CASE("a run whose last checkpoint is damaged goes on from the one before") {
  const TinyRun& tiny = TinyRun::get();
  const ScratchFolder scratch;
  train_tiny(scratch / "run", tiny.store);
  flip_bit(step_file(scratch / "run", 6));
  std::filesystem::remove(scratch / "run/DONE");
  set_log_level(LogLevel::quiet);
  train_tiny(scratch / "run", tiny.store);
  set_log_level(LogLevel::normal);
  CHECK(traces(scratch / "run") == traces(tiny.run));
}

TEST_CASE("a stop signal ends a run with 75 after a checkpoint, and it goes on bit for bit") {
  const TinyRun& tiny = TinyRun::get();
  const ScratchFolder scratch;
  Runtime rarely = tiny_runtime();
  rarely.checkpoint_every_s = 3600;
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(60);
    catch_stop_signals();
    ::raise(SIGTERM);
    const auto training = [&] {
      train_tiny(scratch / "run", tiny.store, "Rare", tiny_options(), rarely);
    };
    ::_exit(static_cast<int>(error_of(training).code()));
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == static_cast<int>(Exit::stopped));
  CHECK(std::filesystem::exists(step_file(scratch / "run", 1)));
  train_tiny(scratch / "run", tiny.store);
  CHECK(traces(scratch / "run") == traces(tiny.run));
}

TEST_CASE("a run goes on with its store and its thread count only") {
  const TinyRun& tiny = TinyRun::get();
  const ScratchFolder scratch;
  write_tiny_store(scratch / "other.h5", {24, 16, 8, 55, 8});
  CHECK(error_of([&] {
          write_atomic(step_file(scratch / "run", 2) / "in the way", "");
          train_tiny(scratch / "run", tiny.store);
        }).code() == Exit::cannot_create);
  std::filesystem::remove_all(step_file(scratch / "run", 2));
  // Settings that RunFolder cannot see to have changed: "all threads" on another machine.
  const auto going_on = [&](const Path& store, int64_t threads) {
    return error_of([&] {
      Runtime runtime = tiny_runtime();
      runtime.threads = threads;
      GanOptions options = tiny_options();
      Runtime stated = tiny_runtime();
      RunFolder run(scratch / "run", true, [&](Fields& f) {
        stated.fields(f);
        f.section("gan", options);
      });
      train_gan(Store(store), "Rare", options, runtime, run);
    });
  };
  const Error threads = going_on(tiny.store, 2);
  at::set_num_threads(1);
  CHECK(threads.code() == Exit::config);
  CHECK(contains(threads.what(), "threads was 1, now 2; give --threads 1"));
  const Error store = going_on(scratch / "other.h5", 1);
  CHECK(store.code() == Exit::config);
  CHECK(contains(store.what(), "store was "));
  Error other_class = error_of([&] { train_tiny(scratch / "run", tiny.store, ""); });
  CHECK(other_class.code() == Exit::config);
  CHECK(contains(other_class.what(), "class was \"Rare\", now \"\""));
  CHECK(going_on(tiny.store, 1).code() == Exit::done);
  other_class = error_of([&] { train_tiny(scratch / "run", tiny.store, "Common"); });
  CHECK(other_class.code() == Exit::config);
  CHECK(contains(other_class.what(), "is a finished run of class \"Rare\""));
  const Error other_store = error_of([&] { train_tiny(scratch / "run", scratch / "other.h5"); });
  CHECK(other_store.code() == Exit::config);
  CHECK(contains(other_store.what(), "is a finished run on another store"));
}

TEST_CASE("copies, augmented and synthetic rows are no images to learn from") {
  const TinyRun& tiny = TinyRun::get();
  const ScratchFolder scratch;
  const Store in(tiny.store);
  const Plan plan{{8, 54}, {52, 6}, {}};
  const std::vector<SourceShare> copies{{make_copy_source(in, 1), 1}};
  run_balance({.in = in,
               .plan = plan,
               .sources = copies,
               .gates = {},
               .options = {},
               .settings = "",
               .out = scratch / "balanced.h5"});
  train_tiny(scratch / "run", scratch / "balanced.h5");
  CHECK(read_json(scratch / "run/metrics.json")["images"] == 54);
  CHECK(digest_in(step_file(scratch / "run", 6)) == digest_in(step_file(tiny.run, 6)));
  const Error few =
      error_of([&] { train_tiny(scratch / "few", scratch / "balanced.h5", "Common"); });
  CHECK(few.code() == Exit::bad_data);
  CHECK(contains(few.what(), "class Common has 8 training images"));
}

namespace {

GanOptions grown_options() {
  GanOptions options = tiny_options();
  options.family = "pggan";
  options.pggan.fmap_base = 16;
  options.pggan.fmap_max = 6;
  options.total_kimg = .08;
  return options;
}

/// Two steps at full size from grown networks: without norms and with squares the loss grows with a
/// high power of the learning rate.
GanOptions steep_options(const Path& parent, double lr_d) {
  GanOptions options = grown_options();
  options.total_kimg = .016;
  options.loss = "lsgan";
  options.transfer.from = parent.string();
  options.lr_d = lr_d;
  return options;
}

std::vector<Json> retries_of(const Path& run) {
  std::vector<Json> out;
  for (const auto& line : split_text(read_file(run / "events.jsonl"), '\n'))
    if (contains(line, "retry")) out.push_back(Json::parse(line));
  return out;
}

}  // namespace

TEST_CASE("a run that diverges goes back with half the learning rates, three times at the most") {
  const TinyRun& tiny = TinyRun::get();
  const ScratchFolder scratch;
  train_tiny(scratch / "parent", tiny.store, "Rare", grown_options());
  set_log_level(LogLevel::quiet);
  const Error error = error_of([&] {
    train_tiny(scratch / "lost", tiny.store, "Rare", steep_options(scratch / "parent", 1e9));
  });
  CHECK(error.code() == Exit::failed);
  CHECK(contains(error.what(), "the training diverged at step "));
  CHECK(contains(error.what(), "lower gan.lr_d and gan.lr_g"));
  CHECK_FALSE(run_done(scratch / "lost"));
  CHECK(retries_of(scratch / "lost").back()["retry"] == 3);

  const GanOptions saved = steep_options(scratch / "parent", 20);
  train_tiny(scratch / "run", tiny.store, "Rare", saved);
  const auto retries = retries_of(scratch / "run");
  REQUIRE(!retries.empty());
  CHECK(retries.size() <= 3);
  CHECK(read_json(scratch / "run/metrics.json")["retries"] == retries.back()["retry"]);
  // The same again, bit for bit, broken off after it had gone back, too.
  train_tiny(scratch / "again", tiny.store, "Rare", saved);
  CHECK(traces(scratch / "again", 2) == traces(scratch / "run", 2));
  train_with_a_fault(scratch / "broken", tiny.store, saved, retries.back()["step"].get<int>() + 2);
  set_log_level(LogLevel::normal);
  CHECK(traces(scratch / "broken", 2) == traces(scratch / "run", 2));
}
