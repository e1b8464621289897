// SPDX-License-Identifier: Apache-2.0
// What the evaluations in the course of a training decide: which checkpoint is kept, and the end.
#include "tests/gan/run_traces.hpp"

using namespace evenray;

TEST_CASE("a collapsed training ends early, says why, and is as whole as any other") {
  const TinyRun& tiny = TinyRun::get();
  const ScratchFolder scratch;
  GanOptions options = tiny_options();
  options.total_kimg = .08;
  options.eval_every_kimg = .008;
  options.lr_g = 1e-9;  // G stays noise, which D soon tells from every real image
  options.lr_d = .01;
  options.augment = "none";
  options.early_stop = false;
  train_tiny(scratch / "straight", tiny.store, "Rare", options);
  CHECK_FALSE(read_json(scratch / "straight/metrics.json").contains("stopped_early"));
  options.early_stop = true;
  train_tiny(scratch / "run", tiny.store, "Rare", options);
  const Json metrics = read_json(scratch / "run/metrics.json");
  REQUIRE(metrics.contains("stopped_early"));
  CHECK(metrics["kimg"] < .08);
  CHECK(run_done(scratch / "run"));
  const int last = static_cast<int>(std::lround(metrics["kimg"].get<double>() * 125));
  CHECK(std::filesystem::exists(step_file(scratch / "run", last)));
  train_with_a_fault(scratch / "broken", tiny.store, options, last - 1);
  CHECK(traces(scratch / "broken", last) == traces(scratch / "run", last));
}

TEST_CASE("the last K checkpoints stay, and the best") {
  const TinyRun& tiny = TinyRun::get();
  const ScratchFolder scratch;
  Runtime runtime = tiny_runtime();
  runtime.keep_checkpoints = 3;
  train_tiny(scratch / "run", tiny.store, "Rare", tiny_options(), runtime);
  for (const int step : {1, 2, 3})
    CHECK_FALSE(std::filesystem::exists(step_file(scratch / "run", step)));
  for (const int step : {4, 5, 6}) CHECK(std::filesystem::exists(step_file(scratch / "run", step)));
  CHECK(std::filesystem::exists(scratch / "run/checkpoints/best.safetensors"));
}

TEST_CASE("images of one group alone are trained on, without floors and last judgement") {
  const ScratchFolder scratch;
  TinyStore tiny;
  tiny.groups = GENERATE(1, 2);
  write_tiny_store(scratch / "set.h5", tiny);
  train_tiny(scratch / "run", scratch / "set.h5");
  CHECK(run_done(scratch / "run"));
  const Json events = traces(scratch / "run")["events"];
  CHECK(events[0]["floor"].is_null() == (tiny.groups == 1));
  CHECK(events[0]["msssim_real"].is_null() == (tiny.groups == 1));
  CHECK(std::filesystem::exists(scratch / "run/judgement.json") == (tiny.groups == 2));
}

TEST_CASE(
    "validation images choose a checkpoint of a single patient, and training ends all the same") {
  const ScratchFolder scratch;
  TinyStore tiny;
  tiny.groups = 1;
  tiny.val = 300;
  write_tiny_store(scratch / "set.h5", tiny);
  train_tiny(scratch / "run", scratch / "set.h5");
  CHECK(run_done(scratch / "run"));
  CHECK(read_json(scratch / "run/metrics.json")["judged_by"] == "val");
  CHECK_FALSE(std::filesystem::exists(scratch / "run/judgement.json"));
}

TEST_CASE("300 validation images of the class are enough to choose the checkpoint by") {
  const ScratchFolder scratch;
  const auto metrics_with = [&](int64_t val) {
    TinyStore tiny;
    tiny.val = val;
    write_tiny_store(scratch / cat(val, ".h5"), tiny);
    train_tiny(scratch / cat(val), scratch / cat(val, ".h5"));
    return read_json(scratch / cat(val) / "metrics.json");
  };
  const Json few = metrics_with(299), enough = metrics_with(300);
  CHECK(few["judged_by"] == "train");
  CHECK(enough["judged_by"] == "val");
  CHECK(enough["judged_images"] == tiny_options().eval_images);
  // The same training, held against other images.
  CHECK(digest_in(step_file(scratch / "300", 6)) == digest_in(step_file(scratch / "299", 6)));
  CHECK(enough["best_swd"] != few["best_swd"]);
}
