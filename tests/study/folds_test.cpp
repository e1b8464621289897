// SPDX-License-Identifier: Apache-2.0
// What is compared: folds, parts of the test images, and several labels an image.
#include <map>
#include <set>

#include "dataset/image/image.hpp"
#include "study/cells.hpp"
#include "tests/nn/torch_fixture.hpp"
#include "tests/pixels.hpp"
#include "tests/study/tiny_study.hpp"

using namespace evenray;

TEST_CASE("cross-validation tests every image once") {
  const ScratchFolder scratch;
  Config config = pipeline_tiny({"real", "oversample"});
  config.study.folds = 3;
  config.study.contrast = "oversample vs best real";
  config.study.without = "region=hand";
  config.study.subgroups = {"region=hand", "region!=hand"};
  config.study.tuned = true;
  config.tune.trials = 2;
  config.tune.rungs = 1;
  CHECK(run_study(config, scratch / "study") == 0);
  const Json summary = read_json(scratch / "study/summary.json");
  // Validation alone chooses; only `real` is left beside an arm named itself.
  CHECK(summary["contrast"] == "oversample vs real");
  CHECK(summary["chosen"]["contrast"] == "oversample vs best real");
  double sum = 0;
  for (int fold = 0; fold < 3; ++fold)
    sum += read_json(StudyFolder{scratch / "study"}.cell({"real", 0, fold}) / "classifier" /
                     "metrics.json")["best_val_auprc"]
               .get<double>();
  CHECK(summary["chosen"]["validation"]["real"] == Approx(sum / 3));
  CHECK(contains(read_file(scratch / "study/report.md"),
                 "oversample vs best real; the best on validation: oversample vs real"));
  CHECK(column(scratch / "study", "state").size() == 6);
  REQUIRE(summary["tuned"]["oversample"].size() == 3);
  const std::string lr = "classify.lr=";
  const std::string chosen = summary["tuned"]["real"][1];
  REQUIRE(chosen.starts_with(lr));
  const Path cell = StudyFolder{scratch / "study"}.cell({"real", 0, 1});
  CHECK(contains(read_file(cell / "classifier" / "config.toml"),
                 "lr = " + chosen.substr(lr.size(), 4)));
  CHECK(contains(read_file(scratch / "study/report.md"), "- real, fold 1: " + chosen));
  CHECK(summary["comparison"]["test"]["images"] == 120);
  CHECK(summary["data"]["folds"].size() == 3);
  const Json& without = summary["without"];
  CHECK(without["left_out"] > 0);
  CHECK(without["comparison"]["test"]["images"] == 120 - without["left_out"].get<int64_t>());
  CHECK(without["comparison"]["differences"][0]["primary"] == true);
  CHECK(contains(read_file(scratch / "study/report.md"), "test images with region=hand"));

  REQUIRE(summary["subgroups"].size() == 2);
  CHECK(summary["subgroups"][0]["left_out"] == without["comparison"]["test"]["images"]);
  CHECK(summary["subgroups"][1]["comparison"] == without["comparison"]);
  CHECK(contains(read_file(scratch / "study/report.md"), "| region!=hand | "));

  report_study(scratch / "study", "exposure>9000");
  const Json none = read_json(scratch / "study/summary.json")["without"];
  CHECK(none["left_out"] == 0);
  CHECK(none["comparison"]["arms"] == summary["comparison"]["arms"]);
  const Error unknown = error_of([&] { report_study(scratch / "study", "colour=red"); });
  CHECK(unknown.code() == Exit::bad_data);
  CHECK(contains(unknown.what(), "region"));
}

TEST_CASE("a fold's generator knows that fold's training rows alone") {
  const ScratchFolder scratch;
  const Path out = scratch / "study";
  Config config = pipeline_tiny({"oversample", "gan"});
  config.data.path = "phantom:images=240,rare_share=.3,seed=7,size_px=40x32";
  config.study.folds = 3;
  config.study.keep_stores = true;
  REQUIRE(run_study(config, out) == 0);
  std::set<std::string> generators;
  for (int fold = 0; fold < 3; ++fold) {
    CAPTURE(fold);
    const Store store(out / cat("data/set-f", fold, ".h5"));
    const Path generator = out / cat("generators/Fractured-s0-f", fold);
    const TensorFile chosen = read_safetensors(generator / "checkpoints/best.safetensors");
    const Json facts = Json::parse(chosen.metadata.at("facts"));
    CHECK(facts["store"] == store.content_digest());
    const StorePart& train = store.part("train");
    const auto rows = train.rows_of(store.info().class_index("Fractured"));
    CHECK(facts["images"] == rows.size());
    std::set<std::string> ids;
    for (const int64_t row : rows) ids.insert(train.ids[static_cast<size_t>(row)]);
    const Json quality = read_json(generator / "quality.json");
    CHECK_FALSE(quality["nearest"].empty());
    for (const auto& pair : quality["nearest"])
      CHECK(ids.contains(pair["train_id"].get<std::string>()));

    // And the fold's cell is filled by that generator.
    const std::string digest = chosen.metadata.at("tensor_digest");
    generators.insert(digest);
    const Store filled(out / cat("cells/gan-s0-f", fold, "/balanced.h5"));
    size_t synthetic = 0;
    for (const auto& provenance : filled.part("train").provenance) {
      if (provenance.origin != Origin::synthetic) continue;
      ++synthetic;
      CHECK(contains(provenance.recipe, digest));
    }
    CHECK(synthetic == rows.size());
  }
  CHECK(generators.size() == 3);
}

