// SPDX-License-Identifier: Apache-2.0
#include <regex>
#include <set>

#include "core/csv.hpp"
#include "dataset/image/image.hpp"
#include "study/cells.hpp"
#include "study/preparation.hpp"
#include "tests/nn/torch_fixture.hpp"
#include "tests/pixels.hpp"
#include "tests/study/tiny_study.hpp"

using namespace evenray;

TEST_CASE("a plan says what a study would do") {
  Config config = pipeline_tiny({"real", "gan", "gan-both"});
  config.study.contrast = "gan vs real";
  config.study.seeds = 2;
  Json plan = plan_study(config, /*estimate=*/false);
  CHECK(plan["cells"].size() == 6);
  CHECK(plan["generators"].size() == 4);
  CHECK_FALSE(plan.contains("estimate_s"));
  CHECK(contains(plan_text(plan), "6 cells, 4 generators of 0.8 kimg at [40,32] px"));
  plan = plan_study(config, /*estimate=*/true);
  const Json& time = plan["estimate_s"];
  CHECK(time["generator"] > 0);
  CHECK(time["cell"] > 0);
  CHECK(time["total"].get<double>() ==
        Approx(4 * time["generator"].get<double>() + 6 * time["cell"].get<double>()));
  CHECK(time["range"][0] <= time["total"]);
  CHECK(time["range"][1] >= time["total"]);
  const std::string text = plan_text(plan);
  CHECK(text.starts_with("time         about "));
  CHECK_FALSE(contains(text, "real-s0-f0"));
  CHECK(contains(plan_text(plan, /*cells=*/true), "\n  real-s0-f0\n"));

  // What the plan says of the images is what the store then holds.
  const Json facts = [&] {
    const ScratchFolder scratch;
    make_folder(scratch / "data");
    return pack_data(config, {scratch.path()}, divide_data(config));
  }();
  CHECK(plan["data"]["folds"][0]["counts"] == facts["folds"][0]["counts"]);
  CHECK(plan["preflight"]["generators"].size() == 2);
  CHECK(plan["preflight"]["median_box_side_px"].get<double>() ==
        Approx(facts["median_box_side_px"].get<double>()).epsilon(.05));
  CHECK(contains(text, "\nimages       class          train  val  test\n"));
  CHECK(contains(text, "warning      Fractured has "));
  CHECK(plan["disk"]["needed_bytes"] > 0);
  config.data.path = "";
  CHECK(contains(plan_text(plan_study(config, /*estimate=*/false)), "give --data PATH"));
  config.data.path = "phantom:images=120,rare_share=.3,seed=7,size_px=40x32";

  config.gan.transfer.from = "majority";
  config.gan.transfer.parent_kimg = 1.6;
  plan = plan_study(config, /*estimate=*/true);
  CHECK(plan["parent_kimg"] == 1.6);
  CHECK(plan["estimate_s"]["generator"] > 0);
  CHECK(contains(plan_text(plan), "4 generators of 0.8 kimg (their parents 1.6 kimg)"));
}

TEST_CASE("generators may draw smaller images than the classifier sees") {
  const ScratchFolder scratch;
  const Path out = scratch / "study";
  Config config = pipeline_tiny({"real", "real-resampled", "gan"});
  config.data.path = "phantom:images=120,rare_share=.3,seed=7,size_px=80x64";
  config.data.pack.size_px = {80, 64};
  config.study.generator_size = {40, 32};
  config.study.contrast = "gan vs real-resampled";
  config.study.keep_stores = true;
  const Json plan = plan_study(config, /*estimate=*/false);
  CHECK(plan["size_px"] == Json{80, 64});
  CHECK(plan["generator_size_px"] == Json{40, 32});
  CHECK(contains(plan_text(plan), "1 generators of 0.8 kimg at [40,32] px"));
  REQUIRE(run_study(config, out) == 0);
  CHECK(column(out, "auroc").size() == 3);

  const StudyFolder folder{out};
  const Store real(folder.store(0)), drawn(folder.generator_store(0));
  CHECK(drawn.info().height == 40);
  CHECK(drawn.part("train").ids == real.part("train").ids);
  const Store resampled(folder.cell({"real-resampled", 0, 0}) / "balanced.h5");
  REQUIRE(resampled.part("train").ids == real.part("train").ids);
  Placement placement;
  const cv::Mat image = real.image("train", 3);
  const cv::Mat small = fit_image(image, 40, 32, Fit::stretch, placement);
  CHECK(
      same_pixels(resampled.image("train", 3), fit_image(small, 80, 64, Fit::stretch, placement)));
  CHECK_FALSE(same_pixels(resampled.image("train", 3), image));
  CHECK(same_pixels(resampled.image("test", 3), real.image("test", 3)));
  const Store balanced(folder.cell({"gan", 0, 0}) / "balanced.h5");
  CHECK(balanced.info().height == 80);
  CHECK(same_pixels(balanced.image("train", 3), image));
  CHECK(balanced.part("train").size() > real.part("train").size());
}

