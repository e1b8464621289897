// SPDX-License-Identifier: Apache-2.0
#include "study/cells.hpp"
#include "metrics/predictions.hpp"

#include <c10/util/Exception.h>

#include "study/training_part.hpp"
#include "tests/classifier/blobs.hpp"
#include "tests/fixture.hpp"
#include "tests/lesion/lesion_store.hpp"
#include "tests/torch_catch.hpp"

using namespace evenray;

namespace {

Config cells_tiny() {
  Config config;
  config.runtime.threads = 1;
  config.runtime.device = "cpu";
  config.runtime.precision = "fp32";
  config.classify.steps = 4;
  config.classify.minibatch = 8;
  config.classify.bootstrap = 20;
  return config;
}

StudyPlan plan_of(const Config& config) {
  return make_study_plan(config, {"Dark", "Bright"}, "Bright");
}

Config tiny_generators() {
  Config config = cells_tiny();
  config.gan.allow_few = true;
  config.gan.total_kimg = .016;
  config.gan.minibatch = 8;
  config.gan.dcgan.ngf = config.gan.dcgan.ndf = 4;
  return config;
}

/// A study folder with a packed store of 30 Dark and 10 Bright training rows.
struct Prepared {
  ScratchFolder scratch;
  StudyFolder folder{scratch.path()};
  Prepared() {
    make_folder(scratch / "data");
    write_blob_store(folder.store(0), {{30, 10}, {5, 5}, {8, 8}});
  }
};

std::vector<std::string> ids(const StudyPlan& plan) {
  std::vector<std::string> out;
  for (const auto& cell : plan.cells) out.push_back(cell.id());
  return out;
}

}  // namespace

TEST_CASE("cells and generators of a plan") {
  Config config;
  StudyPlan plan = plan_of(config);
  CHECK(plan.folds == 1);
  CHECK(plan.cells.size() == 7 * 3);
  CHECK(plan.generators.size() == 2 * 3);

  config.study.folds = 5;
  plan = plan_of(config);
  CHECK(plan.cells.size() == 7 * 3 * 5);
  CHECK(plan.generators.size() == 2 * 3 * 5);

  // The second class is only drawn for gan-both.
  config.study.arms = {"real", "gan", "gan+autoaugment"};
  config.study.seeds = 2;
  config.study.folds = 3;
  plan = plan_of(config);
  REQUIRE(plan.generators.size() == 6);
  CHECK(plan.generators[0].id() == "Bright-s0-f0");
  CHECK(plan.generators[5].id() == "Bright-s1-f2");
  CHECK(plan.generator_classes(StudyOptions{}.arm_named("real")).empty());
  CHECK(plan.generator_classes(StudyOptions{}.arm_named("gan")) ==
        std::vector<std::string>{"Bright"});
  CHECK(plan.generator_classes(StudyOptions{}.arm_named("gan-both")) ==
        std::vector<std::string>{"Bright", "Dark"});

  config.study.arms = {"oversample", "weighted"};
  config.study.folds = 0;
  plan = plan_of(config);
  CHECK(plan.generators.empty());
  CHECK(ids(plan) ==
        std::vector<std::string>{
            "oversample-s0-f0", "weighted-s0-f0", "oversample-s1-f0", "weighted-s1-f0"});
}

TEST_CASE("a failure is recorded and forgotten when it is mended; a stop ends the study") {
  const ScratchFolder scratch;
  const Path error = scratch / "cell/error.json";
  const auto fails = [&](const std::function<void()>& work) {
    return attempt(scratch / "cell", work).value_or("nothing");
  };
  CHECK(fails([] { throw Error(Exit::bad_data, "no images"); }) == "no images");
  CHECK(read_json(error)["message"] == "no images");
  CHECK(read_json(error)["again"] == false);
  CHECK(fails([] { throw Error(Exit::missing_resource, "no GPU"); }) == "no GPU");
  CHECK(read_json(error)["again"] == true);  // there may be one the next time
  CHECK(fails([] { throw std::runtime_error("first\nsecond"); }) == "first");
  CHECK(fails([] { TORCH_CHECK(false, "shapes\ndiffer"); }) == "shapes");
  CHECK(read_json(error)["message"] == "shapes");
  CHECK_FALSE(attempt(scratch / "cell", [] {}));
  CHECK_FALSE(std::filesystem::exists(error));
  // A full disk ends the study at once: the other cells would fail too.
  for (const Exit code : {Exit::stopped, Exit::io}) {
    const Error ended =
        error_of([&] { attempt(scratch / "cell", [&] { throw Error(code, "ended"); }); });
    CHECK(ended.code() == code);
    CHECK_FALSE(std::filesystem::exists(error));
  }
}

TEST_CASE("a cell leaves its figures and is not made twice") {
  const Prepared prepared;
  const Config config = cells_tiny();
  const Cell cell{GENERATE("real", "weighted", "oversample", "autoaugment"), 0, 0};
  CAPTURE(cell.arm);
  run_cell(config, prepared.folder, plan_of(config), cell);
  const Path path = prepared.folder.cell(cell);
  CHECK(run_done(path));
  CHECK(read_json(path / "metrics.json")["n"] == 16);
  CHECK(read_predictions(path / "predictions.csv").rows() == 16);
  CHECK_FALSE(std::filesystem::exists(path / "balanced.h5"));
  const Arm arm = config.study.arm_named(cell.arm);
  CHECK(std::filesystem::exists(path / "balance.json") == arm.balanced());
  if (arm.balanced()) {
    const Json after = read_json(path / "balance.json")["after"];
    CHECK(after["Bright"]["total"] == 30);
    CHECK(after["Dark"]["real"] == 30);
    CHECK(after["Bright"][arm.augmented() ? "augmented" : "copy"] == 20);
  }
  Config classify;
  read_config_text(
      [&](Fields& f) {
        classify.runtime.fields(f);
        f.section("classify", classify.classify);
      },
      read_file(path / "classifier" / "config.toml"),
      "config.toml");
  CHECK(classify.classify.loss_weights == (cell.arm == "weighted" ? "inverse" : "none"));
  CHECK(classify.classify.steps == 4);

  const auto written = std::filesystem::last_write_time(path / "predictions.csv");
  run_cell(config, prepared.folder, plan_of(config), cell);
  CHECK(std::filesystem::last_write_time(path / "predictions.csv") == written);
}

