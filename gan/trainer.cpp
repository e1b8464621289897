// SPDX-License-Identifier: Apache-2.0
#include <torch/types.h>

#include <cmath>
#include <memory>

#include "core/error.hpp"
#include "core/log.hpp"
#include "core/text.hpp"
#include "gan/examiner.hpp"
#include "gan/gan.hpp"
#include "gan/judgement.hpp"
#include "gan/leak.hpp"
#include "gan/players.hpp"
#include "gan/training_set.hpp"
#include "gan/transfer.hpp"
#include "nn/checkpoint.hpp"
#include "nn/loader.hpp"
#include "nn/trainee.hpp"

namespace evenray {
namespace {

/// How often a run that diverges returns to its last evaluation, each time with half the learning
/// rates.
constexpr int64_t kMostRetries = 3;
/// Number of images shown between two evaluations, for each image of an evaluation. On a CPU,
/// evaluating an image takes 2.5 times as long as training on one, so evaluations take about a
/// tenth of the time.
constexpr int64_t kShownPerEvaluated = 25;

/// One training run: networks, data, schedule, evaluation and the content of checkpoints.
class Training final : public Trainee, public Batches {
 public:
  Training(const Store& store,
           const std::string& class_name,
           const GanOptions& options,
           const Runtime& runtime,
           RunFolder& run)
      : store_(store),
        class_name_(class_name),
        options_(options),
        runtime_(runtime),
        run_(run),
        compute_(make_compute(runtime)),
        rng_(Rng(static_cast<uint64_t>(runtime.seed)).fork("gan")),
        checkpoints_(run.path(), runtime.checkpoint_every_s, runtime.keep_checkpoints),
        training_set_(store, class_name, options, rng_, compute_.device),
        schedule_(options, plan_size(store.info().height, store.info().width).doublings) {
    const auto& info = store.info();
    if (options.transfer.from != "none") {
      parent_ = read_parent(options, info.height, info.width, training_set_.classes());
      parent_digest_ = require_metadata(parent_->file, "tensor_digest", parent_->path);
      if (parent_->store != store.content_digest())
        log_warning(
            cat("gan.transfer.from was trained on another store: if that store contained images of "
                "val or test of this store, all results on val and test are invalid"));
    }
    real_ = real_images(store, class_name, options.where);
    examiner_ = std::make_unique<Examiner>(real_,
                                           RealImages{real_.held_out, real_.held_out_groups},
                                           options.eval_images,
                                           rng_.fork("examination"));
    steps_ = schedule_.steps();
    const int64_t tenth = schedule_.at(steps_).shown / 10;
    eval_every_ = options.eval_every_kimg > 0
                      ? std::llround(options.eval_every_kimg * 1000)
                      : std::max(tenth, kShownPerEvaluated * examiner_->images());
    eval_every_ = std::max<int64_t>(1, eval_every_);
  }

  void run() {
    Schedule& schedule = schedule_;
    const TrainingPlan plan{.name = cat("gan ", class_name_),
                            .unit = "img",
                            .steps = steps_,
                            .done = [&](int64_t step) { return schedule.at(step).shown; },
                            .evaluates =
                                [&](int64_t step) {
                                  const Moment last = schedule.at(step - 1);
                                  const int64_t shown = last.shown + last.minibatch;
                                  return shown / eval_every_ > last.shown / eval_every_ ||
                                         step == steps_;
                                },
                            .goes_back = true};
    finish(run_training(*this, *this, plan, run_, checkpoints_, fixed_facts()));
  }

 private:
  Batch at(int64_t step) override {
    const auto minibatch = training_set_.minibatch(schedule_.at(step), step);
    return {minibatch.images, minibatch.labels, {}};
  }

  void step(const Batch& batch, int64_t number) override {
    Moment moment = schedule_.at(number);
    moment.lr_factor *= std::pow(.5, static_cast<double>(retries_));
    players_->step({batch.images, batch.labels}, moment, number);
  }

  bool ended() const override { return !collapse_.empty(); }
  bool finite() const override { return players_->finite(); }

  double kimg(int64_t step) const { return schedule_.kimg(step); }

  /// Returns the facts that must not have changed when the run is resumed.
  Json fixed_facts() const {
    Json facts = run_facts(compute_, store_.content_digest());
    facts["class"] = class_name_;
    facts["classes"] = training_set_.classes();
    facts["where"] = options_.where;
    facts["parent"] = parent_digest_;
    return facts;
  }

