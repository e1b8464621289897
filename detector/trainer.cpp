// SPDX-License-Identifier: Apache-2.0
#include <torch/types.h>

#include <cmath>
#include <optional>

#include "core/error.hpp"
#include "core/text.hpp"
#include "detector/detector.hpp"
#include "detector/examples.hpp"
#include "detector/finding.hpp"
#include "detector/fit.hpp"
#include "metrics/detection/coco_map.hpp"
#include "nn/checkpoint.hpp"
#include "nn/trainee.hpp"

namespace evenray {
namespace {

double ap50(const CocoBoxes& boxes, int threads) {
  const CocoMap map(boxes.images, boxes.class_names, threads);
  const auto values = map.values();
  for (size_t k = 0; k < map.keys().size(); ++k)
    if (map.keys()[k].name == "ap50") return values[k];
  return NAN;
}

class DetectorTraining final : public Trainee {
 public:
  DetectorTraining(const Store& store,
                   const DetectOptions& options,
                   const Runtime& runtime,
                   RunFolder& run)
      : store_(store),
        options_(options),
        runtime_(runtime),
        run_(run),
        compute_(make_compute(runtime)),
        checkpoints_(run.path(), runtime.checkpoint_every_s, runtime.keep_checkpoints),
        train_(store, "train", options.resident_gb * 1e9),
        val_(true_boxes(store, "val")) {
    std::optional<StartWeights> weights;
    if (options.weights != "none") {
      weights.emplace(options);
      weights_digest_ = weights->digest();
      pixels_ = weights->input();
    }
    fit_ = std::make_unique<DetectorFit>(train_,
                                         store.info(),
                                         options,
                                         compute_,
                                         Rng(static_cast<uint64_t>(runtime.seed)).fork("detect"),
                                         weights ? &*weights : nullptr);
    eval_every_ =
        options.eval_every > 0 ? options.eval_every : std::max<int64_t>(1, options.steps / 10);
  }

  void run() {
    const TrainingPlan plan{.name = cat("detect ", options_.arch),
                            .steps = options_.steps,
                            .done = {},
                            .evaluates = [&](int64_t step) {
                              return step % eval_every_ == 0 || step == options_.steps;
                            }};
    const int64_t steps =
        run_training(*this, fit_->batches(), plan, run_, checkpoints_, fixed_facts());
    write_json(run_.path() / "metrics.json",
               Json{{"schema", "evenray-detect-run-1"},
                    {"steps", steps},
                    {"best_step", best_step_},
                    {"best_val_ap50", best_ < 0 ? Json() : Json(best_)}});
    run_.finish();
  }

 private:
  /// Facts that must not change when a run is resumed.
  Json fixed_facts() const {
    Json facts = run_facts(compute_, store_.content_digest());
    if (!weights_digest_.empty()) facts["weights"] = weights_digest_;
    return facts;
  }

  void step(const Batch& batch, int64_t number) override { fit_->step(batch, number); }
  bool ended() const override { return false; }

  void restore(const Resumed* found) override {
    if (!found) return;  // fit_ is new
    fit_->learner().load(found->file, found->path);
    best_ = found->fact("best_ap50", -1.);
    best_step_ = found->fact<int64_t>("best_step");
  }

  Json take_log(int64_t steps, int64_t) override {
    return {{"loss", fit_->learner().take_loss(steps)}};
  }

  Evaluation evaluate(int64_t step) override {
    add_found(val_,
              fit_->model(),
              store_,
              "val",
              {store_.info().value_max, fit_->standardise()},
              compute_);
    const double value = ap50(val_, compute_.threads);
    // Without true boxes in val no AP is defined, so the newest checkpoint is kept.
    const bool best = !std::isfinite(value) || value > best_;
    if (best) {
      best_ = std::isfinite(value) ? value : best_;
      best_step_ = step;
    }
    return {{{"val_ap50", value}}, best};
  }

  TensorFile checkpoint(int64_t step, Saved what) override {
    const auto& info = store_.info();
    TensorFile file;
    file.metadata["kind"] = kDetectorKind;
    file.metadata["config"] = write_config([&](Fields& f) { f.section("detect", options_); });
    Json facts = fixed_facts();
    facts.update(Json{{"class_names", info.class_names},
                      {"size_px", {info.height, info.width}},
                      {"bits", info.bits},
                      {"value_max", info.value_max},
                      {"mean", fit_->standardise().mean},
                      {"deviation", fit_->standardise().deviation},
                      {"step", step},
                      {"best_ap50", best_ < 0 ? Json() : Json(best_)},
                      {"best_step", best_step_},
                      {"seed", runtime_.seed}});
    if (is_two_stage(options_.arch))
      facts["pixels"] = {{"mean", pixels_.mean},
                         {"deviation", pixels_.deviation},
                         {"norm_epsilon", pixels_.norm_epsilon}};
    file.metadata["facts"] = facts.dump();
    what == Saved::best ? fit_->learner().save_average(file) : fit_->learner().save(file);
    return file;
  }

  const Store& store_;
  DetectOptions options_;
  Runtime runtime_;
  RunFolder& run_;
  Compute compute_;
  Checkpoints checkpoints_;
  BoxedImages train_;
  CocoBoxes val_;
  std::string weights_digest_;  ///< empty: random weights
  PixelInput pixels_;
  std::unique_ptr<DetectorFit> fit_;
  int64_t eval_every_ = 1, best_step_ = 0;
  double best_ = -1;
};

}  // namespace

void check_weights(const DetectOptions& options) {
  if (options.weights == "none") return;
  const StartWeights weights(options);
  weights.load(*make_box_model(options, /*classes=*/1, weights.input(), /*threads=*/1));
}

void train_detector(const Store& store,
                    const DetectOptions& options,
                    const Runtime& runtime,
                    RunFolder& run) {
  options.check();
  if (run.done()) return;
  DetectorTraining(store, options, runtime, run).run();
}

}  // namespace evenray
