// SPDX-License-Identifier: Apache-2.0
#include <torch/types.h>

#include <cmath>

#include "classifier/classifier.hpp"
#include "classifier/fit.hpp"
#include "core/error.hpp"
#include "core/progress.hpp"
#include "core/text.hpp"
#include "metrics/stats.hpp"
#include "nn/checkpoint.hpp"
#include "nn/training.hpp"

namespace evenray {
namespace {

constexpr int64_t kLogEvery = 50;

/// What validation optimises: the rarest class's AUPRC where two classes exclude each other, the
/// mean over classes else. NaN without positives.
double selection_auprc(const Predictions& predictions, bool exclusive) {
  std::vector<double> values;
  std::vector<int64_t> positives;
  const size_t classes = predictions.class_names.size();
  for (size_t c = 0; c < classes; ++c) {
    std::vector<double> scores;
    std::vector<uint8_t> labels;
    for (size_t i = 0; i < predictions.labels.size(); ++i) {
      if (predictions.labels[i][c] < 0) continue;
      scores.push_back(predictions.probabilities[i][c]);
      labels.push_back(predictions.labels[i][c] == 1);
    }
    positives.push_back(std::count(labels.begin(), labels.end(), 1));
    values.push_back(average_precision(scores, labels));
  }
  if (values.empty()) return NAN;
  if (exclusive && classes == 2) return values[static_cast<size_t>(positives[1] <= positives[0])];
  std::vector<double> finite;
  for (const double value : values) {
    if (std::isfinite(value)) finite.push_back(value);
  }
  return finite.empty() ? NAN : mean(finite);
}

class Training {
 public:
  Training(const Store& store,
           const ClassifyOptions& options,
           const Runtime& runtime,
           RunFolder& run)
      : store_(store),
        options_(options),
        runtime_(runtime),
        run_(run),
        compute_(make_compute(runtime)),
        train_(load_examples(store, "train", compute_.device)),
        val_(load_examples(store, "val", compute_.device)),
        checkpoints_(run.path(), runtime.checkpoint_every_s, runtime.keep_checkpoints) {
    check(train_.images.size(0) > 0,
          Exit::bad_data,
          cat(store.path().string(), " has no training rows"));
    const auto present = (train_.labels == 1).any(0).sum().item<int64_t>();
    check(present >= 2 || !train_.exclusive,
          Exit::bad_data,
          cat(store.path().string(), ": the training rows are of one class only"));
    fit_ = std::make_unique<Fit>(
        train_, options, compute_, Rng(static_cast<uint64_t>(runtime.seed)).fork("classify"));
    eval_every_ =
        options.eval_every > 0 ? options.eval_every : std::max<int64_t>(1, options.steps / 10);
  }

  void run() {
    int64_t step = resume();
    Progress progress(cat("classify ", options_.arch), options_.steps, "steps");
    progress.skip(step);
    while (step < options_.steps && !out_of_patience()) {
      fit_->step(step);
      ++step;
      progress.advance();
      if (step % kLogEvery == 0 || step == options_.steps) log(step, progress);
      if (step % eval_every_ == 0 || step == options_.steps) validate(step);
      if (stop_requested() || (checkpoints_.due() && step < options_.steps)) write(step);
      throw_if_stopped();
    }
    write(step);
    finish(step);
  }

 private:
  bool out_of_patience() const { return options_.patience > 0 && waited_ >= options_.patience; }

  int64_t resume() {
    const auto resumed =
        resume_run(run_, checkpoints_, run_facts(compute_, store_.content_digest()));
    if (!resumed) return 0;
    fit_->load(resumed->file, resumed->path);
    best_ = resumed->fact("best_auprc", -1.);
    best_step_ = resumed->fact<int64_t>("best_step");
    waited_ = resumed->fact<int64_t>("waited");
    return resumed->step;
  }

  void log(int64_t step, const Progress& progress) {
    const int64_t since = step % kLogEvery == 0 ? kLogEvery : step % kLogEvery;
    run_.event({{"step", step},
                {"loss", fit_->take_loss(since)},
                {"rate", progress.rate()},
                {"eta_s", progress.eta_s()}});
  }

  Predictions predict_val() {
    const auto& part = store_.part("val");
    return {store_.info().class_names,
            part.ids,
            part.groups,
            part.labels,
            val_.images.size(0) == 0 ? std::vector<std::vector<double>>{}
                                     : to_rows(probabilities(fit_->network(),
                                                             val_.images,
                                                             val_.value_max,
                                                             fit_->standardise(),
                                                             val_.exclusive,
                                                             compute_))};
  }

  void validate(int64_t step) {
    const double auprc = selection_auprc(predict_val(), val_.exclusive);
    run_.event({{"step", step}, {"val_auprc", auprc}});
    ++waited_;
    // Without positives in val there is nothing to choose by: the newest is kept.
    if (std::isfinite(auprc) && auprc <= best_) return;
    best_ = std::isfinite(auprc) ? auprc : best_;
    best_step_ = step;
    waited_ = 0;
    TensorFile file = described(step);
    fit_->save_average(file);
    write_safetensors(checkpoints_.best(), file);
  }

  void write(int64_t step) {
    TensorFile file = described(step);
    fit_->save(file);
    checkpoints_.write(step, file);
  }

  TensorFile described(int64_t step) {
    const auto& info = store_.info();
    TensorFile file;
    file.metadata["kind"] = "classifier";
    file.metadata["config"] = write_config([&](Fields& f) { f.section("classify", options_); });
    Json facts = run_facts(compute_, store_.content_digest());
    facts.update(Json{{"class_names", info.class_names},
                      {"multi_label", info.multi_label},
                      {"size_px", {info.height, info.width}},
                      {"bits", info.bits},
                      {"value_max", info.value_max},
                      {"mean", fit_->standardise().mean},
                      {"deviation", fit_->standardise().deviation},
                      {"step", step},
                      {"best_auprc", best_ < 0 ? Json() : Json(best_)},
                      {"best_step", best_step_},
                      {"waited", waited_},
                      {"seed", runtime_.seed}});
    file.metadata["facts"] = facts.dump();
    return file;
  }

  /// Thresholds and figures of the chosen checkpoint on validation.
  void finish(int64_t step) {
    const Path best = checkpoints_.best();
    if (!std::filesystem::exists(best)) validate(step);
    Json metrics{{"schema", "evenray-classify-run-1"},
                 {"steps", step},
                 {"best_step", best_step_},
                 {"best_val_auprc", best_ < 0 ? Json() : Json(best_)}};
    if (val_.images.size(0) > 0) {
      const Predictions chosen = Classifier(best, compute_).predict(store_, "val");
      write_json(run_.path() / "thresholds.json", Json(pick_thresholds(chosen)));
    }
    write_json(run_.path() / "metrics.json", metrics);
    run_.finish();
  }

  const Store& store_;
  ClassifyOptions options_;
  Runtime runtime_;
  RunFolder& run_;
  Compute compute_;
  Examples train_, val_;
  Checkpoints checkpoints_;
  std::unique_ptr<Fit> fit_;
  int64_t eval_every_ = 1, best_step_ = 0, waited_ = 0;
  double best_ = -1;
};

}  // namespace

void train_classifier(const Store& store,
                      const ClassifyOptions& options,
                      const Runtime& runtime,
                      RunFolder& run) {
  options.check();
  if (run.done()) return;
  Training(store, options, runtime, run).run();
}

}  // namespace evenray
