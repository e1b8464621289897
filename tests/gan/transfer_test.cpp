// SPDX-License-Identifier: Apache-2.0
#include "gan/transfer.hpp"

#include "gan/growth.hpp"
#include "nn/checkpoint.hpp"
#include "tests/gan/tiny_gan.hpp"

using namespace evenray;

namespace {

TensorFile last_of(const Path& run) { return read_safetensors(training_file(run)); }

Json facts_of(const Path& run) { return Json::parse(last_of(run).metadata.at("facts")); }

}  // namespace

TEST_CASE("a run may begin with the networks of the largest class, the lower layers of D kept") {
  const ScratchFolder scratch;
  write_tiny_store(scratch / "set.h5", {24, 16, 8, 51, 60});
  GanOptions options = tiny_options();
  options.family = GENERATE("dcgan", "pggan");
  INFO(options.family);
  options.pggan.fmap_base = 16;
  options.pggan.fmap_max = 6;
  options.transfer.from = "majority";
  options.transfer.parent_kimg = .08;
  options.transfer.freeze_d = 1;
  options.early_stop = false;
  train_tiny(scratch / "run", scratch / "set.h5", "Rare", options);
  const Path parent = scratch / "run" / "parent";
  CHECK(read_json(parent / "metrics.json")["class"] == "Common");
  CHECK(read_json(parent / "metrics.json")["kimg"] >= .08);
  const TensorFile before = last_of(parent), after = last_of(scratch / "run");
  CHECK(facts_of(scratch / "run")["parent"] == before.metadata.at("tensor_digest"));
  const bool grows = options.family == "pggan";
  const std::string kept = grows ? "d.down_2.weight" : "d.body.0.weight";
  const std::string trained = grows ? "d.tail.weight" : "d.body.2.weight";
  CHECK(same(before.tensors.at(kept), after.tensors.at(kept)));
  CHECK_FALSE(same(before.tensors.at(trained), after.tensors.at(trained)));
  // Six steps at the full size from the start.
  CHECK(facts_of(scratch / "run")["step"] == 6);
  CHECK(facts_of(scratch / "run")["level"] == 2);
  // Stopped at any time it goes on, the parent first.
  for (const bool with_parent : {false, true}) {
    std::filesystem::remove(scratch / "run/DONE");
    if (with_parent) std::filesystem::remove(parent / "DONE");
    train_tiny(scratch / "run", scratch / "set.h5", "Rare", options);
    CHECK(run_done(parent));
    CHECK(same_tensors(last_of(scratch / "run"), after));
  }
  // A run of its own from the same networks is the same training.
  options.transfer.from = parent.string();
  options.transfer.parent_kimg = 0;
  train_tiny(scratch / "again", scratch / "set.h5", "Rare", options);
  CHECK(same_tensors(last_of(scratch / "again"), after));
}

TEST_CASE("a run may begin with networks of all classes; its parent runs to its end") {
  const ScratchFolder scratch;
  write_tiny_store(scratch / "set.h5", {24, 16, 8, 51, 60});
  GanOptions options = tiny_options();
  options.transfer.from = "all";
  train_tiny(scratch / "run", scratch / "set.h5", "Rare", options);
  const Json parent = read_json(scratch / "run/parent/metrics.json");
  CHECK(parent["class"] == "");
  CHECK(parent["images"] == 111);
  CHECK(contains(read_file(scratch / "run/parent/config.toml"), "early_stop = false"));
}

TEST_CASE("labels of a parent count from the start, and are those of the run") {
  const TinyRun& tiny = TinyRun::get();
  const ScratchFolder scratch;
  GanOptions options = tiny_options();
  options.conditioning = "projection";
  options.allow_few = true;
  CHECK(Schedule(options, 2).at(0).label_share == 0);
  train_tiny(scratch / "parent", tiny.store, "", options);
  options.transfer.from = (scratch / "parent").string();
  CHECK(Schedule(options, 2).at(0).label_share == 1);
  train_tiny(scratch / "run", tiny.store, "", options);
  CHECK(facts_of(scratch / "run")["label_share"] == 1);
  options.conditioning = "none";
  const Error error = error_of([&] { train_tiny(scratch / "plain", tiny.store, "Rare", options); });
  CHECK(error.code() == Exit::config);
  CHECK(contains(error.what(), "was trained with the labels (Common, Rare), but this run has ()"));
}

