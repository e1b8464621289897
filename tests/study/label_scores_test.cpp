// SPDX-License-Identifier: Apache-2.0
#include "study/label_scores.hpp"

#include "tests/study/tiny_study.hpp"

using namespace evenray;

TEST_CASE("after a study with folds, its test predictions check the labels") {
  const ScratchFolder scratch;
  const Path out = scratch / "study";
  Config config = pipeline_tiny({"real", "oversample"});
  config.study.folds = 3;
  config.study.seeds = 2;
  config.study.contrast = "oversample vs real";
  REQUIRE(run_study(config, out) == 0);
  const LabelScores scores = study_scores(out, "real");
  const Predictions& joined = scores.predictions;
  CHECK(joined.rows() == 120);
  CHECK(contains(scores.from, "(arm real, 3 folds, mean of 2 seeds)"));
  const auto one = [&](int seed) {
    return read_predictions(out / cat("cells/real-s", seed, "-f0/predictions.csv"));
  };
  CHECK(joined.ids[5] == one(0).ids[5]);
  CHECK(joined.probabilities[5][1] ==
        Approx((one(0).probabilities[5][1] + one(1).probabilities[5][1]) / 2));
  CHECK(study_scores(out, "oversample").predictions.probabilities[5] != joined.probabilities[5]);

  const auto suspects = review_labels(joined, true).suspects;
  const CsvTable table = read_csv(out / "label_suspects.csv");
  REQUIRE(table.rows.size() == suspects.size());
  REQUIRE_FALSE(suspects.empty());
  CHECK(table.rows[0][0] == suspects[0].ids[0]);
  CHECK(table.rows[0][table.require("suggested")] == suspects[0].suggested);
  CHECK(std::filesystem::exists(out / "label_suspects.png"));
  const Json summary = read_json(out / "summary.json");
  CHECK(summary["labels"] == Json{{"arm", "real"},
                                  {"auroc", review_labels(joined, true).auroc},
                                  {"images", 120},
                                  {"suspects", suspects.size()}});
  CHECK(contains(read_file(out / "report.md"), "Labels that may be wrong"));
  CHECK(contains(read_file(out / "report.md"), "label_suspects.png"));

  CHECK(error_of([&] { study_scores(out, "gan"); }).code() == Exit::config);
  std::filesystem::remove(out / "cells/real-s1-f2/DONE");
  const Error unfinished = error_of([&] { study_scores(out, "real"); });
  CHECK(unfinished.code() == Exit::missing_input);
  CHECK(contains(unfinished.what(), "1 of 6 cells of the arm real are not done"));
  CHECK(error_of([&] { study_scores(scratch.path(), "real"); }).code() == Exit::missing_input);
  CHECK(error_of([&] { study_scores(out / "cells/real-s0-f0/classifier", "real"); }).code() ==
        Exit::missing_input);
}