TEST_CASE("a study of images with several labels synthesises one and measures all") {
  const ScratchFolder scratch;
  // All images have "frequent" or "second" or both; every fifth also "rare".
  std::string table = "file,patient,frequent,second,rare\n";
  for (int i = 0; i < 100; ++i) {
    write_text(scratch / "set" / cat(i, ".png"),
               encode_png(noise(40, 32, CV_8UC1, static_cast<uint64_t>(i + 1))));
    table += cat(i, ".png,p", i, ",", int{i % 3 != 0}, ",", int{i % 2 == 0}, ",", int{i % 5 == 0});
    table += "\n";
  }
  write_text(scratch / "set" / "list.csv", table);
  Config config = pipeline_tiny({"real", "oversample", "gan"});
  config.data.path = (scratch / "set").string();
  config.data.read.format = "table";
  config.data.read.columns.path = "file";
  config.data.read.columns.patient = "patient";
  config.data.read.columns.labels = {"frequent", "second", "rare"};
  config.balance.strategy = "rare=20";
  config.study.keep_stores = true;
  // Several labels may each have a generator.
  config.study.arm = {Arm{.name = "two",
                          .sources = {"gan:rare", "gan:second"},
                          .set = {"balance.strategy=rare=20,second=40"}}};
  const Path out = scratch / "study";
  REQUIRE(run_study(config, out) == 0);
  const Json summary = read_json(out / "summary.json");
  CHECK(summary["rare_class"] == "rare");
  const Json& metrics = summary["comparison"]["arms"][0]["metrics"];
  for (const char* key : {"auroc", "rare.auroc", "frequent.auprc", "second.auroc", "macro.auprc"})
    CHECK(metrics.contains(key));
  CHECK(metrics["auroc"]["value"] == metrics["rare.auroc"]["value"]);
  CHECK(metrics["macro.auroc"]["value"].get<double>() ==
        Approx((metrics["rare.auroc"]["value"].get<double>() +
                metrics["frequent.auroc"]["value"].get<double>() +
                metrics["second.auroc"]["value"].get<double>()) /
               3));
  CHECK(contains(read_file(out / "report.md"), "| second | "));
  CHECK(contains(read_file(out / "report.md"), "AUPRC of each class on the same test images"));

  const StudyFolder folder{out};
  /// The known labels of the synthetic rows of an arm, and how often each occurs.
  const auto synthetic_labels = [&](const std::string& arm) {
    const Store filled(folder.cell({arm, 0, 0}) / "balanced.h5");
    const StorePart& train = filled.part("train");
    std::map<std::string, int64_t> known;
    for (size_t i = 0; i < train.labels.size(); ++i) {
      if (train.provenance[i].origin != Origin::synthetic) continue;
      std::string label;
      for (size_t c = 0; c < 3; ++c)
        if (train.labels[i][c] != -1)
          label += cat(filled.info().class_names[c], "=", int{train.labels[i][c]});
      ++known[label];
    }
    return known;
  };
  const auto counts = class_counts(Store(folder.store(0)));
  const int64_t added = 20 - counts[2], added_second = 40 - counts[1];
  CHECK(synthetic_labels("gan") == std::map<std::string, int64_t>{{"rare=1", added}});
  CHECK(synthetic_labels("two") ==
        std::map<std::string, int64_t>{{"rare=1", added}, {"second=1", added_second}});

  Arm arm;
  arm.name = "gan-pretrain";
  arm.pretrain = {"gan:all"};
  config.study.arm = {arm};
  const Error error = error_of([&] { run_study(config, scratch / "no"); });
  CHECK(error.code() == Exit::config);
  CHECK(contains(error.what(), "only one label of a synthetic row is known"));

  // Cloning whole label sets is for such images, and for rows alone.
  config.study.arm = {
      Arm{.name = "clones", .sources = {"copy"}, .set = {"balance.strategy=ml-ros=30"}}};
  config.study.arms = {"real"};
  config.study.contrast = "clones vs real";
  REQUIRE(run_study(config, scratch / "clones") == 0);
  const Store clones(StudyFolder{scratch / "clones"}.cell({"clones", 0, 0}) / "balanced.h5");
  const Store plain(StudyFolder{scratch / "clones"}.store(0));
  CHECK(clones.part("train").size() > plain.part("train").size());
  config.study.arm[0].sources = {"gan:rare"};
  CHECK(contains(error_of([&] { run_study(config, scratch / "no"); }).what(),
                 "clones images with several labels"));
}