TEST_CASE("a generator of some images is evaluated by them") {
  const ScratchFolder scratch;
  const StudyFolder folder{scratch.path()};
  make_folder(scratch / "data");
  write_blob_store(folder.store(0), {{40, 10}, {5, 5}, {8, 8}});
  Config config = tiny_generators();
  config.gan.where = "side=left";
  const GeneratorCell cell{"Dark", 0, 0};
  run_generator(config, folder, plan_of(config), cell);
  const Path path = folder.generator(cell);
  CHECK(read_json(path / "metrics.json")["images"] == 20);
  CHECK(read_json(path / "quality.json")["n_real"] == read_json(path / "judgement.json")["n_real"]);
}

TEST_CASE("with transfer from the majority, the generator of the largest class is the parent") {
  const ScratchFolder scratch;
  const StudyFolder folder{scratch.path()};
  make_folder(scratch / "data");
  write_blob_store(folder.store(0), {{40, 20}, {5, 5}, {8, 8}});
  Config config = tiny_generators();
  config.gan.transfer.from = "majority";
  config.gan.transfer.parent_kimg = .032;
  const StudyPlan plan = plan_of(config);
  const GeneratorCell rare{"Bright", 0, 0}, largest{"Dark", 0, 0};
  const auto kimg = [&](const GeneratorCell& cell) {
    return read_json(folder.generator(cell) / "metrics.json")["kimg"].get<double>();
  };
  run_generator(config, folder, plan, rare);
  CHECK(run_done(folder.generator(largest)));
  CHECK_FALSE(std::filesystem::exists(folder.generator(rare) / "parent"));
  CHECK(kimg(largest) == .032);
  CHECK(kimg(rare) == .016);

  // A parent that is shorter than the generator of the largest class is a training of its own.
  std::filesystem::remove_all(folder.root / "generators");
  config.gan.transfer.parent_kimg = .008;
  run_generator(config, folder, plan, largest);
  run_generator(config, folder, plan, rare);
  CHECK(kimg(largest) == .016);
  CHECK(std::filesystem::exists(folder.generator(rare) / "parent" / "DONE"));
  config.gan.transfer.parent_kimg = .032;

  // A plan that does not draw the largest class has no such generator, so the parent is trained.
  std::filesystem::remove_all(folder.root / "generators");
  StudyPlan alone = plan;
  std::erase(alone.generators, largest);
  run_generator(config, folder, alone, rare);
  CHECK_FALSE(std::filesystem::exists(folder.generator(largest)));
  CHECK(std::filesystem::exists(folder.generator(rare) / "parent" / "DONE"));
}

TEST_CASE("all arms run the same steps: no cell stops early") {
  const Prepared prepared;
  Config config = cells_tiny();
  config.classify.patience = 1;
  config.classify.eval_every = 1;
  config.classify.lr = 1e-12;
  const Cell cell{"real", 0, 0};
  run_cell(config, prepared.folder, plan_of(config), cell);
  CHECK(read_json(prepared.folder.cell(cell) / "classifier" / "metrics.json")["steps"] == 4);
}

TEST_CASE("cells of different seeds differ, the same cell is the same") {
  const Prepared first, second;
  const Config config = cells_tiny();
  for (const Prepared* prepared : {&first, &second})
    for (const int64_t seed : {0, 1})
      run_cell(config, prepared->folder, plan_of(config), {"oversample", seed, 0});
  const auto bytes = [](const Prepared& prepared, int64_t seed) {
    return read_file(prepared.folder.cell({"oversample", seed, 0}) / "predictions.csv");
  };
  CHECK(bytes(first, 0) == bytes(second, 0));
  CHECK(bytes(first, 1) == bytes(second, 1));
  CHECK(bytes(first, 0) != bytes(first, 1));
}

TEST_CASE("a cell without its generator fails by name") {
  const Prepared prepared;
  const Config config = cells_tiny();
  const Error error = error_of([&] {
    run_cell(config, prepared.folder, plan_of(config), {"gan", 0, 0});
  });
  CHECK(error.code() == Exit::missing_input);
  CHECK(contains(error.what(), "generator Bright-s0-f0 is missing or failed"));
  CHECK_FALSE(run_done(prepared.folder.cell({"gan", 0, 0})));
}

TEST_CASE("healthy patches need negatives of a class; a control is not filled with copies") {
  const ScratchFolder scratch;
  const StudyFolder folder{scratch.path()};
  make_folder(scratch / "data");
  write_bone_store(folder.store(0), {.exclusive = false});
  Config config = cells_tiny();
  config.study.arms = {"real", "lesion-healthy"};
  const StudyPlan plan = make_study_plan(config, {"Sound", "Broken"}, "Broken");
  const Arm arm = config.study.arm_named("lesion-healthy");
  const Error error = error_of([&] {
    training_store(config, arm, folder, plan, {"lesion-healthy", 0, 0});
  });
  CHECK(error.code() == Exit::bad_data);
  CHECK(
      contains(error.what(), "lesion:healthy cannot draw class Sound, because no training image "));
  CHECK_FALSE(find_store(folder.cell({"lesion-healthy", 0, 0}) / "balanced.h5"));
}