  /// Creates the players, with the networks of the parent if there is one.
  void begin() {
    const auto& info = store_.info();
    players_.reset();  // one set in memory at a time
    players_ = std::make_unique<Players>(options_,
                                         info.height,
                                         info.width,
                                         static_cast<int64_t>(training_set_.classes().size()),
                                         compute_,
                                         rng_);
    if (parent_) players_->load_networks(parent_->file, parent_->path);
    best_ = {};
    watch_ = {};
  }

  void restore(const Resumed* found) override {
    begin();
    if (found) load(*found);
    // Each retry has other random draws.
    if (retries_ > 0) players_->take_streams(rng_.fork("retry", static_cast<uint64_t>(retries_)));
  }

  void load(const Resumed& found) {
    players_->load(found.file, found.path);
    best_.step = found.fact<int64_t>("best_step");
    check(best_.step >= 0, Exit::bad_data, found.path.string() + ": damaged facts");
    best_.labelled = found.fact<bool>("best_labelled");
    best_.grown = grown(best_.step);
    best_.original = found.fact<bool>("best_original");
    best_.swd = found.fact<double>("best_swd", INFINITY);
    best_.leaks = found.fact<std::vector<std::string>>("best_leaks");
    collapse_ = found.fact<std::string>("collapse");
    watch_.counts = found.fact<std::array<int64_t, 3>>("collapse_counts");
    retries_ = std::max(retries_, found.fact<int64_t>("retries"));
    if (found.step > 0) players_->set_moment(schedule_.at(found.step - 1));
  }

  void prepare_retry(int64_t diverged) override {
    check(++retries_ <= kMostRetries,
          Exit::failed,
          cat("the training diverged at step ",
              diverged,
              ": losses or weights are not finite, also with the learning rates halved ",
              kMostRetries,
              " times; lower gan.lr_d and gan.lr_g"));
  }

  Json retry_event(int64_t step, int64_t diverged) override {
    log_warning(cat("the training diverged at step ",
                    diverged,
                    "; it returns to step ",
                    step,
                    " with learning rates halved ",
                    retries_,
                    retries_ == 1 ? " time" : " times"));
    return {{"step", step}, {"kimg", kimg(step)}, {"retry", retries_}, {"diverged_at", diverged}};
  }

  Json take_log(int64_t steps, int64_t step) override {
    const auto means = players_->take_means(steps);
    Json event{{"kimg", kimg(step)},
               {"level", players_->growth().level},
               {"alpha", players_->growth().alpha},
               {"loss_d", means[0]},
               {"loss_g", means[1]},
               {"d_real", means[2]},
               {"d_fake", means[3]}};
    if (const auto strength = players_->augmentation_strength()) event["ada_p"] = *strength;
    return event;
  }

  Evaluation evaluate(int64_t step) override {
    const auto drawn = players_->draw(examiner_->images(), training_set_.class_counts());
    const auto images = to_mats(drawn, store_.info().value_max);
    const Examination found = examiner_->examine(images);
    const Candidate candidate{step,
                              players_->label_share() == 1,
                              grown(step),
                              found.original,
                              found.swd,
                              leaks_in(drawn)};
    const bool kept = candidate.better_than(best_);
    Json event{{"kimg", kimg(step)},
               {"swd", found.swd},
               {"floor", found.floor},
               {"msssim", found.msssim},
               {"msssim_real", found.msssim_real},
               {"memorised", found.closeness.share},
               {"memorised_bound", found.closeness.bound},
               {"separation", players_->take_separation()},
               {"kept", kept}};
    if (!candidate.leaks.empty()) event["augmentation_leaks"] = candidate.leaks;
    if (options_.early_stop && settled(step) && candidate.labelled && step < steps_) {
      if (const auto reason = watch_.see(found, event["separation"])) {
        collapse_ = *reason;
        event["stopped_early"] = collapse_;
        log_warning(cat("the training ends early, at ",
                        kimg(step),
                        " kimg: ",
                        collapse_,
                        "; set gan.early_stop=false to train to the end"));
      }
    }
    char name[32];
    std::snprintf(name, sizeof name, "kimg-%09.3f.png", kimg(step));
    write_sample_sheet(run_.path() / "samples" / name, images);
    if (kept) best_ = candidate;
    return {event, kept};
  }

  /// Whether the networks draw images of the full size after `step` steps.
  bool grown(int64_t step) const {
    if (step == 0) return false;
    const Growth growth = schedule_.at(step - 1).growth;
    return growth.level == schedule_.stages().back().level && !growth.fading();
  }

  /// Whether an evaluation may end the training early: the networks draw images of the full size,
  /// and half of the run is done.
  bool settled(int64_t step) const {
    return grown(step) && 2 * schedule_.at(step).shown >= schedule_.at(steps_).shown;
  }