TEST_CASE("networks of another kind are refused, with what differs") {
  const TinyRun& tiny = TinyRun::get();
  const ScratchFolder scratch;
  const auto beginning = [&](const std::function<void(GanOptions&)>& change, const Path& store) {
    GanOptions options = tiny_options();
    options.transfer.from = tiny.run.string();
    change(options);
    return error_of([&] { train_tiny(scratch / "run", store, "Rare", options); });
  };
  Error error = beginning(
      [](GanOptions& o) {
        o.dcgan.ngf = 8;
        o.latent = 7;
      },
      tiny.store);
  CHECK(error.code() == Exit::config);
  CHECK(contains(error.what(), "gan.latent was 6, now 7, gan.dcgan.ngf was 4, now 8"));
  error = beginning([](GanOptions& o) { o.family = "pggan"; }, tiny.store);
  CHECK(contains(error.what(), "gan.family was dcgan, now pggan"));
  write_tiny_store(scratch / "large.h5", {48, 32, 8, 51, 8});
  error = beginning([](GanOptions&) {}, scratch / "large.h5");
  CHECK(contains(error.what(), "draws images of [24,16] px, but the store has [48,32]"));
  error = beginning([](GanOptions& o) { o.transfer.freeze_d = 3; }, tiny.store);
  CHECK(error.code() == Exit::config);
  CHECK(contains(error.what(), "gan.transfer.freeze_d 3 leaves nothing to train"));
  error = beginning(
      [&](GanOptions& o) {
        o.transfer.from = (tiny.run / "checkpoints" / "best.safetensors").string();
      },
      tiny.store);
  CHECK(error.code() == Exit::bad_data);
  CHECK(contains(error.what(), "does not contain a discriminator"));
  TensorFile damaged = last_of(tiny.run);
  Json facts = facts_of(tiny.run);
  const Path file = scratch / "other.safetensors";
  const auto with = [&](const std::string& key, const Json& value) {
    Json changed = facts;
    changed[key] = value;
    damaged.metadata["facts"] = changed.dump();
    write_safetensors(file, damaged);
    return beginning([&](GanOptions& o) { o.transfer.from = file.string(); }, tiny.store);
  };
  CHECK(with("size_px", {64}).code() == Exit::config);
  CHECK(with("classes", 3).code() == Exit::bad_data);
  CHECK(contains(with("collapse", "it is saturated").what(), "ended early: it is saturated"));
  damaged.metadata["config"] = "[gan]\nunknown = 3\n";
  CHECK(with("step", 6).code() == Exit::bad_data);
  error =
      beginning([&](GanOptions& o) { o.transfer.from = (scratch / "none").string(); }, tiny.store);
  CHECK(error.code() == Exit::missing_input);
  error = beginning([](GanOptions& o) { o.transfer.from = "majority"; }, tiny.store);
  CHECK(error.code() == Exit::bad_data);
  CHECK(contains(error.what(), "class Rare is the largest class"));
}

TEST_CASE("PGGAN: networks that have not grown to the full size are none to begin with") {
  const TinyRun& tiny = TinyRun::get();
  const ScratchFolder scratch;
  GanOptions options = tiny_options();
  options.family = "pggan";
  options.pggan.fmap_base = 16;
  options.pggan.fmap_max = 6;
  options.total_kimg = .08;
  const Path late = scratch / "young/checkpoints/step-00000003.safetensors";
  write_atomic(late / "in the way", "");
  CHECK(error_of([&] { train_tiny(scratch / "young", tiny.store, "Rare", options); }).code() ==
        Exit::cannot_create);
  std::filesystem::remove_all(late);
  options.transfer.from = (scratch / "young").string();
  const Error error = error_of([&] { train_tiny(scratch / "run", tiny.store, "Rare", options); });
  CHECK(error.code() == Exit::config);
  CHECK(contains(error.what(), "has not grown to the full size yet"));
}