TEST_CASE("an arm may be trained on synthetic rows first") {
  const ScratchFolder scratch;
  const Path out = scratch / "study";
  Config config = pipeline_tiny({"real"});
  config.classify.steps = 9;
  Arm arm;
  arm.name = "gan-pretrain";
  arm.pretrain = {"gan:all"};
  config.study.arm = {arm};
  config.study.contrast = "gan-pretrain vs real";
  config.study.keep_stores = true;
  CHECK(plan_study(config, /*estimate=*/false)["generators"].size() == 2);
  REQUIRE(run_study(config, out) == 0);
  const StudyFolder folder{out};
  const Path cell = folder.cell({"gan-pretrain", 0, 0});
  const Store real(folder.store(0)), first(cell / "pretrain.h5");
  CHECK(class_counts(first) == class_counts(real));
  for (const auto& row : first.part("train").provenance) CHECK(row.origin == Origin::synthetic);
  CHECK(first.part("test").ids == real.part("test").ids);
  CHECK(read_json(cell / "pretraining" / "metrics.json")["steps"] == 4);
  CHECK(read_json(cell / "classifier" / "metrics.json")["steps"] == 5);
}

TEST_CASE("a study of all kinds of arms, from phantoms to its report") {
  const ScratchFolder scratch;
  const Path out = scratch / "study";
  Config config = pipeline_tiny(default_arm_names());
  std::string said;
  REQUIRE(run_study(config, out, [&](const std::string& text) { said += text; }) == 0);
  CHECK(said.starts_with("time         about "));
  CHECK(contains(said, "7 cells, 2 generators"));

  CHECK(run_done(out));
  for (const char* name : {"config.toml",
                           "plan.json",
                           "results.csv",
                           "summary.json",
                           "report.html",
                           "report.md",
                           "data/audit.json",
                           "data/split.csv",
                           "data/set-f0.h5",
                           "generators/Fractured-s0-f0/quality.json",
                           "generators/Fractured-s0-f0/samples.png",
                           "generators/Non_fractured-s0-f0/nearest.png"}) {
    CAPTURE(name);
    CHECK(std::filesystem::exists(out / name));
  }
  for (const auto& [cell, state] : column(out, "state")) {
    CAPTURE(cell);
    CHECK(state == "done");
  }
  CHECK(column(out, "auroc").size() == 7);

  const Json summary = read_json(out / "summary.json");
  CHECK(summary["schema"] == "evenray-study-1");
  CHECK(summary["rare_class"] == "Fractured");
  CHECK(summary["comparison"]["arms"].size() == 7);
  CHECK(summary["comparison"]["differences"][0]["first"] == "gan");
  CHECK(summary["comparison"]["differences"][0]["primary"] == true);
  REQUIRE(summary["localisation"].size() == 7);
  CHECK(summary["localisation"][0]["arm"] == "real");
  CHECK(summary["localisation"][0]["images"] > 0);
  for (const char* key : {"pointing", "chance", "energy", "box_area"}) {
    CHECK(summary["localisation"][0][key] >= 0);
    CHECK(summary["localisation"][0][key] <= 1);
  }
  CHECK(column(out, "energy").at("real-s0-f0") == summary["localisation"][0]["energy"].dump());
  CHECK(contains(read_file(out / "report.md"), "Where the evidence for Fractured lies"));
  CHECK(summary["generators"].size() == 2);
  CHECK(summary["generators"][0]["origin"]["auroc"].is_number());
  CHECK(summary["failed"].empty());
  CHECK(summary["data"]["folds"][0]["metadata_baseline"]["auroc"].is_number());
  CHECK(summary["data"]["median_box_side_px"] > 0);

  // One split scores too few images to check the labels.
  CHECK_FALSE(summary.contains("labels"));
  const Error one_split = error_of([&] { study_scores(out, "real"); });
  CHECK(one_split.code() == Exit::bad_data);
  CHECK(contains(one_split.what(), "set study.folds to 3 or more"));

  const Json planned = read_json(out / "plan.json");
  CHECK(planned["preflight"] == summary["preflight"]);
  CHECK(planned["estimate_s"]["total"] > 0);
  CHECK(summary["preflight"]["warnings"].size() >= 1);
  const Json times = read_json(out / "times.json");
  CHECK(times["done"]["cell"].size() == 7);
  CHECK(times["done"]["generator Fractured"].size() == 1);

  // Counts match between the arms; in gan-both "synthetic" does not mean "Fractured".
  const Json& balance = summary["balance"];
  for (const char* arm : {"autoaugment", "gan", "gan+autoaugment", "gan-both"})
    for (const char* name : {"Fractured", "Non_fractured"})
      CHECK(balance[arm]["after"][name]["total"] == balance["oversample"]["after"][name]["total"]);
  const Json& after = balance["gan-both"]["after"];
  CHECK(after["Fractured"] == balance["gan"]["after"]["Fractured"]);
  CHECK(after["Fractured"]["synthetic"] == after["Fractured"]["real"]);
  const auto share = [&](const char* name) {
    return after[name]["synthetic"].get<double>() / after[name]["total"].get<double>();
  };
  CHECK(share("Non_fractured") == Approx(share("Fractured")).margin(.02));
  CHECK(balance["gan"]["after"]["Non_fractured"]["synthetic"] == 0);
  // What synthetic images leave to fill is augmented, not copied.
  const Json& both = balance["gan+autoaugment"]["after"]["Fractured"];
  CHECK(both["synthetic"] == both["real"]);
  CHECK(both["augmented"] > 0);
  CHECK(both["copy"] == 0);

  // Nothing of host, path or time.
  const std::string bytes = read_file(out / "summary.json");
  CHECK_FALSE(contains(bytes, scratch.path().string()));
  CHECK_FALSE(std::regex_search(bytes, std::regex("\"20[0-9][0-9]-[0-9]")));

  // The report shows the named contrast and loads nothing from outside.
  const std::string html = read_file(out / "report.html");
  CHECK(contains(html, "gan vs oversample"));
  CHECK_FALSE(contains(html, "src=\"http"));
  CHECK_FALSE(contains(html, "href=\"http"));
  CHECK(contains(read_file(out / "report.md"), summary["answer"].get<std::string>()));
  CHECK(contains(comparison_table(out), "gan-both"));

  const Json status = study_status(out);
  CHECK(status["state"] == "done");
  CHECK(status["done"].size() == 9);
  CHECK(status["failed"].empty());
  CHECK(status["waiting"].empty());

  // Written again from what is there, and by the same command: the same bytes.
  std::filesystem::remove(out / "summary.json");
  report_study(out);
  CHECK(read_file(out / "summary.json") == bytes);
  const auto trained = std::filesystem::last_write_time(out / "cells/gan-s0-f0/predictions.csv");
  CHECK(run_study(config, out) == 0);
  CHECK(read_file(out / "summary.json") == bytes);
  CHECK(std::filesystem::last_write_time(out / "cells/gan-s0-f0/predictions.csv") == trained);

  // A cell that lost its end is made again, and nothing else changes.
  for (const char* name : {"DONE", "cells/gan-s0-f0/DONE", "cells/gan-s0-f0/balance.json"})
    std::filesystem::remove(out / name);
  CHECK(study_status(out)["waiting"] == Json{"gan-s0-f0"});
  CHECK(status_text(study_status(out)).find(" left\n") != std::string::npos);
  CHECK(run_study(config, out) == 0);
  CHECK(read_file(out / "summary.json") == bytes);
  CHECK(study_status(out)["left_s"] == 0);

  config.classify.steps = 5;
  const Error changed = error_of([&] { run_study(config, out); });
  CHECK(changed.code() == Exit::config);
  CHECK(contains(changed.what(), "classify.steps was 4, now 5"));
}