  /// Returns the measures in which the augmentation shows in `drawn`.
  std::vector<std::string> leaks_in(const torch::Tensor& drawn) {
    const auto& pixels = training_set_.images().pixels;
    const int64_t count = std::min(pixels.size(0), drawn.size(0));
    const auto rows = EpochOrder(pixels.size(0), count, rng_.fork("leak rows")).minibatch(0);
    const auto real = gan_input(pixels.index_select(0, index_tensor(rows, compute_.device)),
                                store_.info().value_max);
    std::vector<std::string> out;
    for (const Leak& leak :
         augmentation_leaks(real, players_->augmented(real, rng_.fork("leaks")), drawn))
      out.push_back(leak.measure);
    return out;
  }

  /// Evaluates the best checkpoint and writes metrics.json and DONE.
  void finish(int64_t step) {
    Json metrics{{"schema", "evenray-gan-run-1"},
                 {"class", class_name_},
                 {"store", store_.content_digest()},
                 {"images", training_set_.images().count()},
                 {"kimg", kimg(step)},
                 {"judged_by", examiner_->by_validation() ? "val" : "train"},
                 {"judged_images", examiner_->images()},
                 {"best_kimg", kimg(best_.step)},
                 {"best_swd", best_.swd},
                 {"retries", retries_}};
    if (ended()) metrics["stopped_early"] = collapse_;
    if (const auto too_few = too_few_to_judge(real_)) {
      log_warning(cat("the generator gets no verdict: ", *too_few));
    } else {
      judge_checkpoint(run_.path(),
                       Generator(checkpoints_.best(), compute_),
                       real_,
                       options_.eval_images,
                       options_.verdict);
    }
    write_json(run_.path() / "metrics.json", metrics);
    run_.finish();
  }

  TensorFile checkpoint(int64_t step, Saved what) override {
    TensorFile file = described(step);
    what == Saved::best ? players_->save_average(file) : players_->save(file);
    return file;
  }

  TensorFile described(int64_t step) {
    const auto& info = store_.info();
    TensorFile file;
    file.metadata["kind"] = "gan";
    file.metadata["config"] = write_config([&](Fields& f) { f.section("gan", options_); });
    Json facts = fixed_facts();
    facts.update(Json{{"size_px", {info.height, info.width}},
                      {"value_max", info.value_max},
                      {"images", training_set_.images().count()},
                      {"class_counts", training_set_.class_counts()},
                      {"step", step},
                      {"kimg", kimg(step)},
                      {"level", players_->growth().level},
                      {"alpha", players_->growth().alpha},
                      {"label_share", players_->label_share()},
                      {"retries", retries_},
                      {"best_swd", best_.swd},
                      {"best_step", best_.step},
                      {"best_labelled", best_.labelled},
                      {"best_original", best_.original},
                      {"best_leaks", best_.leaks},
                      {"collapse", collapse_},
                      {"collapse_counts", watch_.counts},
                      {"seed", runtime_.seed}});
    file.metadata["facts"] = facts.dump();
    return file;
  }

  const Store& store_;
  std::string class_name_;
  GanOptions options_;
  Runtime runtime_;
  RunFolder& run_;
  Compute compute_;
  Rng rng_;
  Checkpoints checkpoints_;
  TrainingSet training_set_;
  Schedule schedule_;
  std::optional<Parent> parent_;
  std::string parent_digest_;  ///< empty: none
  std::unique_ptr<Players> players_;
  RealImages real_;
  std::unique_ptr<Examiner> examiner_;
  int64_t steps_ = 0, eval_every_ = 0, retries_ = 0;
  Candidate best_;
  CollapseWatch watch_;
  std::string collapse_;  ///< why the run ends early; empty: it does not
};

}  // namespace

void train_gan(const Store& store,
               const std::string& class_name,
               const GanOptions& options,
               const Runtime& runtime,
               RunFolder& run,
               const Path& parent) {
  if (run.done()) {
    const Json trained = read_json(run.path() / "metrics.json").at("class");
    check(trained == class_name,
          Exit::config,
          cat(run.path().string(), " is a finished run of class ", trained.dump()));
    check(read_json(run.path() / "metrics.json").at("store") == store.content_digest(),
          Exit::config,
          cat(run.path().string(), " is a finished run on another store"));
    return;
  }
  check_gan_training(store, class_name, options);
  GanOptions resolved = options;
  if (options.transfer.trains_parent()) {
    resolved.transfer.from =
        (parent.empty() ? train_parent(store, class_name, options, runtime, run.path()) : parent)
            .string();
    resolved.transfer.parent_kimg = 0;
  }
  Training(store, class_name, resolved, runtime, run).run();
}

}  // namespace evenray
