// SPDX-License-Identifier: Apache-2.0
#include <torch/types.h>

#include <cmath>

#include "classifier/classifier.hpp"
#include "classifier/feature_cache.hpp"
#include "classifier/fit.hpp"
#include "core/error.hpp"
#include "core/text.hpp"
#include "metrics/stats.hpp"
#include "nn/blocks.hpp"
#include "nn/checkpoint.hpp"
#include "nn/trainee.hpp"

namespace evenray {
namespace {

/// Returns the value that selects the best checkpoint. For two exclusive classes this is the AUPRC
/// of the rarer one, otherwise the mean AUPRC over the classes. NaN without positives.
double selection_auprc(const Predictions& predictions, bool exclusive) {
  std::vector<double> values;
  std::vector<int64_t> positives;
  const size_t classes = predictions.class_names.size();
  for (size_t c = 0; c < classes; ++c) {
    const auto [scores, labels] = known_scores(predictions, c);
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

/// Returns a network with pretrained weights, for features.
std::shared_ptr<ClassifierNet> feature_network(const Pretrained& weights, const Compute& compute) {
  auto network = make_classifier(weights.arch, /*classes=*/1);
  weights.load(*network->trunk);
  to_channels_last(*network);
  network->to(compute.device);
  return network;
}

class Training final : public Trainee {
 public:
  Training(const Store& store,
           const ClassifyOptions& options,
           const Runtime& runtime,
           RunFolder& run,
           const std::vector<Path>& features)
      : store_(store),
        options_(options),
        runtime_(runtime),
        run_(run),
        features_(features),
        compute_(make_compute(runtime)),
        checkpoints_(run.path(), runtime.checkpoint_every_s, runtime.keep_checkpoints) {
    check(store.part("train").size() > 0,
          Exit::bad_data,
          cat(store.path().string(), " has no training rows"));
    check_size(store, options.arch, options.start_scale);
    if (options.weights != "none") weights_ = read_pretrained(options.weights, options.arch);
    load();
    const auto present = (train_.labels == 1).any(0).sum().item<int64_t>();
    check(present >= 2 || !train_.exclusive,
          Exit::bad_data,
          cat(store.path().string(), ": the training rows are of one class only"));
    const auto both = (train_.labels == 1).any(0) & (train_.labels == 0).any(0);
    check(train_.exclusive || both.any().item<bool>(),
          Exit::bad_data,
          cat(store.path().string(),
              ": no class has both images with it and images without it among the training rows; "
              "labels that are unknown everywhere, or all alike, teach nothing"));
    if (options.features == "smote")
      train_ = filled_with_smote(train_, Rng(static_cast<uint64_t>(runtime.seed)).fork("classify"));
    fit_ = std::make_unique<Fit>(train_,
                                 options,
                                 compute_,
                                 Rng(static_cast<uint64_t>(runtime.seed)).fork("classify"),
                                 weights_ ? &*weights_ : nullptr,
                                 store.info().class_names);
    eval_every_ =
        options.eval_every > 0 ? options.eval_every : std::max<int64_t>(1, options.steps / 10);
  }

  void run() {
    const TrainingPlan plan{.name = cat("classify ", options_.arch),
                            .steps = options_.steps,
                            .done = {},
                            .evaluates = [&](int64_t step) {
                              return step % eval_every_ == 0 || step == options_.steps;
                            }};
    // The steps of a head are too short to share: threads would wait for one another.
    const ThreadsGuard threads(options_.tune == "head" ? 1 : compute_.threads);
    finish(run_training(*this, fit_->batches(), plan, run_, checkpoints_, fixed_facts()));
  }

 private:
  /// Loads images, or with tune = "head" their features.
  void load() {
    const auto network = options_.tune == "head" ? feature_network(*weights_, compute_) : nullptr;
    const auto load_part = [&](const std::string& part) {
      if (!network) return load_examples(store_, part, compute_.device, options_.resident_gb * 1e9);
      const Reading as_trained{store_.info().value_max, weights_->input};
      const auto features =
          cached_features(store_, part, *network, as_trained, compute_, features_);
      return examples_of(store_, part, features, compute_.device);
    };
    train_ = load_part("train");
    val_ = load_part("val");
  }

  Reading reading() const {
    return {val_.value_max, weights_ ? weights_->input : fit_->standardise(), val_.exclusive};
  }

  /// Facts that must not change when a run is resumed.
  Json fixed_facts() const {
    Json facts = run_facts(compute_, store_.content_digest());
    if (weights_) facts["weights"] = weights_->digest;
    return facts;
  }

  void step(const Batch& batch, int64_t number) override { fit_->step(batch, number); }
  bool ended() const override { return options_.patience > 0 && waited_ >= options_.patience; }

  void restore(const Resumed* found) override {
    if (!found) return;  // fit_ is new
    fit_->learner().load(found->file, found->path);
    best_ = found->fact("best_auprc", -1.);
    best_step_ = found->fact<int64_t>("best_step");
    waited_ = found->fact<int64_t>("waited");
  }

  Json take_log(int64_t steps, int64_t) override {
    return {{"loss", fit_->learner().take_loss(steps)}};
  }

  torch::Tensor val_probabilities() {
    if (val_.images.defined())
      return probabilities(fit_->network(), val_.images, reading(), compute_);
    return probabilities(fit_->network(), store_, "val", reading(), compute_);
  }

  Predictions predict_val() {
    const auto& part = store_.part("val");
    return {store_.info().class_names,
            part.ids,
            part.groups,
            part.labels,
            val_.rows() == 0 ? std::vector<std::vector<double>>{} : to_rows(val_probabilities())};
  }

  Evaluation evaluate(int64_t step) override {
    const double auprc = selection_auprc(predict_val(), val_.exclusive);
    ++waited_;
    // Without positives in val no AUPRC is defined, so the newest checkpoint is kept.
    const bool best = !std::isfinite(auprc) || auprc > best_;
    if (best) {
      best_ = std::isfinite(auprc) ? auprc : best_;
      best_step_ = step;
      waited_ = 0;
    }
    return {{{"val_auprc", auprc}}, best};
  }

  TensorFile checkpoint(int64_t step, Saved what) override {
    TensorFile file = described(step);
    what == Saved::best ? fit_->learner().save_average(file) : fit_->learner().save(file);
    return file;
  }

  TensorFile described(int64_t step) {
    const auto& info = store_.info();
    TensorFile file;
    file.metadata["kind"] = "classifier";
    file.metadata["config"] = write_config([&](Fields& f) { f.section("classify", options_); });
    Json facts = fixed_facts();
    facts.update(Json{{"arch", options_.arch},
                      {"class_names", info.class_names},
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

  /// Writes the thresholds and the metrics of the best checkpoint on validation.
  void finish(int64_t step) {
    const Path best = checkpoints_.best();
    Json metrics{{"schema", "evenray-classify-run-1"},
                 {"steps", step},
                 {"best_step", best_step_},
                 {"best_val_auprc", best_ < 0 ? Json() : Json(best_)}};
    if (!train_.images.defined()) metrics["waited_for_rows_s"] = fit_->batches().waited_s();
    if (val_.rows() > 0) {
      const Predictions chosen = Classifier(best, compute_).predict(store_, "val", features_);
      write_json(run_.path() / "thresholds.json",
                 Json(pick_thresholds(chosen, parse_threshold_rule(options_.threshold))));
      write_json(run_.path() / "calibration.json",
                 temperature_json(fit_temperature(chosen, val_.exclusive), chosen));
    }
    write_json(run_.path() / "metrics.json", metrics);
    run_.finish();
  }

  const Store& store_;
  ClassifyOptions options_;
  Runtime runtime_;
  RunFolder& run_;
  std::vector<Path> features_;  ///< folders of kept features
  Compute compute_;
  Examples train_, val_;
  Checkpoints checkpoints_;
  std::optional<Pretrained> weights_;
  std::unique_ptr<Fit> fit_;
  int64_t eval_every_ = 1, best_step_ = 0, waited_ = 0;
  double best_ = -1;
};

}  // namespace

void check_weights(const ClassifyOptions& options) {
  if (options.weights == "none") return;
  read_pretrained(options.weights, options.arch).load(*make_backbone(options.arch));
}

void train_classifier(const Store& store,
                      const ClassifyOptions& options,
                      const Runtime& runtime,
                      RunFolder& run,
                      const std::vector<Path>& features) {
  options.check();
  if (run.done()) return;
  Training(store, options, runtime, run, features).run();
}

void keep_features(const Store& store, const ClassifyOptions& options, const Compute& compute) {
  options.check();
  check_size(store, options.arch);
  const Pretrained weights = read_pretrained(options.weights, options.arch);
  const auto network = feature_network(weights, compute);
  for (const auto& part : kParts)
    cached_features(
        store, std::string(part), *network, {store.info().value_max, weights.input}, compute);
}

}  // namespace evenray