TEST_CASE("equal studies give equal bytes, wherever and however often they save") {
  const ScratchFolder scratch;
  Config config = pipeline_tiny({"oversample", "gan"});
  CHECK(run_study(config, scratch / "one") == 0);
  config.runtime.checkpoint_every_s = 0;
  CHECK(run_study(config, scratch / "other") == 0);
  const std::string bytes = read_file(scratch / "one/summary.json");
  CHECK(read_file(scratch / "other/summary.json") == bytes);
  CHECK(read_file(scratch / "one/results.csv") == read_file(scratch / "other/results.csv"));
  config.runtime.seed = 2;
  CHECK(run_study(config, scratch / "seed") == 0);
  CHECK(read_file(scratch / "seed/summary.json") != bytes);
}

TEST_CASE("a cell that fails is recorded, the others go on") {
  const ScratchFolder scratch;
  const Path out = scratch / "study";
  Config config = pipeline_tiny({"real", "oversample", "gan"});
  config.gan.allow_few = false;
  CHECK(run_study(config, out) == 2);  // a generator and its cell
  CHECK_FALSE(run_done(out));
  CHECK(column(out, "state") == std::map<std::string, std::string>{{"gan-s0-f0", "failed"},
                                                                   {"oversample-s0-f0", "done"},
                                                                   {"real-s0-f0", "done"}});
  CHECK(contains(column(out, "message")["gan-s0-f0"], "generator Fractured-s0-f0"));
  const Json status = study_status(out);
  CHECK(status["state"] == "unfinished");
  CHECK(status["done"].size() == 2);
  REQUIRE(status["failed"].size() == 2);
  CHECK(status["failed"][0]["id"] == "generator Fractured-s0-f0");
  CHECK(contains(status["failed"][0]["message"].get<std::string>(), "with fewer than 50"));
  CHECK(status["failed"][0]["again"] == false);
  CHECK(contains(status_text(status), "failed gan-s0-f0: "));
  const Json summary = read_json(out / "summary.json");
  CHECK(summary["failed"].size() == 2);
  CHECK(summary["comparison"]["arms"].size() == 2);
  CHECK(contains(summary["answer"].get<std::string>(), "No answer yet"));
  CHECK(contains(read_file(out / "report.md"), "The same command would fail in the same way"));
  CHECK(contains(read_file(out / "report.md"), "its generators and these arms will fail: gan"));
  // Again: it is tried again, and fails again.
  CHECK(run_study(config, out) == 2);  // a generator and its cell
}

