// SPDX-License-Identifier: Apache-2.0
#include "augment/balance.hpp"
#include "core/error.hpp"
#include "study/preparation.hpp"
#include "tests/nn/torch_fixture.hpp"
#include "tests/study/tiny_study.hpp"

using namespace evenray;

namespace {

/// A whole study of detectors in a few seconds; it measures nothing.
Config detect_tiny() {
  Config config = pipeline_tiny({"real", "repeat"});
  config.data.path = "phantom:images=60,rare_share=.4,seed=7,size_px=64x64";
  config.data.pack.size_px = {64, 64};
  config.detect.size = "nano";
  config.detect.steps = 2;
  config.detect.minibatch = 4;
  config.detect.bootstrap = 20;
  config.study.task = "detect";
  config.detect.negatives = -1;
  config.study.folds = 3;
  config.study.contrast = "repeat vs real";
  return config;
}

}  // namespace

TEST_CASE("a study of detectors, from phantoms to its report") {
  const ScratchFolder scratch;
  const Path out = scratch / "study";
  Config config = detect_tiny();
  Arm arm;
  arm.name = "copies";
  arm.sources = {"copy"};
  config.study.arm = {arm};
  std::string said;
  REQUIRE(run_study(config, out, [&](const std::string& text) { said += text; }) == 0);
  CHECK(contains(said, "9 cells, 0 generators"));
  CHECK_FALSE(contains(said, "AUROC"));

  const Json summary = read_json(out / "summary.json");
  CHECK(summary["task"] == "detect");
  CHECK(summary["comparison"]["metrics"] == Json{"ap50", "ap", "froc", "image_auroc"});
  REQUIRE(summary["comparison"]["arms"].size() == 3);
  CHECK(summary["comparison"]["test"]["images"] == 60);
  CHECK_FALSE(summary.contains("labels"));
  CHECK(column(out, "image_auroc").size() == 9);
  const auto boxes = column(out, "boxes");
  int64_t tested = 0;
  for (int fold = 0; fold < 3; ++fold) tested += std::stoll(boxes.at(cat("real-s0-f", fold)));
  CHECK(tested == summary["comparison"]["test"]["positives"].get<int64_t>());

  const std::string page = read_file(out / "report.html");
  CHECK(contains(page, "Is a detector for Fractured better with repeat than with real?"));
  CHECK(contains(page, "Boxes of Fractured"));
  CHECK(contains(page, "wrong boxes per image"));
  CHECK(contains(read_file(out / "report.md"), "AP50"));
  CHECK(contains(comparison_table(out), "Image AUROC"));

  // The same command does nothing twice, and the report is the same without the stores.
  CHECK(run_study(config, out) == 0);
  CHECK(read_json(out / "summary.json") == summary);
}

TEST_CASE("a study of detectors with pasted lesions") {
  const ScratchFolder scratch;
  const Path out = scratch / "study";
  Config config = detect_tiny();
  // Drawn limbs differ too much for close matches at this size.
  config.lesion.likeness = -1;
  config.lesion.tolerance = 1;
  config.lesion.angle_deg = 90;
  config.lesion.move = .5;
  config.study.folds = 0;
  config.balance.max_synthetic = .5;
  config.study.arms = {"real", "lesion", "lesion-gan", "lesion-healthy"};
  config.study.contrast = "best gan vs real";
  config.study.keep_stores = true;
  std::string said;
  const int failed = run_study(config, out, [&](const std::string& text) { said += text; });
  CAPTURE(said);
  REQUIRE(failed == 0);
  CHECK(contains(said, "4 cells, 1 generators of 0.8 kimg at [64,64] px"));
  const StudyFolder folder{out};
  // The generator learns patches of boxes, one for each.
  const Store patches(folder.generator_store(0)), real(folder.store(0));
  int64_t boxes = 0;
  for (const auto& of_row : real.part("train").boxes) boxes += std::ssize(of_row);
  CHECK(patches.part("train").size() == boxes);
  CHECK(contains(patches.part("train").ids[0], "#b1"));

  const auto before = class_counts(real);
  const auto added = [&](const std::string& arm, size_t c) {
    return class_counts(Store(folder.cell({arm, 0, 0}) / "balanced.h5"))[c] - before[c];
  };
  const int64_t dose = before[1] / 2;
  CHECK(added("lesion", 1) == dose);
  CHECK(added("lesion", 0) == 0);
  CHECK(added("lesion-gan", 1) == dose);
  CHECK(added("lesion-healthy", 1) == 0);
  CHECK(added("lesion-healthy", 0) == dose);

  const Json summary = read_json(out / "summary.json");
  CHECK(summary["seams"].size() == 3);
  for (const auto& seam : summary["seams"]) CHECK(seam.contains("visible"));
  CHECK(contains(read_file(out / "report.html"), "Whether pastes show"));
  // An arm whose seam is visible is not the best.
  Json seen = read_json(folder.cell({"lesion-gan", 0, 0}) / "seam.json");
  for (const char* arm : {"lesion", "lesion-gan", "lesion-healthy"}) {
    seen[0]["visible"] = arm != std::string("lesion-gan");
    write_json(folder.cell({arm, 0, 0}) / "seam.json", seen);
  }
  report_study(out);
  CHECK(read_json(out / "summary.json")["contrast"] == "lesion-gan vs real");
}

TEST_CASE("a study of detectors refuses what they cannot do") {
  const auto refused = [](Config config, const std::string& word) {
    try {
      plan_study(config, /*estimate=*/false);
    } catch (const Error& error) {
      CAPTURE(error.what());
      CHECK(contains(error.what(), word));
      return error.code();
    }
    FAIL(word);
    return Exit::failed;
  };
  Config config = detect_tiny();
  config.study.arms = {"real", "gan"};
  config.study.contrast = "gan vs real";
  CHECK(refused(config, "have no boxes") == Exit::config);
  config = detect_tiny();
  config.study.arms = {"real", "weighted"};
  config.study.contrast = "weighted vs real";
  CHECK(refused(config, "classify.loss_weights") == Exit::config);
  config = detect_tiny();
  config.study.tuned = true;
  CHECK(refused(config, "study.tuned") == Exit::config);
  config = detect_tiny();
  config.detect.policy = "det_v0";
  CHECK(refused(config, "detect.policy") == Exit::config);
  config = detect_tiny();
  config.detect.negatives = .5;
  CHECK(refused(config, "'real' and 'repeat' would be equal") == Exit::config);
  config = detect_tiny();
  config.study.rare_class = "Non_fractured";
  CHECK(refused(config, "has a box of Non_fractured") == Exit::bad_data);
  config = detect_tiny();
  config.study.task = "segment";
  CHECK(refused(config, "study.task") == Exit::config);
}