TEST_CASE("auto plans by image count, other classes and device") {
  const auto plan = [](int64_t images, int64_t largest_other, bool gpu = false, int side = 64) {
    GanOptions options;
    options.family = "pggan";
    options.preset = kAutoPreset;
    const GanOptions out = plan_gan_options(options, {images, largest_other, gpu, side});
    out.check();
    CHECK(out.family == "pggan");
    CHECK(out.latent == 128);
    return out;
  };
  const GanOptions few = plan(292, 1648);
  CHECK(few.transfer.from == "majority");
  CHECK(few.transfer.freeze_d == 2);
  CHECK(few.augment == GanOptions{}.augment);
  CHECK(few.transfer.parent_kimg == Approx(58.4));
  CHECK(few.total_kimg == Approx(29.2));
  CHECK(plan(292, 299).transfer.from == "none");
  CHECK(plan(300, 1648).transfer.from == "none");
  CHECK(plan(300, 1648).total_kimg == 60);
  CHECK(plan(4999, 0).augment == GanOptions{}.augment);
  CHECK(plan(5000, 0).augment == "ada");
  CHECK(plan(30000, 0).augment == "none");
  CHECK(plan(30000, 0).total_kimg == 100);
  CHECK(plan(500, 0, true).total_kimg == 500);
  CHECK(plan(500, 0, true).pggan.fmap_max == 256);
  // Larger images: more stages, and channels that are left at the last of them.
  CHECK(plan(300, 1648, false, 256).pggan.fmap_base == 2048);
  CHECK(plan(300, 1648, false, 1024).pggan.fmap_base == 8192);
  CHECK(plan(300, 1648, false, 256).total_kimg == Approx(60 * 72. / 60));
  CHECK(plan(500, 0, true, 512).pggan.fmap_base == 8192);
}

TEST_CASE("pggan's small has stages as long as the set asks for, and is else as set") {
  GanOptions options;
  options.family = "pggan";
  options.apply_preset();
  options.minibatch = 8;
  CHECK(depends_on_store(options));
  const auto kimg = [&](int64_t images, int side = 64) {
    const GanOptions plan = plan_gan_options(options, {images, 9000, true, side});
    CHECK(plan.minibatch == 8);
    CHECK(plan.transfer.from == "none");
    CHECK(plan.pggan.fmap_base == 1024);
    return plan.total_kimg;
  };
  CHECK(kimg(60) == 40);
  CHECK(kimg(430) == 86);
  CHECK(kimg(5000) == 100);
  CHECK(kimg(430, 256) == Approx(86 * 72. / 60));
  options.preset = "paper";
  CHECK_FALSE(depends_on_store(options));
  CHECK_FALSE(depends_on_store(GanOptions{}));
}

TEST_CASE("what cannot be trained is refused before its parent is") {
  const ScratchFolder scratch;
  write_tiny_store(scratch / "set.h5", {24, 16, 8, 49, 60});
  GanOptions options = tiny_options();
  options.transfer.from = "majority";
  const auto refused = [&] {
    const Error error =
        error_of([&] { train_tiny(scratch / "run", scratch / "set.h5", "Rare", options); });
    CHECK_FALSE(std::filesystem::exists(scratch / "run" / "parent"));
    return std::string(error.what());
  };
  CHECK(contains(refused(), "class Rare has 49 training images"));
  options.allow_few = true;
  options.transfer.freeze_d = 9;
  CHECK(contains(refused(), "gan.transfer.freeze_d 9 leaves nothing to train"));
}