TEST_CASE("a class of one patient has no generator that can be judged") {
  const ScratchFolder scratch;
  int number = 0;
  const auto place = [&](const std::string& folder, int patient, int images) {
    for (int i = 0; i < images; ++i)
      write_text(scratch / "set" / folder / cat("0000000", patient, "_00", i, ".png"),
                 encode_png(noise(40, 32, CV_8UC1, static_cast<uint64_t>(++number))));
  };
  for (const int patient : {1, 2, 3}) place("train/common", patient, 6);
  place("train/rare", 4, 5);
  for (const std::string part : {"val", "test"}) {
    place(part + "/common", part == "val" ? 5 : 6, 3);
    place(part + "/rare", part == "val" ? 7 : 8, 3);
  }
  Config config = pipeline_tiny({"oversample", "gan"});
  config.data.path = (scratch / "set").string();
  const Error error = error_of([&] { run_study(config, scratch / "study"); });
  CHECK(error.code() == Exit::bad_data);
  CHECK(contains(error.what(), "all training images of rare belong to group '00000004'"));
  CHECK_FALSE(std::filesystem::exists(scratch / "study" / "generators"));
}

TEST_CASE("studies that cannot begin") {
  const ScratchFolder scratch;
  Config config = pipeline_tiny({"oversample", "gan"});
  config.data.path = "";
  CHECK(error_of([&] { run_study(config, scratch / "a"); }).code() == Exit::usage);
  config.data.path = scratch / "nowhere";
  CHECK(error_of([&] { run_study(config, scratch / "b"); }).code() == Exit::missing_input);
  // The wrong path is not held against the right one.
  config.data.path = "phantom:images=60,size_px=40x32";
  config.study.rare_class = "Broken";
  CHECK(error_of([&] { run_study(config, scratch / "b"); }).code() == Exit::bad_data);
  config.study.rare_class = "";
  config.runtime.device = "cuda:1000";
  CHECK(error_of([&] { run_study(config, scratch / "c"); }).code() == Exit::missing_resource);
  CHECK_FALSE(std::filesystem::exists(scratch / "c"));
  config.runtime.device = "cpu";
  // What the arms decide is not for the settings.
  config.classify.loss_weights = "inverse";
  CHECK(contains(error_of([&] { run_study(config, scratch / "c"); }).what(), "loss_weights"));
  config.classify.loss_weights = "none";
  // The common class needs no filling: its generator would give nothing.
  config.study.rare_class = "Non_fractured";
  const Error idle = error_of([&] { run_study(config, scratch / "c"); });
  CHECK(idle.code() == Exit::config);
  CHECK(contains(idle.what(), "no synthetic image of Non_fractured"));
  CHECK(error_of([&] { study_status(scratch / "nothing"); }).code() == Exit::missing_input);
  CHECK(error_of([&] { report_study(scratch / "nothing"); }).code() == Exit::missing_input);
}
