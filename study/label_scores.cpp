// SPDX-License-Identifier: Apache-2.0
#include "study/label_scores.hpp"

#include <algorithm>

#include "core/csv.hpp"
#include "core/error.hpp"
#include "core/number.hpp"
#include "core/text.hpp"
#include "dataset/image/image.hpp"
#include "study/plan.hpp"

namespace evenray {
namespace {

/// Returns the number of cells of an arm, and how many of them are done.
std::pair<int64_t, int64_t> cells_done(const StudyFolder& folder,
                                       const StudyPlan& plan,
                                       const std::string& arm) {
  int64_t cells = 0, done = 0;
  for (const auto& cell : plan.cells) {
    if (cell.arm != arm) continue;
    ++cells;
    done += run_done(folder.cell(cell));
  }
  return {cells, done};
}

/// Returns the test predictions of a fold with the means of the probabilities over the seeds.
Predictions mean_over_seeds(const StudyFolder& folder,
                            const std::string& arm,
                            int64_t seeds,
                            int fold) {
  Predictions mean;
  for (int64_t seed = 0; seed < seeds; ++seed) {
    const Path path = folder.cell({arm, seed, fold}) / "predictions.csv";
    const Predictions one = read_predictions(path);
    if (seed == 0) {
      mean = one;
      for (auto& row : mean.probabilities) std::fill(row.begin(), row.end(), 0);
    }
    check(one.ids == mean.ids && one.class_names == mean.class_names,
          Exit::bad_data,
          cat(path.string(), ": not the rows of the other seeds"));
    for (size_t i = 0; i < mean.rows(); ++i)
      for (size_t c = 0; c < mean.class_names.size(); ++c)
        mean.probabilities[i][c] += one.probabilities[i][c] / static_cast<double>(seeds);
  }
  return mean;
}

/// Returns the image of an id in the test parts of the folds, with its boxes.
SheetItem stored_item(const std::vector<Store>& stores, const std::string& id) {
  for (const auto& store : stores) {
    const StorePart& test = store.part("test");
    const auto found = std::find(test.ids.begin(), test.ids.end(), id);
    if (found == test.ids.end()) continue;
    const auto row = static_cast<size_t>(found - test.ids.begin());
    return {store.image("test", static_cast<int64_t>(row)), "", test.boxes[row]};
  }
  throw Error(Exit::bad_data, cat("no store of the study has '", id, "' in its test part"));
}

}  // namespace

LabelScores join_folds(const Config& config,
                       const StudyFolder& folder,
                       const StudyPlan& plan,
                       const std::string& arm) {
  config.study.arm_named(arm);  // throws if there is none
  const std::string root = folder.root.string();
  if (config.study.folds == 0) {
    const Path only = folder.cell({arm, 0, 0}) / "predictions.csv";
    throw Error(Exit::bad_data,
                cat(root,
                    ": a study without folds scores only its test part; set study.folds to 3 or "
                    "more, or check that part alone with --scores ",
                    only.string()));
  }
  const auto [cells, done] = cells_done(folder, plan, arm);
  check(done == cells,
        Exit::missing_input,
        cat(root,
            ": ",
            cells - done,
            " of ",
            cells,
            " cells of the arm ",
            arm,
            " are not done; run `evenray study run` again"));
  LabelScores scores;
  for (int fold = 0; fold < plan.folds; ++fold) {
    Predictions next = mean_over_seeds(folder, arm, config.study.seeds, fold);
    auto& all = scores.predictions;
    if (fold == 0) all.class_names = next.class_names;
    const auto append = [](auto& to, auto& from) { to.insert(to.end(), from.begin(), from.end()); };
    append(all.ids, next.ids);
    append(all.groups, next.groups);
    append(all.labels, next.labels);
    append(all.probabilities, next.probabilities);
  }
  scores.from = cat(root,
                    " (arm ",
                    arm,
                    ", ",
                    plan.folds,
                    " folds",
                    config.study.seeds > 1 ? cat(", mean of ", config.study.seeds, " seeds") : "",
                    ")");
  return scores;
}

LabelScores study_scores(const Path& folder_path, const std::string& arm) {
  const Config config = read_study_config(folder_path);
  const Path facts = folder_path / "data" / "facts.json";
  check(std::filesystem::exists(facts),
        Exit::missing_input,
        cat(folder_path.string(), " holds no study with finished cells"));
  return join_folds(config, StudyFolder{folder_path}, plan_of_facts(config, read_json(facts)), arm);
}

Json write_label_suspects(const Config& config, const StudyFolder& folder, const StudyPlan& plan) {
  const auto [cells, done] = cells_done(folder, plan, kLabelArm);
  if (config.study.folds == 0 || cells == 0 || done < cells) return nullptr;
  const LabelScores scores = join_folds(config, folder, plan, kLabelArm);
  const LabelReview review = review_labels(scores.predictions, scores.predictions.one_hot());
  std::string text = csv_line({"id", "given", "suggested", "score"});
  for (const auto& suspect : review.suspects)
    text += csv_line({suspect.ids[0], suspect.given, suspect.suggested, exact(suspect.score)});
  write_atomic(folder.root / "label_suspects.csv", text);
  // A report may be written again where the stores are gone.
  std::vector<Store> stores;
  for (int fold = 0; fold < plan.folds && find_store(folder.store(fold)); ++fold)
    stores.emplace_back(folder.store(fold));
  if (!review.suspects.empty() && std::ssize(stores) == plan.folds)
    write_atomic(folder.root / "label_suspects.png",
                 encode_png(draw_suspects(review.suspects, [&](const std::string& id) {
                   return stored_item(stores, id);
                 })));
  return {{"arm", kLabelArm},
          {"auroc", review.auroc},
          {"images", review.scored},
          {"suspects", review.suspects.size()}};
}

}  // namespace evenray
